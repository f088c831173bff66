"""`<env>/migrations`: the commit's SQL files applied to the environment's database, over an SSH forward."""

import contextlib
import json
import time
from collections.abc import Iterator, Sequence

from pydantic import Field

from alecia_pipeline.adapters.git import open_commit
from alecia_pipeline.adapters.postgres import Login, PostgresDatabase, open_database
from alecia_pipeline.config import EnvironmentConfig, MigrationsConfig, Model
from alecia_pipeline.errors import OutsideError, UsageError
from alecia_pipeline.migrations.application import Stamp, apply_pending
from alecia_pipeline.migrations.files import MigrationFile, collect_migrations
from alecia_pipeline.migrations.ledger import Standing, compare, irreversible_since
from alecia_pipeline.operations.environment import read_environment
from alecia_pipeline.operations.hosts import connect
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.redaction import Secret
from alecia_pipeline.rollout.ports import Command, Host
from alecia_pipeline.source.apps import commit_config
from alecia_pipeline.source.tree import Tree

POSTGRES_PORT = 5432


class MigrationReport(Model):
    """What was applied. `revertible`: everything applied now only adds, so the release before still works."""

    schema_version: int = Field(1, alias="schema")
    environment: str
    commit: str
    applied_before: tuple[str, ...]
    applied_now: tuple[str, ...]
    revertible: bool
    seconds: float

    @property
    def applied(self) -> tuple[str, ...]:
        """Every applied file, in name order."""
        return (*self.applied_before, *self.applied_now)


def apply_migrations(runner: Runner, environment: str, commit: str, release: str | None = None) -> MigrationReport:
    """Apply the pending files of a commit. A commit without `migrations` in its alecia.yaml has none.

    Raises UsageError for files that cannot be applied (before anything runs), RefusedError for a ledger that does not
    fit the commit, ReleaseFailedError for a statement that failed.
    """
    started = time.monotonic()
    tree = open_commit(runner.repo, commit)
    config = migrations_config(runner, tree)
    standing = Standing((), (), ())
    if config is not None:
        files = collect_migrations(tree, config.dir)
        with database(runner, environment, config) as connected:
            stamp = Stamp(str(tree.commit), release)
            standing = apply_pending(files, connected, stamp, lambda file: runner.log(f"migrations: {file.name}"))
    return MigrationReport(
        environment=environment,
        commit=str(tree.commit),
        applied_before=standing.applied,
        applied_now=tuple(file.name for file in standing.pending),
        revertible=all(file.additive for file in standing.pending),
        seconds=round(time.monotonic() - started, 2),
    )


def pending_migrations(runner: Runner, environment: str, commit: str) -> tuple[MigrationFile, ...]:
    """Return the files that a release of this commit would apply; changes nothing. Raises as `apply_migrations`."""
    tree = open_commit(runner.repo, commit)
    config = migrations_config(runner, tree)
    if config is None:
        return ()
    files = collect_migrations(tree, config.dir)
    with database(runner, environment, config) as connected:
        return compare(files, connected.ledger()).pending


def irreversible_migrations(runner: Runner, environment: str, commit: str, applied: Sequence[str]) -> tuple[str, ...]:
    """Return the database's files, beyond `applied`, that did more than add: going back past them is not safe.

    `commit` says where the database is.
    """
    config = migrations_config(runner, open_commit(runner.repo, commit))
    if config is None:
        return ()
    with database(runner, environment, config) as connected:
        return irreversible_since(connected.ledger(), applied)


def migrations_config(runner: Runner, tree: Tree) -> MigrationsConfig | None:
    """Return where the SQL and the database are: as the commit says, else as the runner says."""
    return commit_config(tree).migrations or runner.config.migrations


@contextlib.contextmanager
def database(runner: Runner, environment: str, config: MigrationsConfig) -> Iterator[PostgresDatabase]:
    """Connect to the environment's database through its host. Raises OutsideError, or UsageError without password."""
    with connect(runner, environment) as host, forwarded_database(runner, environment, config, host) as connected:
        yield connected


@contextlib.contextmanager
def forwarded_database(
    runner: Runner, environment: str, config: MigrationsConfig, host: Host
) -> Iterator[PostgresDatabase]:
    """Connect to the database of a connected host: its container needs no published port."""
    settings = runner.config.environment(environment)
    password = _password(runner, environment, settings, config, host)
    address = container_address(host, settings, config.service)
    name = f"{environment}: {config.service}/{config.database}"
    with (
        host.forward(address, POSTGRES_PORT) as port,
        open_database(Login(port, config.database, config.user, password, name)) as connected,
    ):
        yield connected


def container_address(host: Host, config: EnvironmentConfig, service: str) -> str:
    """Return the address of a service's running container in the engine's network. Raises OutsideError."""
    label = "label=com.docker.compose"
    query = ("--filter", f"{label}.project={config.project}", "--filter", f"{label}.service={service}")
    found = host.run(Command.of("docker", "ps", "--quiet", "--no-trunc", *query))
    names = found.text.split()
    inspected = host.run(Command.of("docker", "inspect", *names)) if names else found
    if inspected.status:
        raise _no_database(config, service, inspected.stderr.decode(errors="replace").strip())
    containers = json.loads(inspected.stdout) if names else []
    addresses = [
        network["IPAddress"] for each in containers for network in each["NetworkSettings"]["Networks"].values()
    ]
    for address in filter(None, addresses):
        return str(address)
    raise _no_database(config, service, f"project {config.project} has no running container of it with an address")


def _no_database(config: EnvironmentConfig, service: str, why: str) -> OutsideError:
    return OutsideError(
        f"the database service {service!r} does not run",
        where=config.hosts[0].address,
        why=why,
        fix=f"`alecia logs {service}` shows why; a release starts it",
    )


def _password(
    runner: Runner, environment: str, settings: EnvironmentConfig, config: MigrationsConfig, host: Host
) -> Secret:
    value = read_environment(host, settings, runner.redactor).values.get(config.password_key)
    if not value:
        raise UsageError(
            f"{config.password_key} has no value",
            where=f"{settings.root}/.env",
            why="the database's password is read from there",
            fix=f"`alecia secrets init --env {environment}`",
        )
    return Secret(value)
