"""Definitions of a made-up suite on recorded stages: only the stages are fakes, Dagster is the real one."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import dagster as dg

from alecia_pipeline.audit.manifests.regeneration import Regeneration
from alecia_pipeline.defs.assembly import Site, assemble
from alecia_pipeline.defs.graph import EnvironmentGraph, Graph
from alecia_pipeline.defs.stages import Stages
from alecia_pipeline.images.checks.check import NAMES
from alecia_pipeline.operations.affected import Affected
from alecia_pipeline.operations.outcome import Cell, Fact, Outcome, Table, Verdict
from alecia_pipeline.redaction import Redactor, Secret

HEAD = "a" * 40
GOOD = "b" * 40
SECRET = "correct-horse-battery"

GRAPH = Graph(
    packages={
        ".": (),
        "apps/cms": ("packages/db",),
        "apps/colab": ("packages/db", "packages/ui"),
        "apps/website": ("packages/ui",),
        "packages/db": (),
        "packages/ui": (),
    },
    apps={"cms": "apps/cms", "colab": "apps/colab", "website": "apps/website"},
    environments=(
        EnvironmentGraph("production", {"cms": None, "colab": "production", "website": None}, "packages/db"),
        EnvironmentGraph("staging", {"cms": None, "colab": "staging", "website": None}, "packages/db"),
    ),
)


WEBSITE = Affected(("website",), ("apps/website",), common=False)


@dataclass
class Recorded:
    """Plays every part of a release, writes down each call, and fails where it is told to."""

    calls: list[tuple[str, ...]] = field(default_factory=list)
    broken: dict[str, Exception] = field(default_factory=dict)
    failing_audits: set[str] = field(default_factory=set)
    failing_images: set[str] = field(default_factory=set)
    grown_images: set[str] = field(default_factory=set)
    lockfile_passes: bool = True
    stale: Regeneration | None = None
    pending_files: tuple[str, ...] = ()
    head_commit: str = HEAD
    moves: Affected = WEBSITE
    closed: int = 0

    def _call(self, name: str, *arguments: str, **facts: str | float | bool | Table) -> Outcome:
        self.calls.append((name, *arguments))
        if name in self.broken:
            raise self.broken[name]
        return Outcome(facts=facts)

    def named(self, name: str) -> list[tuple[str, ...]]:
        return [call[1:] for call in self.calls if call[0] == name]

    def names(self) -> list[str]:
        return [call[0] for call in self.calls]

    def head(self, environment: str | None) -> str:
        self._call("head", environment or "")
        return self.head_commit

    def newest_good(self, environment: str, apps: tuple[str, ...]) -> str:
        self._call("newest_good", environment, *apps)
        return GOOD

    def versions(self, commit: str) -> Mapping[str, str]:
        self._call("versions", commit)
        return dict.fromkeys(GRAPH.packages, "v1")

    def affected(self, environment: str, commit: str) -> Affected:
        self._call("affected", environment, commit)
        return self.moves

    def audit(self, commit: str, app: str) -> Outcome:
        self._call("audit", commit, app)
        passed = app not in self.failing_audits
        rows: tuple[dict[str, Cell], ...] = () if passed else ({"rule": "undeclared-import", "line": 3, "fix": None},)
        verdicts = (Verdict("dependencies", passed, "" if passed else "1 error"), Verdict("lockfile", passed=True))
        return Outcome(facts={"findings": Table(rows)}, verdicts=verdicts)

    def lockfile(self, commit: str) -> Outcome:
        self._call("lockfile", commit)
        return Outcome(verdicts=(Verdict("settings", self.lockfile_passes, "overrides differ"),))

    def regeneration(self, commit: str) -> Regeneration | None:
        return self.stale

    @property
    def docker_config(self) -> Path | None:
        return None

    def start(self, commit: str, images: Iterable[tuple[str, str | None]]) -> None:
        self._call("start", commit, *(f"{app}/{environment or ''}" for app, environment in images))

    def result(self, commit: str, app: str, environment: str | None, since: str | None = None) -> Outcome:
        self._call("image", commit, app, environment or "")
        facts: dict[str, Fact] = {"seconds": 1.5, "size_bytes": 10, "reused": False, "digest": "sha256:1"}
        broken = {"user": Verdict("user", passed=False, text="runs as root", facts={"fix": "add USER"})}
        grown = {"size": Verdict("size", passed=False, text="grown", warning=True)}
        judged = (broken if app in self.failing_images else {}) | (grown if app in self.grown_images else {})
        return Outcome("key-" + app, facts, tuple(judged.get(name, Verdict(name, passed=True)) for name in NAMES))

    def host(self, environment: str) -> Outcome:
        return self._call("host", environment)

    def secrets(self, environment: str, commit: str) -> Outcome:
        return self._call("secrets", environment, commit, keys=3)

    def stack(self, environment: str, commit: str) -> Outcome:
        return self._call("stack", environment, commit)

    def migrate(self, environment: str, commit: str) -> Outcome:
        return self._call("migrate", environment, commit)

    def pending(self, environment: str, commit: str) -> tuple[str, ...]:
        self._call("pending", environment, commit)
        return self.pending_files

    def stage(self, environment: str, commit: str, app: str) -> Outcome:
        return self._call("stage", environment, commit, app, moved=True)

    def verify(self, environment: str, app: str) -> Outcome:
        return self._call("verify", environment, app, moved=False)

    def switch(self, environment: str, commit: str, apps: tuple[str, ...]) -> Outcome:
        self._call("switch", environment, commit, *apps)
        return Outcome("r1", {"release": "r1"})

    def judge(self, environment: str, release: str | None) -> Outcome:
        return self._call("judge", environment, release or "", state="confirmed")

    def rollback(self, environment: str, release: str | None) -> Outcome:
        return self._call("rollback", environment, release or "", release="r0")

    @contextlib.contextmanager
    def open(self) -> Iterator[Stages]:
        try:
            yield Stages(self, self, self, self, self)
        finally:
            self.closed += 1


@dataclass
class Suite:
    """The definitions, the fakes behind them, and an instance of their own."""

    stages: Recorded
    instance: dg.DagsterInstance
    graph: Graph = GRAPH
    reloads: list[str] = field(default_factory=list)

    @property
    def redactor(self) -> Redactor:
        return Redactor([Secret(SECRET)])

    def _reload(self) -> str:
        self.reloads.append("reload")
        return "the code location is being reloaded"

    @cached_property
    def definitions(self) -> dg.Definitions:
        return assemble(Site(GRAPH, self.redactor, self.stages.open, lambda: self.graph, self._reload))

    @cached_property
    def repository(self) -> dg.RepositoryDefinition:
        return self.definitions.get_repository_def()

    def run(
        self, job: str, *keys: str, config: Mapping[str, object] | None = None, tags: Mapping[str, str] | None = None
    ) -> dg.ExecuteInProcessResult:
        """Run a job, or some of its assets (`staging/website`), as the UI does."""
        selection = [dg.AssetKey(key.split("/")) for key in keys] or None
        return self.repository.get_job(job).execute_in_process(
            instance=self.instance,
            asset_selection=selection,
            run_config=config,
            tags=tags,
            raise_on_error=False,
        )

    def materialized(self, result: dg.ExecuteInProcessResult) -> set[str]:
        kind = dg.DagsterEventType.ASSET_MATERIALIZATION
        records = self.instance.get_records_for_run(result.run_id, of_type=kind).records
        return {record.asset_key.to_user_string() for record in records if record.asset_key}

    def errors(self, result: dg.ExecuteInProcessResult) -> list[str]:
        kind = dg.DagsterEventType.STEP_FAILURE
        records = self.instance.get_records_for_run(result.run_id, of_type=kind).records
        return [str(record.event_log_entry) for record in records]
