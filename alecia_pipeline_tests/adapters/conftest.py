"""A database for each test of the PostgreSQL adapter, on one server."""

from collections.abc import Iterator

import psycopg
import pytest

from alecia_pipeline.adapters.postgres import Login, PostgresDatabase, open_database
from alecia_pipeline.migrations.application import Stamp, apply_pending
from alecia_pipeline.migrations.files import collect_migrations
from alecia_pipeline.migrations.ledger import Standing
from alecia_pipeline.redaction import Secret
from alecia_pipeline_tests.postgres import PASSWORD, USER, Migrate, administer, postgres_server
from alecia_pipeline_tests.trees import DictTree


@pytest.fixture(scope="session")
def postgres_port() -> Iterator[int]:
    with postgres_server() as port:
        yield port


@pytest.fixture
def login(postgres_port: int, request: pytest.FixtureRequest) -> Login:
    """A login to a fresh database."""
    name = "t_" + request.node.name.partition("[")[0][-50:]
    with administer(postgres_port, "postgres") as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())
        admin.execute(f'CREATE DATABASE "{name}"'.encode())
    return Login(postgres_port, name, USER, Secret(PASSWORD), "staging: postgres")


@pytest.fixture
def database(login: Login) -> Iterator[PostgresDatabase]:
    with open_database(login, patience=5) as database:
        yield database


@pytest.fixture
def admin(login: Login) -> Iterator[psycopg.Connection]:
    """A second session, to look and to disturb."""
    with administer(login.port, login.database) as connection:
        yield connection


@pytest.fixture
def migrate(database: PostgresDatabase) -> Migrate:
    def run(files: dict[str, str]) -> Standing:
        tree = DictTree({f"db/{name}": sql for name, sql in files.items()})
        return apply_pending(collect_migrations(tree, "db"), database, Stamp("c" * 40, "r1"), lambda _: None)

    return run
