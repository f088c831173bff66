import io
import json
import tarfile
import threading
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from alecia_pipeline.adapters.oci_layout import OciLayout
from alecia_pipeline.adapters.referrers import Referrers
from alecia_pipeline.adapters.registry import Registry
from alecia_pipeline.adapters.registry_http import RegistryClient
from alecia_pipeline.config import BuilderConfig, Config
from alecia_pipeline.errors import OutsideError, RefusedError, ReleaseFailedError, UsageError
from alecia_pipeline.images.command import BuildCommand
from alecia_pipeline.images.evidence import PROVENANCE_KIND, SBOM_KIND, read_bill, read_claims
from alecia_pipeline.images.ports import Artifact
from alecia_pipeline.images.reference import Repository as Place
from alecia_pipeline.images.reference import key_tag
from alecia_pipeline.images.steps import Steps
from alecia_pipeline.operations.building import ImageBuilder
from alecia_pipeline.operations.planning import make_plan
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.release.model import ImageResult
from alecia_pipeline_tests.conftest import Repository
from alecia_pipeline_tests.monorepo import dockerfile, mini
from alecia_pipeline_tests.oci_images import layer, write_image
from alecia_pipeline_tests.registry_server import HOST, RegistryServer, digest_of

BUILDER = BuilderConfig(contexts={"node:20-alpine": "docker-image://r/node@sha256:a", "other": "docker-image://o"})


class LocalBuilder:
    """Makes a small image from what it is given, where the command says; `hook` runs in each build."""

    def __init__(self, hook: Callable[[str], object] = lambda _: None) -> None:
        self.commands: dict[str, BuildCommand] = {}
        self.contexts: dict[str, list[str]] = {}
        self.cancelled = threading.Event()
        self._hook = hook
        self.refusal: str | None = None

    def build(self, label: str, command: BuildCommand, context: bytes) -> Steps:
        with tarfile.open(fileobj=io.BytesIO(context)) as archive:
            self.contexts[label] = [member.name for member in archive if member.isfile()]
        self.commands[label] = command
        self._hook(label)
        output = next(word for word in command.argv if word.startswith("--output="))
        write_image(
            Path(output.partition("dest=")[2].partition(",")[0]), layer({"base": b"1"}), layer({"app": label.encode()})
        )
        return Steps(cached=2, executed=5)

    def refuses_cache(self, name: str | None, docker_config: str | None) -> str | None:
        return self.refusal

    def open(self, path: Path) -> OciLayout:
        return OciLayout(path)

    def cancel(self) -> None:
        self.cancelled.set()


@pytest.fixture
def server() -> RegistryServer:
    return RegistryServer()


@pytest.fixture
def registry(server: RegistryServer) -> Iterator[Registry]:
    with Registry(RegistryClient(HOST, None, transport=httpx.WSGITransport(server))) as connected:
        yield connected


@pytest.fixture
def referrers(server: RegistryServer) -> Iterator[Referrers]:
    with Referrers(RegistryClient(HOST, None, transport=httpx.WSGITransport(server))) as connected:
        yield connected


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def runner(repository: Repository, lines: list[str]) -> Runner:
    text = dockerfile("cms", "db") + "ARG BUILD_ID\n"
    repo = repository(mini({"apps/cms/Dockerfile": text}))
    return Runner(repo, Config(registry=f"{HOST}/mini", builder=BUILDER), lines.append)


def test_builds_what_is_missing_and_tags_it_with_its_key(
    runner: Runner, registry: Registry, referrers: Referrers, server: RegistryServer, lines: list[str]
) -> None:
    plan = make_plan(runner, registry=registry)
    builder = LocalBuilder()
    with ImageBuilder(runner, plan, builder=builder, registry=registry, referrers=referrers) as images:
        images.start(["cms", "website"])
        results = {name: images.result(name) for name in ("cms", "website")}
    cms = results["cms"]
    assert (cms.reused, cms.layers, cms.cached_steps, cms.executed_steps) == (False, 2, 2, 5)
    assert [row.size_bytes for row in cms.layer_table] == [blob["size"] for blob in _layers(server, cms)]
    assert 0 < (cms.size_bytes or 0) < 1000
    assert cms.reference == f"{HOST}/mini/cms@{cms.digest}"
    assert cms.causes == plan.app("cms").causes
    assert digest_of(server.manifests["mini/cms", key_tag(cms.key)]) == cms.digest
    assert "packages/ui/package.json" not in builder.contexts["cms"]
    assert "packages/ui/package.json" in builder.contexts["website"]
    assert f"cms | building {cms.key[:12]}" in lines


