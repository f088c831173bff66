"""Look at everything that a release to an environment needs, and say all that is wrong at once."""

from collections.abc import Callable
from typing import Literal

from pydantic import Field

from alecia_pipeline.adapters.docker_client import describe_builder
from alecia_pipeline.adapters.git import open_commit, resolve
from alecia_pipeline.adapters.registry import stored_login
from alecia_pipeline.config import Model
from alecia_pipeline.errors import AleciaError
from alecia_pipeline.images.reference import image_repository
from alecia_pipeline.operations.check import Check
from alecia_pipeline.operations.hosts import kept_connections, prepare_host
from alecia_pipeline.operations.inputs import describe_files
from alecia_pipeline.operations.inspecting import status
from alecia_pipeline.operations.planning import keyed_app, read_commit, registry_name
from alecia_pipeline.operations.publicity import resolving, verified
from alecia_pipeline.operations.registries import docker_config, open_registry
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.operations.secrets import check_secrets

REV = "HEAD"


class Diagnosis(Model):
    """Every check of an environment."""

    schema_version: Literal[1] = Field(1, alias="schema")
    environment: str
    checks: tuple[Check, ...]

    @property
    def failed(self) -> bool:
        """Whether a release could not succeed as things are."""
        return any(check.verdict == "failed" for check in self.checks)


Look = Callable[[Runner, str], Check]


def diagnose(runner: Runner, environment: str) -> Diagnosis:
    """Look at the commit, the runner's tools, the registry, the host and the public names; never stop at the first.

    Values and containers stay as they are; the folders of the releases are made on the host where they are missing.
    Raises UsageError for an unknown environment.
    """
    runner.config.environment(environment)
    done: list[Check] = []
    unusable: set[str] = set()
    with kept_connections():
        for name, needs, look in _CHECKS:
            broken = [need for need in needs if need in unusable]
            done.append(_not_looked_at(name, broken) if broken else _look(name, look, runner, environment))
            if broken or done[-1].verdict == "failed":
                unusable.add(name)
    return Diagnosis(environment=environment, checks=tuple(done))


def _look(name: str, look: Look, runner: Runner, environment: str) -> Check:
    try:
        return look(runner, environment)
    except AleciaError as error:
        where = f" ({error.where})" if error.where else ""
        why = f": {error.why}" if error.why else ""
        return Check(
            name=name, verdict="failed", detail=runner.redactor(f"{error.what}{where}{why}"), fix=error.fix or None
        )


def _not_looked_at(name: str, needs: list[str]) -> Check:
    needed = " and ".join(needs)
    return Check(name=name, verdict="warning", detail="could not be looked at", fix=f"mend {needed} first")


def _repository(runner: Runner, _: str) -> Check:
    commit = resolve(runner.repo, REV)
    return Check(name="repository", verdict="ok", detail=f"{runner.repo.resolve()} at {commit[:12]}")


def _commit(runner: Runner, environment: str) -> Check:
    """Read manifests, lockfile, Dockerfiles and alecia.yaml of the commit."""
    view = read_commit(runner, REV)
    keys = {app.name: keyed_app(runner, view, app, environment).key for app in view.apps}
    if keys:
        return Check(name="commit", verdict="ok", detail=f"{len(keys)} apps: {', '.join(keys)}")
    fix = "write a Dockerfile for an app, or name it under `apps` in alecia.yaml"
    return Check(name="commit", verdict="failed", detail="no app: no Dockerfile builds a workspace package", fix=fix)


def _files(runner: Runner, environment: str) -> Check:
    """Read what the environment's configuration names in the commit."""
    detail = describe_files(runner, environment, open_commit(runner.repo, REV))
    return Check(name="files", verdict="ok", detail=detail)


def _builder(runner: Runner, _: str) -> Check:
    found = describe_builder(runner.config.builder.name, docker_config(runner))
    return Check(name="builder", verdict="ok", detail=found)


def _registry(runner: Runner, _: str) -> Check:
    """Ask for an image of the first app, as planning does: that shows network, trust, login and the right to read."""
    view = read_commit(runner, REV)
    name = registry_name(runner, view)
    if name is None:
        fix = "add `registry: ghcr.io/<owner>` to alecia.yaml"
        return Check(name="registry", verdict="failed", detail="no registry is configured", fix=fix)
    repository = image_repository(name, view.apps[0].name)
    with open_registry(runner, name) as registry:
        registry.digest(repository, "doctor")
    login = stored_login(repository.host, docker_config(runner))
    if login:
        return Check(name="registry", verdict="ok", detail=f"{repository.host} answers and takes {login.user}'s login")
    detail = f"{repository.host} answers without a login; images can hardly be pushed"
    return Check(name="registry", verdict="warning", detail=detail, fix=f"docker login {repository.host}")


def _host(runner: Runner, environment: str) -> Check:
    report = prepare_host(runner, environment)
    seen = f"{report.where}: docker {report.docker}, compose {report.compose}, {report.disk_free / 1e9:.0f} GB free"
    if report.warnings:
        detail = f"{seen}; {'; '.join(report.warnings)}"
        return Check(name="host", verdict="warning", detail=detail, fix="free memory, and let NTP set the clock")
    return Check(name="host", verdict="ok", detail=seen)


def _release(runner: Runner, environment: str) -> Check:
    found = status(runner, environment)
    if found.reverts_in is not None:
        detail = f"{found.release} is switched, but neither confirmed nor reverted; {found.reverts_in} s are left"
        fix = f"wait for its run; `alecia repair --env {environment}` reverts it"
        return Check(name="release", verdict="warning" if found.reverts_in else "failed", detail=detail, fix=fix)
    live = f"{found.release} is {found.state}" if found.release else "nothing is released yet"
    if found.holder:
        fix = f"wait for it; if its machine is gone, `alecia unlock --env {environment}`"
        return Check(name="release", verdict="warning", detail=f"{live}; {found.holder} is at work", fix=fix)
    return Check(name="release", verdict="ok", detail=f"{live}; the lease is free")


def _secrets(runner: Runner, environment: str) -> Check:
    report = check_secrets(runner, environment, REV)
    if not report.missing:
        return Check(name="secrets", verdict="ok", detail=f"{report.path} has all of its {len(report.keys)} keys")
    detail = f"{report.path} has no value for {', '.join(report.missing)}"
    fix = f"`alecia secrets init --env {environment}` generates them, and says which ones nobody gives"
    # Before the first release there is no file yet, and that release writes it.
    return Check(name="secrets", verdict="failed" if report.keys else "warning", detail=detail, fix=fix)


_CHECKS: tuple[tuple[str, tuple[str, ...], Look], ...] = (
    ("repository", (), _repository),
    ("commit", ("repository",), _commit),
    ("files", ("repository",), _files),
    ("builder", (), _builder),
    ("registry", ("repository", "commit"), _registry),
    ("host", (), _host),
    ("release", ("host",), _release),
    ("secrets", ("files", "host"), _secrets),
    ("dns", ("host",), resolving),
    ("tls", ("dns",), verified),
)
"""Each check with those without which it could not say anything."""
