"""Evidence goes to the registry with the image: where it comes from, and what went into it."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version

from alecia_pipeline.adapters.git import remote_url
from alecia_pipeline.adapters.referrers import Referrers
from alecia_pipeline.images.bases import bases_of
from alecia_pipeline.images.evidence import provenance_artifact, public_address, sbom_artifact
from alecia_pipeline.images.ports import ImageReferrers
from alecia_pipeline.images.provenance import BuildRun, BuiltApp, Source, provenance
from alecia_pipeline.images.reference import Repository, image_repository
from alecia_pipeline.images.sbom import Contents, sbom
from alecia_pipeline.operations.planning import CommitView
from alecia_pipeline.operations.registries import registry_client
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.release.plan import Keyed
from alecia_pipeline.source.lockfile import Lockfile
from alecia_pipeline.source.slice import lock_slice

_PROGRAM = "alecia-pipeline"


@dataclass(frozen=True)
class Pushed:
    """An image that this run built and pushed. `invocation`: the run's id, one is made up where there is none."""

    repository: Repository
    digest: str
    started: datetime
    invocation: str | None = None


@dataclass(frozen=True)
class Evidence:
    """Where an image comes from (an in-toto statement) and what went into it (CycloneDX), both canonical JSON."""

    provenance: bytes
    bill: bytes


@contextmanager
def open_referrers(runner: Runner, registry: str) -> Iterator[ImageReferrers]:
    """Connect to what is attached to the images of a registry, with the runner's login."""
    with Referrers(registry_client(runner, image_repository(registry, "any").host)) as connected:
        yield connected


def evidence_of(runner: Runner, view: CommitView, keyed: Keyed, pushed: Pushed) -> Evidence:
    """Return what this run says of an image that it built. Never of a digest that another run pushed."""
    run = BuildRun(
        invocation=pushed.invocation or uuid.uuid4().urn,
        started=pushed.started,
        finished=datetime.now(UTC),
        versions={_PROGRAM: version(_PROGRAM)},
    )
    bases = bases_of(keyed.context.reads.bases, view.bases.images, runner.config.builder.contexts)
    built = BuiltApp(keyed.app, keyed.fields, keyed.key, bases)
    source = Source(view.commit, public_address(remote_url(runner.repo)))
    return Evidence(
        provenance(pushed.repository, pushed.digest, built, source, run),
        sbom(pushed.repository, pushed.digest, keyed.key, _contents(view, keyed)),
    )


def attach_evidence(evidence: Evidence, pushed: Pushed, referrers: ImageReferrers) -> tuple[str, str]:
    """Attach provenance and bill of materials to an image; return their digests. Raises OutsideError.

    Call it after the push and before the tag: what a key tag finds then has its evidence.
    """
    return (
        referrers.attach(pushed.repository, pushed.digest, provenance_artifact(evidence.provenance)),
        referrers.attach(pushed.repository, pushed.digest, sbom_artifact(evidence.bill)),
    )


def _contents(view: CommitView, keyed: Keyed) -> Contents:
    context = keyed.context
    part = context.lock.part if context.lock else _whole_context(view, context.importers)
    return Contents(keyed.app.dir, view.snapshot.workspace, context.importers, part)


def _whole_context(view: CommitView, importers: tuple[str, ...]) -> Lockfile | None:
    """Return the lockfile's part where the whole commit is sent: the build has it uncut, the app needs no more."""
    return lock_slice(view.snapshot.lockfile, importers) if view.snapshot.lockfile else None