def test_a_built_image_has_the_tag_of_its_commit(
    runner: Runner, registry: Registry, referrers: Referrers, server: RegistryServer, lines: list[str]
) -> None:
    plan = make_plan(runner, registry=registry, apps=["cms"])
    with ImageBuilder(runner, plan, builder=LocalBuilder(), registry=registry, referrers=referrers) as images:
        built = images.result("cms")
    names = {tag for name, tag in server.manifests if name == "mini/cms" and tag.startswith("commit-")}
    assert names == {f"commit-{plan.commit}"}
    assert digest_of(server.manifests["mini/cms", f"commit-{plan.commit}"]) == built.digest
    assert not any("warning" in line for line in lines)


def test_the_tag_of_a_commit_that_cannot_be_set_stops_no_build(
    runner: Runner, registry: Registry, referrers: Referrers, server: RegistryServer, lines: list[str]
) -> None:
    def refuse(name: str, reference: str) -> None:
        if reference.startswith("commit-"):
            raise httpx.ConnectError("the registry is gone")

    server.on_put = refuse
    plan = make_plan(runner, registry=registry, apps=["cms"])
    with ImageBuilder(runner, plan, builder=LocalBuilder(), registry=registry, referrers=referrers) as images:
        built = images.result("cms")
    assert digest_of(server.manifests["mini/cms", key_tag(built.key)]) == built.digest
    assert [line for line in lines if line.startswith("warning: not every image has its tag (commit-")]


def test_a_built_image_has_its_evidence(
    runner: Runner, registry: Registry, referrers: Referrers, server: RegistryServer
) -> None:
    plan = make_plan(runner, registry=registry)
    with ImageBuilder(runner, plan, builder=LocalBuilder(), registry=registry, referrers=referrers) as images:
        digest = images.result("cms").digest
    attached = referrers.attached(Place(HOST, "mini/cms"), digest, {PROVENANCE_KIND, SBOM_KIND})
    documents = {each.kind: each.content for each in attached}
    claims = read_claims([documents[PROVENANCE_KIND]], digest)
    assert (claims.agrees, claims.commit, claims.key) == (True, plan.commit, plan.app("cms").key)
    assert read_bill([documents[SBOM_KIND]], digest).check.ok


def test_without_its_evidence_no_image_is_tagged(runner: Runner, registry: Registry, server: RegistryServer) -> None:
    class Full:
        def attach(self, repository: Place, image: str, artifact: Artifact) -> str:
            raise OutsideError("the registry is full")

        def attached(self, repository: Place, image: str, kinds: Collection[str]) -> tuple[Artifact, ...]:
            raise AssertionError

    plan = make_plan(runner, registry=registry)
    images = ImageBuilder(runner, plan, builder=LocalBuilder(), registry=registry, referrers=Full())
    with images, pytest.raises(OutsideError, match="full"):
        images.result("cms")
    assert ("mini/cms", key_tag(plan.app("cms").key)) not in server.manifests


def _layers(server: RegistryServer, image: ImageResult) -> list[dict[str, Any]]:
    manifest = json.loads(server.manifests[f"mini/{image.app}", image.digest])
    return list(manifest["layers"])


def test_what_reads_the_dockerfile_is_held_to_its_digest(
    repository: Repository, registry: Registry, referrers: Referrers, lines: list[str]
) -> None:
    text = f"# syntax=docker/dockerfile:1\n{dockerfile('cms', 'db')}"
    lock = f"version: 1\nimages: {{'docker/dockerfile:1': 'sha256:{'c' * 64}'}}\n"
    repo = repository(mini({"apps/cms/Dockerfile": text, "alecia.lock": lock}))
    runner = Runner(repo, Config(registry=f"{HOST}/mini", builder=BUILDER), lines.append)
    plan = make_plan(runner, registry=registry)
    builder = LocalBuilder()
    with ImageBuilder(runner, plan, builder=builder, registry=registry, referrers=referrers) as images:
        images.result("cms")
    argument = f"--build-arg=BUILDKIT_SYNTAX=docker/dockerfile:1@sha256:{'c' * 64}"
    assert argument in builder.commands["cms"].argv


