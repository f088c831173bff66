"""A run of the command line that is recorded in Dagster like any other: seen, re-executable, watched by sensors.

`execute_in_process` would be public API, but its runs cannot be re-executed and no failure sensor sees them; hence
the private calls below, pinned by the lock and by a test.
"""

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import dagster as dg
from dagster._core.definitions.reconstruct import ReconstructableRepository
from dagster._core.events import RunFailureReason
from dagster._core.execution.api import execute_run_iterator
from dagster._core.remote_origin import (
    ManagedGrpcPythonEnvCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin

from alecia_pipeline.adapters.process import is_running, this_process
from alecia_pipeline.defs.failure import EXIT_CODE
from alecia_pipeline.defs.instance import dagster_home, open_instance
from alecia_pipeline.defs.jobs import BUILD_JOB, release_job
from alecia_pipeline.defs.keys import LOCKFILE, audit_key, environment_key, image_key
from alecia_pipeline.defs.planned import COMMIT_TAG, ENVIRONMENT_TAG
from alecia_pipeline.defs.site import MODULE, Location
from alecia_pipeline.defs.step_log import STEP_LOG
from alecia_pipeline.errors import AleciaError, ExitCode, OutsideError, RefusedError, ReleaseFailedError, UsageError
from alecia_pipeline.operations.runner import Log

_ERRORS: dict[int, type[AleciaError]] = {
    ExitCode.FAILED: ReleaseFailedError,
    ExitCode.USAGE: UsageError,
    ExitCode.REFUSED: RefusedError,
    ExitCode.OUTSIDE: OutsideError,
}

PROCESS_TAG = "alecia/process"
"""The process that executes a run of the command line; no daemon looks after such a run."""

_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
"""Dagster's console log is left out: the command prints its own progress. The UI has it all."""


@dataclass(frozen=True)
class Progress:
    """One thing that happened to a step. `key` is the asset's, with slashes; `facts` those of what it made."""

    kind: Literal["started", "made", "done", "failed"]
    key: str
    seconds: float = 0.0
    facts: Mapping[str, Any] = field(default_factory=dict)
    error: AleciaError | None = None


Listen = Callable[[Progress], None]


@dataclass(frozen=True)
class Recorded:
    """A run that ended. `error` is the first one; None for a green run."""

    run_id: str
    error: AleciaError | None


@dataclass(frozen=True)
class Launch:
    """What a command launches: a commit of a location, to an environment where there is one."""

    location: Location
    environment: str | None
    commit: str


def release_run(launch: Launch, listen: Listen, log: Log) -> Recorded:
    """Release everything, as the job `<env>_release` does. Raises UsageError for a repository that does not load."""
    return _run(launch, _release_job(launch), None, listen, log)


def redeploy_run(launch: Launch, apps: Mapping[str, str | None], listen: Listen, log: Log) -> Recorded:
    """Audit, build and move some apps only; `apps`: name -> environment of its image. Raises as `release_run`."""
    environment = str(launch.environment)
    keys = {LOCKFILE, *(environment_key(environment, step) for step in ("release", "smoke"))}
    for app, variant in apps.items():
        keys |= {audit_key(app), image_key(app, variant), environment_key(environment, app)}
    return _run(launch, _release_job(launch), keys, listen, log)


def build_run(launch: Launch, images: Iterable[tuple[str, str | None]], listen: Listen, log: Log) -> Recorded:
    """Audit and build some images only; `images`: (app, environment of its image). Raises as `release_run`."""
    keys = {LOCKFILE}
    for app, variant in images:
        keys |= {audit_key(app), image_key(app, variant)}
    return _run(launch, BUILD_JOB, keys, listen, log)


def _release_job(launch: Launch) -> str:
    return release_job(str(launch.environment))


def _run(launch: Launch, job_name: str, keys: set[dg.AssetKey] | None, listen: Listen, log: Log) -> Recorded:
    """Run a job, or some of its assets. Raises KeyboardInterrupt when it was interrupted."""
    os.environ.update(launch.location.environment())
    repository = ReconstructableRepository.for_module(MODULE, "defs", str(dagster_home()))
    job = repository.get_reconstructable_job(job_name)
    errors: list[AleciaError] = []
    interrupted = False
    with open_instance() as instance, STEP_LOG.to(log):
        end_abandoned(instance)
        run = instance.create_run_for_job(
            job.get_definition(),
            run_config=_QUIET,
            asset_selection=keys,
            tags=_tags(launch),
            remote_job_origin=_origin(job.job_name),
            job_code_origin=job.get_python_origin(),
        )
        for event in execute_run_iterator(job, run, instance):
            interrupted = interrupted or _is_interrupt(event)
            progress = _translate(event)
            if progress:
                errors += [progress.error] if progress.error else []
                listen(progress)
        ended = instance.get_run_by_id(run.run_id)
    if interrupted:
        raise KeyboardInterrupt
    if not errors and not (ended and ended.is_success):
        why = f"it ended as {ended.status.value}" if ended else "it is not recorded any more"
        fix = "`alecia ui` shows it"
        errors.append(ReleaseFailedError("the run did not succeed", where=f"run {run.run_id}", why=why, fix=fix))
    return Recorded(run.run_id, errors[0] if errors else None)


def _tags(launch: Launch) -> dict[str, str]:
    environment = {ENVIRONMENT_TAG: launch.environment} if launch.environment else {}
    return {COMMIT_TAG: launch.commit, PROCESS_TAG: this_process(), **environment}


def end_abandoned(instance: dg.DagsterInstance) -> None:
    """End the runs whose command was killed: they would fill their environment's pool for hours."""
    unfinished = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING])
    for run in instance.get_runs(unfinished):
        process = run.tags.get(PROCESS_TAG)
        if process and not is_running(process):
            instance.report_run_failed(run, f"the command that executed this run (process {process}) is gone")


