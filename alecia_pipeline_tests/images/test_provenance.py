import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

from alecia_pipeline.images.bases import Base
from alecia_pipeline.images.provenance import BUILD_TYPE, BUILDER_ID, BuildRun, BuiltApp, Source, provenance
from alecia_pipeline.images.reference import Repository
from alecia_pipeline_tests.snapshots import keyed, snapshot

CMS = Repository("registry.example", "mini/cms")
DIGEST = "sha256:" + "d" * 64
COMMIT = "c" * 40
PIN = "sha256:" + "a" * 64
RUN = BuildRun(
    "run-1",
    datetime(2026, 1, 1, 12, 0, 0, 999, tzinfo=timezone(timedelta(hours=2))),
    datetime(2026, 1, 1, 10, 1, 0, tzinfo=UTC),
    {"alecia-pipeline": "0.1.0"},
)
SOURCE = Source(COMMIT, "https://git.example/mini")


def built(*bases: Base) -> BuiltApp:
    found = keyed(snapshot(), "cms", build_args={"URL": "https://x.test"})
    return BuiltApp(found.app, replace(found.fields, secrets=("npmrc",)), found.key, bases)


def statement(*bases: Base, source: Source = SOURCE) -> dict:  # type: ignore[type-arg] # parsed JSON
    document: dict = json.loads(provenance(CMS, DIGEST, built(*bases), source, RUN))  # type: ignore[type-arg]
    return document


def test_the_statement_is_about_the_image_by_its_digest() -> None:
    found = statement()
    assert found["_type"] == "https://in-toto.io/Statement/v1"
    assert found["predicateType"] == "https://slsa.dev/provenance/v1"
    assert found["subject"] == [{"name": "registry.example/mini/cms", "digest": {"sha256": "d" * 64}}]


def test_it_says_what_was_asked_for_and_what_was_found() -> None:
    definition = statement()["predicate"]["buildDefinition"]
    assert definition["buildType"] == BUILD_TYPE
    assert definition["externalParameters"] == {
        "repository": "https://git.example/mini",
        "commit": COMMIT,
        "app": "cms",
        "dockerfile": "apps/cms/Dockerfile",
        "target": None,
        "build_args": {"URL": "https://x.test"},
        "secrets": ["npmrc"],
    }
    internal = definition["internalParameters"]
    assert internal["build_key"] == built().key
    assert set(internal["packages"]) == {"apps/cms", "packages/db"}
    assert internal["files"]["count"] == len(built().fields.files)
    assert internal["platform"] == "linux/amd64"
    assert {"tools", "epoch", "schema"} <= internal.keys()


def test_bases_have_a_digest_only_when_something_pins_them() -> None:
    bases = (
        Base("node:20-alpine", None, PIN),
        Base("caddy:2", "docker-image://mirror.example/caddy@" + PIN, PIN),
        Base("busybox", None, None),
    )
    source, *found = statement(*bases)["predicate"]["buildDefinition"]["resolvedDependencies"]
    assert source == {
        "name": "source",
        "uri": f"git+https://git.example/mini@{COMMIT}",
        "digest": {"gitCommit": COMMIT},
    }
    assert found == [
        {"name": "node:20-alpine", "uri": "docker-image://node:20-alpine", "digest": {"sha256": "a" * 64}},
        {"name": "caddy:2", "uri": "docker-image://mirror.example/caddy", "digest": {"sha256": "a" * 64}},
        {"name": "busybox", "uri": "docker-image://busybox"},
    ]


def test_a_source_without_an_address_is_its_commit() -> None:
    dependencies = statement(source=Source(COMMIT))["predicate"]["buildDefinition"]["resolvedDependencies"]
    assert dependencies == [{"name": "source", "digest": {"gitCommit": COMMIT}}]


def test_the_run_is_told_in_universal_time() -> None:
    details = statement()["predicate"]["runDetails"]
    assert details == {
        "builder": {"id": BUILDER_ID, "version": {"alecia-pipeline": "0.1.0"}},
        "metadata": {
            "invocationId": "run-1",
            "startedOn": "2026-01-01T10:00:00.000Z",
            "finishedOn": "2026-01-01T10:01:00.000Z",
        },
    }


def test_the_bytes_are_canonical() -> None:
    data = provenance(CMS, DIGEST, built(), SOURCE, RUN)
    assert data == provenance(CMS, DIGEST, built(), SOURCE, RUN)
    assert data == json.dumps(json.loads(data), sort_keys=True, separators=(",", ":")).encode()