def test_the_command_gets_the_build_id_and_just_the_stand_ins_it_needs(
    runner: Runner, registry: Registry, referrers: Referrers
) -> None:
    builder = LocalBuilder()
    plan = make_plan(runner, registry=registry)
    with ImageBuilder(runner, plan, builder=builder, registry=registry, referrers=referrers) as images:
        images.result("cms")
        images.result("website")
    cms, website = (builder.commands[name].argv for name in ("cms", "website"))
    assert f"--build-arg=BUILD_ID={plan.app('cms').key[:16]}" in cms
    assert not any("BUILD_ID" in word for word in website)
    assert [word for word in cms if "build-context" in word] == [
        "--build-context=node:20-alpine=docker-image://r/node@sha256:a"
    ]


def test_the_configured_logins_go_to_the_builder(
    runner: Runner, registry: Registry, referrers: Referrers, tmp_path: Path
) -> None:
    config = runner.config.model_copy(update={"builder": BUILDER.model_copy(update={"docker_config": str(tmp_path)})})
    other, builder = Runner(runner.repo, config, runner.sink), LocalBuilder()
    with ImageBuilder(
        other, make_plan(other, registry=registry), builder=builder, registry=registry, referrers=referrers
    ) as images:
        images.result("cms")
    assert builder.commands["cms"].environment["DOCKER_CONFIG"] == str(tmp_path)


def test_a_second_time_nothing_is_built_and_no_byte_is_sent(
    runner: Runner, registry: Registry, referrers: Referrers, server: RegistryServer
) -> None:
    with ImageBuilder(
        runner, make_plan(runner, registry=registry), builder=LocalBuilder(), registry=registry, referrers=referrers
    ) as images:
        first = images.result("cms")
    server.requests.clear()
    again = LocalBuilder()
    with ImageBuilder(
        runner, make_plan(runner, registry=registry), builder=again, registry=registry, referrers=referrers
    ) as images:
        second = images.result("cms")
    assert second.reused
    assert (second.digest, second.size_bytes, second.layers, second.layer_table) == (first.digest, None, None, ())
    assert (second.cached_steps, second.executed_steps) == (None, None)
    assert again.commands == {}
    assert [request.split()[0] for request in server.requests] == ["HEAD", "HEAD"]  # the plan's, one per app


def test_an_image_that_another_runner_built_since_the_plan_is_adopted(
    runner: Runner, registry: Registry, referrers: Referrers, server: RegistryServer
) -> None:
    plan = make_plan(runner, registry=registry)
    server.manifests["mini/cms", key_tag(plan.app("cms").key)] = b"theirs"
    builder = LocalBuilder()
    with ImageBuilder(runner, plan, builder=builder, registry=registry, referrers=referrers) as images:
        result = images.result("cms")
    assert (result.reused, result.digest, builder.commands) == (True, digest_of(b"theirs"), {})


def test_each_image_is_built_once(runner: Runner, registry: Registry, referrers: Referrers) -> None:
    built: list[str] = []
    plan = make_plan(runner, registry=registry)
    with ImageBuilder(
        runner, plan, builder=LocalBuilder(built.append), registry=registry, referrers=referrers
    ) as images:
        images.start(["cms"])
        images.start(["cms"])
        assert images.result("cms") == images.result("cms")
    assert built.count("cms") == 1


def test_builds_run_side_by_side(runner: Runner, registry: Registry, referrers: Referrers) -> None:
    both = threading.Barrier(2, timeout=10)
    plan = make_plan(runner, registry=registry)
    with ImageBuilder(
        runner, plan, builder=LocalBuilder(lambda _: both.wait()), registry=registry, referrers=referrers
    ) as images:
        images.start(["cms", "website"])
        assert {images.result(name).app for name in ("cms", "website")} == {"cms", "website"}