def _origin(job: str) -> RemoteJobOrigin:
    """Say which code location the run belongs to, so that the UI can run it again and failure sensors see it."""
    target = LoadableTargetOrigin(executable_path=sys.executable, module_name=MODULE)
    location = ManagedGrpcPythonEnvCodeLocationOrigin(target, MODULE)
    return RemoteJobOrigin(RemoteRepositoryOrigin(location, "__repository__"), job)


def _is_interrupt(event: dg.DagsterEvent) -> bool:
    """Whether Ctrl-C ended the run: Dagster takes the signal for its own, cleans up, and says so as a failure."""
    if event.event_type is not dg.DagsterEventType.RUN_FAILURE:
        return False
    return event.job_failure_data.failure_reason is RunFailureReason.UNEXPECTED_TERMINATION


def _translate(event: dg.DagsterEvent) -> Progress | None:
    key = event.asset_key.to_user_string() if event.asset_key else (event.step_key or "").replace("__", "/")
    match event.event_type:
        case dg.DagsterEventType.STEP_START:
            return Progress("started", key)
        case dg.DagsterEventType.ASSET_MATERIALIZATION:
            metadata = event.step_materialization_data.materialization.metadata
            return Progress("made", key, facts={name: _plain(value) for name, value in metadata.items()})
        case dg.DagsterEventType.STEP_SUCCESS:
            return Progress("done", key, event.step_success_data.duration_ms / 1000)
        case dg.DagsterEventType.STEP_FAILURE:
            return Progress("failed", key, error=_error(event, key))
        case dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            return _judged(event, key)
        case _:
            return None


def _judged(event: dg.DagsterEvent, key: str) -> Progress | None:
    evaluation = event.asset_check_evaluation_data
    if evaluation.passed or evaluation.severity is dg.AssetCheckSeverity.WARN:
        return None
    what = f"{key} did not pass: {evaluation.check_name}"
    told = evaluation.metadata.get("fix")
    fix = str(told.value) if told else "`alecia audit` lists every finding with its fix"
    return Progress("failed", key, error=ReleaseFailedError(what, where=key, why=evaluation.description, fix=fix))


def _error(event: dg.DagsterEvent, key: str) -> AleciaError:
    failure = event.step_failure_data.user_failure_data
    if failure is None:
        cause = event.step_failure_data.error
        return ReleaseFailedError(
            f"{key} failed", where=key, why=cause.message if cause else None, fix="`alecia ui` shows the run"
        )
    facts = {name: _plain(value) for name, value in failure.metadata.items()}
    kind = _ERRORS.get(int(facts.get(EXIT_CODE, ExitCode.FAILED)), ReleaseFailedError)
    what = failure.description or f"{key} failed"
    return kind(what, where=facts.get("where"), why=facts.get("why"), fix=facts.get("fix"))


def _plain(value: dg.MetadataValue[Any]) -> Any:
    if isinstance(value, dg.TableMetadataValue):
        return [dict(record.data) for record in value.records]
    return value.value
