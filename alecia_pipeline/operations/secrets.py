"""`<env>/secrets`: a complete environment file on the host. Absent secrets are generated, present ones stay."""

import secrets
from collections.abc import Mapping

from pydantic import Field

from alecia_pipeline.adapters.git import open_commit
from alecia_pipeline.config import EnvironmentConfig, Model
from alecia_pipeline.errors import OutsideError, RefusedError, UsageError
from alecia_pipeline.operations.environment import (
    ENVIRONMENT_FILE,
    SECRET_BYTES,
    HostEnvironment,
    is_sensitive,
    read_environment,
    write_environment,
)
from alecia_pipeline.operations.hosts import connect, leased
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.redaction import Secret
from alecia_pipeline.rollout.bound_keys import bound_keys
from alecia_pipeline.rollout.compose_file import ComposeFile, parse_compose
from alecia_pipeline.rollout.environment_file import CompletedEnvironment, complete_environment, parse_environment
from alecia_pipeline.rollout.interpolation import references, required
from alecia_pipeline.rollout.ports import Command, Host
from alecia_pipeline.source.tree import Tree


class SecretsReport(Model):
    """The environment file of a host, by key names only. `missing`: referred to by the compose file, without value."""

    schema_version: int = Field(1, alias="schema")
    environment: str
    path: str
    keys: tuple[str, ...]
    generated: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    kept: tuple[str, ...] = Field((), description="Set on the host by hand; commit or runner say something else")
    missing: tuple[str, ...] = ()


class RotationReport(Model):
    """A secret with a new value, and the services that refer to it: they restart with the next release."""

    schema_version: int = Field(1, alias="schema")
    environment: str
    key: str
    services: tuple[str, ...]


def ensure_secrets(runner: Runner, environment: str, commit: str) -> SecretsReport:
    """Complete the environment file on the host.

    Raises UsageError when the compose file refers to a key that nobody gives a value, RefusedError when a secret that
    a volume was made with is gone.
    """
    config = runner.config.environment(environment)
    tree = open_commit(runner.repo, commit)
    compose, given = read_compose(tree, config), given_values(tree, config)
    with connect(runner, environment) as host, leased(host):
        return complete_on_host(runner, environment, host, given, compose)


def complete_on_host(
    runner: Runner, environment: str, host: Host, given: Mapping[str, str], compose: ComposeFile
) -> SecretsReport:
    """Do what `ensure_secrets` does, on a connected host whose lease is held."""
    config = runner.config.environment(environment)
    before = read_environment(host, config, runner.redactor)
    done = complete_environment(before.values, given, config.secrets, _new_secret, before.own)
    _refuse_incomplete(done.values, compose, environment)
    _refuse_lost(host, config, compose, done)
    runner.redactor.learn(Secret(done.values[key]) for key in done.values if is_sensitive(key, config))
    if done.values != before.values or not before.values:
        write_environment(host, config, before, done.values, done.changed)
    for key in done.kept:
        runner.log(
            f"{environment}/secrets: {key} was set on the host by hand and stays; edit {_path(config)} to change it"
        )
    return SecretsReport(
        environment=environment,
        path=_path(config),
        keys=tuple(sorted(done.values)),
        generated=done.generated,
        changed=done.changed,
        kept=done.kept,
    )


def check_secrets(runner: Runner, environment: str, commit: str) -> SecretsReport:
    """Return what the host has and what is missing; changes no value."""
    config = runner.config.environment(environment)
    tree = open_commit(runner.repo, commit)
    compose, given = read_compose(tree, config), given_values(tree, config)
    with connect(runner, environment) as host:
        found = read_environment(host, config, runner.redactor)
    return _checked(environment, config, found, given, compose)


def rotate_secret(runner: Runner, environment: str, commit: str, key: str) -> RotationReport:
    """Give a generated secret a new value. Raises UsageError for another key, RefusedError for one a volume knows."""
    config = runner.config.environment(environment)
    compose = read_compose(open_commit(runner.repo, commit), config)
    if key not in config.secrets:
        raise UsageError(
            f"{key} is not a generated secret",
            where=f"environments.{environment}.secrets",
            why=f"generated here: {', '.join(config.secrets) or 'none'}",
            fix=f"edit {_path(config)} on the host",
        )
    with connect(runner, environment) as host, leased(host):
        rotate_on_host(runner, environment, host, compose, key)
    services = [name for name, service in compose.services.items() if key in references(dict(service))]
    return RotationReport(environment=environment, key=key, services=tuple(sorted(services)))