def test_a_failed_build_raises_and_leaves_no_tag(
    runner: Runner, registry: Registry, referrers: Referrers, server: RegistryServer
) -> None:
    def fail(_: str) -> None:
        raise ReleaseFailedError("the build of cms failed")

    plan = make_plan(runner, registry=registry)
    with (
        ImageBuilder(runner, plan, builder=LocalBuilder(fail), registry=registry, referrers=referrers) as images,
        pytest.raises(ReleaseFailedError),
    ):
        images.result("cms")
    assert server.manifests == {}


def test_leaving_ends_what_still_runs(runner: Runner, registry: Registry, referrers: Referrers) -> None:
    builder = LocalBuilder(lambda _: builder.cancelled.wait(10))
    plan = make_plan(runner, registry=registry)
    with ImageBuilder(runner, plan, builder=builder, registry=registry, referrers=referrers) as images:
        images.start(["cms"])
    assert builder.cancelled.is_set()


def test_a_plan_of_another_configuration_is_refused(runner: Runner, registry: Registry, referrers: Referrers) -> None:
    plan = make_plan(runner, registry=registry)
    other = Runner(runner.repo, Config(registry=f"{HOST}/mini"), runner.sink)
    with (
        ImageBuilder(other, plan, builder=LocalBuilder(), registry=registry, referrers=referrers) as images,
        pytest.raises(RefusedError),
    ):
        images.result("cms")


def test_an_unknown_app_is_a_usage_error(runner: Runner, registry: Registry, referrers: Referrers) -> None:
    plan = make_plan(runner, registry=registry)
    with (
        ImageBuilder(runner, plan, registry=registry, referrers=referrers) as images,
        pytest.raises(UsageError, match="unknown app"),
    ):
        images.result("nope")


def test_without_a_registry_there_is_no_build(runner: Runner) -> None:
    bare = Runner(runner.repo, Config(), runner.sink)
    with pytest.raises(UsageError, match="no registry"):
        ImageBuilder(bare, make_plan(bare))


def test_the_configured_registry_is_opened_and_closed(runner: Runner, registry: Registry, referrers: Referrers) -> None:
    with ImageBuilder(runner, make_plan(runner, registry=registry)) as images:
        assert images is not None


def test_a_copy_that_would_fail_is_refused_when_it_is_planned_and_before_the_builder_is_asked(
    repository: Repository, registry: Registry, referrers: Referrers
) -> None:
    repo = repository(mini({"apps/cms/Dockerfile": "FROM node:20-alpine\nCOPY dist ./\n"}))
    runner = Runner(repo, Config(registry=f"{HOST}/mini"), lambda _: None)
    with pytest.raises(UsageError, match="copies what the build would not find"):
        make_plan(runner, registry=registry)
    assert make_plan(runner, registry=registry, apps=["website"]).app("website").problem is None
    plan = make_plan(runner, registry=registry, to_look=True)
    builder = LocalBuilder()
    images = ImageBuilder(runner, plan, builder=builder, registry=registry, referrers=referrers)
    with images, pytest.raises(UsageError, match="copies what the build would not find"):
        images.result("cms")
    assert builder.commands == {}


@pytest.mark.parametrize(("version", "warnings"), [("docker 26.1.5", 0), ("buildkit v0.17.2", 1), (None, 0)])
def test_another_builder_than_the_locked_one_is_told_once(  # noqa: PLR0913, PLR0917 - fixtures
    version: str | None,
    warnings: int,
    repository: Repository,
    registry: Registry,
    referrers: Referrers,
    lines: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("alecia_pipeline.operations.workshop.builder_version", lambda _: version)
    repo = repository(mini({"alecia.lock": "version: 1\nbuilder: docker 26.1.5\nimages: {}\n"}))
    runner = Runner(repo, Config(registry=f"{HOST}/mini"), lines.append)
    plan = make_plan(runner, registry=registry)
    with ImageBuilder(runner, plan, builder=LocalBuilder(), registry=registry, referrers=referrers) as images:
        images.start(["cms", "website"])
        assert {images.result(name).reused for name in ("cms", "website")} == {False}
    assert sum("alecia.lock names the builder docker 26.1.5" in line for line in lines) == warnings
