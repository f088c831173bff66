"""A real PostgreSQL server of one's own, from Debian's package, for as long as a test needs it."""

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg

from alecia_pipeline.migrations.ledger import Standing
from alecia_pipeline_tests.conftest import free_port

Migrate = Callable[[dict[str, str]], Standing]
"""Apply these files (name -> SQL), as a release does."""

PASSWORD = "correct-horse-battery"
USER = "alecia"

_SETTINGS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=20", "shared_buffers=16MB")


@contextlib.contextmanager
def postgres_server() -> Iterator[int]:
    """Start a server on a free port of 127.0.0.1 with role and database `alecia`; yield the port."""
    with tempfile.TemporaryDirectory(prefix="alecia-postgres-") as folder:
        port = free_port()
        data = Path(folder) / "data"
        password = Path(folder) / "password"
        password.write_text(PASSWORD)
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            for path in (folder, password):
                os.chown(path, owner.pw_uid, owner.pw_gid)
        _as_postgres("initdb", "-D", data, "-U", USER, "-A", "scram-sha-256", f"--pwfile={password}")
        options = f"-c listen_addresses=127.0.0.1 -p {port} -k {folder} " + " ".join(f"-c {each}" for each in _SETTINGS)
        _as_postgres("pg_ctl", "-D", data, "-w", "-l", Path(folder) / "log", "-o", options, "start")
        try:
            yield port
        finally:
            _as_postgres("pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")


def administer(port: int, database: str) -> psycopg.Connection:
    """Open a session of one's own, to look and to disturb."""
    return psycopg.connect(
        host="127.0.0.1", port=port, dbname=database, user=USER, password=PASSWORD, autocommit=True
    )  # fmt: skip


def one(connection: psycopg.Connection, query: str) -> object:
    """Return the first value of a query's answer, None where there is none."""
    row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None


def _as_postgres(program: str, *arguments: str | Path) -> None:
    """Run a server program; PostgreSQL refuses to run as root."""
    lower = ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups") if os.geteuid() == 0 else ()
    command = [*lower, str(_folder() / program), *map(str, arguments)]
    subprocess.run(command, check=True, cwd="/", stdout=subprocess.DEVNULL)


def _folder() -> Path:
    newest = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    on_path = shutil.which("initdb")
    assert newest or on_path, "no PostgreSQL server here: apt-get install postgresql"
    return newest[-1] if newest else Path(str(on_path)).parent