def rotate_on_host(runner: Runner, environment: str, host: Host, compose: ComposeFile, key: str) -> None:
    """Do what `rotate_secret` does, on a connected host whose lease is held."""
    config = runner.config.environment(environment)
    before = read_environment(host, config, runner.redactor)
    volumes = _existing_volumes(host, config, bound_keys(compose).get(key, frozenset()))
    if volumes:
        raise RefusedError(
            f"{key} cannot be rotated by writing a new value",
            where=_path(config),
            why=f"the database read it once, when it made the volume {', '.join(volumes)}",
            fix="change the role's password in the database first (ALTER ROLE), then write the same value on the host",
        )
    fresh = _new_secret()
    runner.redactor.learn([Secret(fresh)])
    write_environment(host, config, before, {**before.values, key: fresh}, ())


def read_compose(tree: Tree, config: EnvironmentConfig) -> ComposeFile:
    """Return the environment's compose file of a commit. Raises UsageError when it is not there or not valid."""
    return parse_compose(_committed(tree, config.compose, "compose"), config.compose)


def given_values(tree: Tree, config: EnvironmentConfig) -> dict[str, str]:
    """Return the values that are no secrets: the committed env_file, and the runner's own over it."""
    committed: dict[str, str] = {}
    if config.env_file:
        committed = parse_environment(_committed(tree, config.env_file, "env_file"), config.env_file)
    return {**committed, **config.env}


def _committed(tree: Tree, path: str, key: str) -> bytes:
    if path not in tree.entries:
        raise UsageError(
            f"the commit has no {path}",
            where=f"environments.<env>.{key}",
            why=f"commit {tree.commit}",
            fix="commit the file, or mend its path in the configuration",
        )
    return tree.read(path)


def _checked(
    environment: str, config: EnvironmentConfig, found: HostEnvironment, given: Mapping[str, str], compose: ComposeFile
) -> SecretsReport:
    wanted = {*required(dict(compose.services)), *config.secrets, *given}
    missing = sorted(key for key in wanted if not found.values.get(key) and given.get(key) != "")
    kept = sorted(key for key, value in given.items() if found.values.get(key, value) != value and key not in found.own)
    return SecretsReport(
        environment=environment,
        path=_path(config),
        keys=tuple(sorted(found.values)),
        kept=tuple(kept),
        missing=tuple(missing),
    )


def _refuse_incomplete(values: Mapping[str, str], compose: ComposeFile, environment: str) -> None:
    missing = sorted(required(dict(compose.services)) - set(values))
    if missing:
        raise UsageError(
            f"the compose file refers to keys without a value: {', '.join(missing)}",
            where=compose.path,
            why="docker compose would put in nothing, and start",
            fix=f"list them under environments.{environment}.secrets (generated) or .env (plain values)",
        )


def _refuse_lost(host: Host, config: EnvironmentConfig, compose: ComposeFile, done: CompletedEnvironment) -> None:
    """Refuse to generate what a volume was made with: the new value would not fit, and hide the loss."""
    bound = bound_keys(compose)
    for key in done.generated:
        volumes = _existing_volumes(host, config, bound.get(key, frozenset()))
        if volumes:
            raise RefusedError(
                f"{key} is gone from the host, and its database still exists",
                where=_path(config),
                why=f"the volume {', '.join(volumes)} was made with the old value",
                fix=f"write the old value into {_path(config)}; or change the role's password and write the new one",
            )


def _existing_volumes(host: Host, config: EnvironmentConfig, names: frozenset[str]) -> list[str]:
    """Return the volumes of the compose project that exist among `names` (as the compose file calls them)."""
    found: list[str] = []
    for name in sorted(names):
        label = "label=com.docker.compose"
        query = ("--filter", f"{label}.project={config.project}", "--filter", f"{label}.volume={name}")
        done = host.run(Command.of("docker", "volume", "ls", "--quiet", *query))
        if done.status:
            raise OutsideError(
                "the volumes of the host cannot be listed",
                where=_path(config),
                why=done.stderr.decode(errors="replace").strip(),
                fix="`alecia doctor` checks the host",
            )
        found += done.text.split()
    return found


def _new_secret() -> str:
    return secrets.token_hex(SECRET_BYTES)


def _path(config: EnvironmentConfig) -> str:
    return f"{config.root}/{ENVIRONMENT_FILE}"
