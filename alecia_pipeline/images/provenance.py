"""Where an image comes from: an in-toto Statement v1 with a SLSA provenance v1 predicate, as canonical JSON.

What it is worth: the runner that builds the image writes the statement itself. Unsigned it is SLSA Build L1: it exists,
is complete, and whoever may write to the registry may replace it. With a key's signature it is authenticated, but the
runner holds the key and the build runs beside it, so the runner can forge it: that is not L3.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from alecia_pipeline.images.bases import SCHEME, Base
from alecia_pipeline.images.fields import BuildFields
from alecia_pipeline.images.reference import Repository
from alecia_pipeline.source.apps import App

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://slsa.dev/provenance/v1"

BUILD_TYPE = "tag:alecia.markets,2026:alecia-pipeline/build/v1"
"""A name, not an address: nothing has to be served there for it to stay valid."""

BUILDER_ID = "tag:alecia.markets,2026:alecia-pipeline/runner"
"""Every runner of this pipeline: the statement says which program built, not on which machine."""

ALGORITHM = "sha256"


@dataclass(frozen=True)
class Source:
    """The commit, and the repository's address if one is known. The address must hold no password."""

    commit: str
    uri: str | None = None


@dataclass(frozen=True)
class BuildRun:
    """One run: its id, its begin and end (with a time zone), and the version of every program that took part."""

    invocation: str
    started: datetime
    finished: datetime
    versions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class BuiltApp:
    """What was built, from what. `bases`: the images that its Dockerfile reads; `key`: the build key."""

    app: App
    fields: BuildFields
    key: str
    bases: tuple[Base, ...]


def provenance(repository: Repository, digest: str, built: BuiltApp, source: Source, run: BuildRun) -> bytes:
    """Return the statement about the image `digest` (sha256:…) as canonical JSON."""
    return canonical_json(
        {
            "_type": STATEMENT_TYPE,
            "subject": [{"name": str(repository), "digest": _digest_set(digest)}],
            "predicateType": PREDICATE_TYPE,
            "predicate": {"buildDefinition": _definition(built, source), "runDetails": _details(run)},
        }
    )


def canonical_json(document: Mapping[str, Any]) -> bytes:
    """Return JSON whose bytes depend on the content alone: keys in order, no spaces, ASCII."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def _definition(built: BuiltApp, source: Source) -> dict[str, Any]:
    return {
        "buildType": BUILD_TYPE,
        "externalParameters": _external(built, source),
        "internalParameters": _internal(built),
        "resolvedDependencies": [_source_dependency(source), *_base_dependencies(built.bases)],
    }


def _external(built: BuiltApp, source: Source) -> dict[str, Any]:
    """Return what somebody asked for. Build arguments are public by their nature; of a secret, only its id is known."""
    return {
        "repository": source.uri,
        "commit": source.commit,
        "app": built.app.name,
        "dockerfile": built.fields.dockerfile,
        "target": built.fields.target,
        "build_args": dict(built.fields.build_args),
        "secrets": list(built.fields.secrets),
    }


def _internal(built: BuiltApp) -> dict[str, Any]:
    """Return what the pipeline found. Of the loose files one hash: a statement is read by people, too."""
    fields = built.fields
    return {
        "build_key": built.key,
        "packages": dict(fields.packages),
        "files": {"count": len(fields.files), ALGORITHM: hashlib.sha256(canonical_json(fields.files)).hexdigest()},
        "tools": dict(fields.tools),
        "platform": fields.platform,
        "epoch": fields.epoch,
        "schema": fields.schema,
    }


def _source_dependency(source: Source) -> dict[str, Any]:
    found: dict[str, Any] = {"name": "source", "digest": {"gitCommit": source.commit}}
    return {**found, "uri": f"git+{source.uri}@{source.commit}"} if source.uri else found


def _base_dependencies(bases: Iterable[Base]) -> list[dict[str, Any]]:
    """Return the bases, each from where the builder got it. An unpinned one has no digest, and says so by that."""
    found = []
    for base in bases:
        uri = (base.stand_in or f"{SCHEME}{base.name}").partition("@")[0]
        pinned = {"digest": _digest_set(base.digest)} if base.digest else {}
        found.append({"name": base.name, "uri": uri, **pinned})
    return found


def _details(run: BuildRun) -> dict[str, Any]:
    return {
        "builder": {"id": BUILDER_ID, "version": dict(run.versions)},
        "metadata": {
            "invocationId": run.invocation,
            "startedOn": _instant(run.started),
            "finishedOn": _instant(run.finished),
        },
    }


def _digest_set(digest: str) -> dict[str, str]:
    algorithm, _, value = digest.partition(":")
    return {algorithm: value}


def _instant(moment: datetime) -> str:
    """Return RFC 3339, of one length: the newest of several statements is the last by its text."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
