"""secrets, migrations and smoke by their commands, on an environment of the sandbox's VPS.

One story in order: the tests share a host, and each says what it starts from.
"""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from alecia_pipeline.cli.main import run
from alecia_pipeline.operations.environment import read_environment
from alecia_pipeline.operations.migrating import irreversible_migrations, pending_migrations
from alecia_pipeline.redaction import MASK
from alecia_pipeline_tests.box import SAMPLE
from alecia_pipeline_tests.database_host import DatabaseHost, database_host
from alecia_pipeline_tests.https_site import HOST, Server, make_authority, server_context

pytestmark = pytest.mark.engine

Alecia = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DatabaseHost]:
    with database_host(tmp_path_factory.mktemp("data")) as made:
        yield made


@pytest.fixture
def alecia(host: DatabaseHost, capsys: pytest.CaptureFixture[str]) -> Alecia:
    """Run a command on the environment; return its exit code and all it printed."""

    def call(*words: str) -> tuple[int, str]:
        where = ("--repo", str(host.repo), "--env", "staging")
        code = run(["--config", str(host.config_file), *words, *where])
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    return call


def _values(host: DatabaseHost) -> dict[str, str]:
    pairs = (line.partition("=") for line in host.read(".env").decode().splitlines())
    return {key: value for key, _, value in pairs}


def _json(printed: str) -> dict[str, Any]:
    """Return the JSON document among the log lines."""
    found: dict[str, Any] = json.loads(printed[printed.index("{") : printed.rindex("}") + 1])
    return found


def test_a_database_that_does_not_run_and_a_release_that_is_not_there(host: DatabaseHost, alecia: Alecia) -> None:
    host.commit({"db/0001_a.sql": "CREATE SCHEMA a"})
    code, printed = alecia("migrate")
    assert (code, "alecia secrets init --env staging" in printed) == (2, True)
    code, printed = alecia("smoke")
    assert (code, "no release is live" in printed) == (3, True)


def test_check_on_a_fresh_host_lists_what_is_missing(alecia: Alecia) -> None:
    code, printed = alecia("secrets", "check", "--format", "json")
    assert code == 1
    assert _json(printed)["missing"] == ["AUTH_SECRET", "DOMAIN", "POSTGRES_IMAGE", "POSTGRES_PASSWORD"]


def test_init_generates_what_is_absent_and_prints_no_value(host: DatabaseHost, alecia: Alecia) -> None:
    code, printed = alecia("secrets", "init")
    values = _values(host)
    assert code == 0
    assert "generated: POSTGRES_PASSWORD, AUTH_SECRET" in printed
    assert values["DOMAIN"] == "alecia.test"
    assert all(re.fullmatch("[0-9a-f]{64}", values[key]) for key in ("POSTGRES_PASSWORD", "AUTH_SECRET"))
    assert not any(values[key] in printed for key in ("POSTGRES_PASSWORD", "AUTH_SECRET"))
    modes = host.run(
        "stat", "-c", "%a %n", *(f"{host.root}/{f}" for f in (".env", "fingerprint.key", "env-written.json"))
    )
    assert [line.split()[0] for line in modes.text.splitlines()] == ["600", "600", "600"]
    assert alecia("secrets", "check")[0] == 0


def test_a_second_init_changes_nothing(host: DatabaseHost, alecia: Alecia) -> None:
    before = host.run("stat", "-c", "%i %Y", f"{host.root}/.env").text
    code, printed = alecia("secrets", "init", "--format", "json")
    assert (code, _json(printed)["generated"], _json(printed)["changed"]) == (0, [], [])
    assert host.run("stat", "-c", "%i %Y", f"{host.root}/.env").text == before


def test_plain_values_follow_the_commit_until_somebody_sets_them_by_hand(host: DatabaseHost, alecia: Alecia) -> None:
    host.commit({".env.staging": "DOMAIN=second.test\n"})
    assert _json(alecia("secrets", "init", "--format", "json")[1])["changed"] == ["DOMAIN"]
    host.write(".env", host.read(".env").replace(b"second.test", b"by.hand"))
    host.commit({".env.staging": "DOMAIN=third.test\n"})
    code, printed = alecia("secrets", "init")
    assert (code, "DOMAIN was set on the host by hand and stays" in printed) == (0, True)
    assert _values(host)["DOMAIN"] == "by.hand"
    assert "kept: DOMAIN" in alecia("secrets", "check")[1]


def test_a_key_that_nobody_gives_a_value_is_refused_before_anything_is_written(
    host: DatabaseHost, alecia: Alecia
) -> None:
    compose = (host.repo / "compose.yaml").read_text()
    host.commit({"compose.yaml": compose.replace("${PORT:-3000}", "${PORT}")})
    code, printed = alecia("secrets", "init")
    assert (code, "keys without a value: PORT" in printed) == (2, True)
    host.commit({"compose.yaml": compose})


def test_the_samples_migrations_reach_a_database_without_a_published_port(host: DatabaseHost, alecia: Alecia) -> None:
    code, printed = alecia("migrate")
    assert (code, "has no running container" in printed) == (4, True)
    host.start_database()
    files = {f"db/{path.name}": path.read_text() for path in (SAMPLE / "packages/db/migrations").glob("*.sql")}
    (host.repo / "db/0001_a.sql").unlink()
    commit = host.commit(files)
    assert len(pending_migrations(host.runner, "staging", commit)) == 13
    code, printed = alecia("migrate", "--format", "json")
    report = _json(printed)
    assert (code, len(report["applied_now"]), report["revertible"]) == (0, 13, True)
    code, printed = alecia("migrate")
    assert (code, "0 applied, 13 were there" in printed) == (0, True)


def test_a_change_is_marked_and_going_back_past_it_is_known(host: DatabaseHost, alecia: Alecia) -> None:
    commit = host.commit({"db/0014_drop.sql": "CREATE SCHEMA gone;\nDROP SCHEMA gone;"})
    before = [file.name for file in pending_migrations(host.runner, "staging", commit)]
    code, printed = alecia("migrate")
    assert (code, before) == (0, ["0014_drop.sql"])
    assert "not revertible" in printed
    applied = [f"{number:04}" for number in range(1, 14)]
    assert "0014_drop.sql" in irreversible_migrations(host.runner, "staging", commit, applied)


def test_an_edited_file_is_refused_and_a_failing_one_is_named(host: DatabaseHost, alecia: Alecia) -> None:
    host.commit({"db/0014_drop.sql": "CREATE SCHEMA other"})
    code, printed = alecia("migrate")
    assert (code, "edited after it was applied" in printed) == (3, True)
    host.commit({"db/0014_drop.sql": "CREATE SCHEMA gone;\nDROP SCHEMA gone;", "db/0015_bad.sql": "\nDROP TABLE none;"})
    code, printed = alecia("migrate")
    assert (code, "db/0015_bad.sql:2" in printed) == (1, True)
    (host.repo / "db/0015_bad.sql").unlink()


def test_a_password_that_the_volume_knows_is_neither_rotated_nor_made_anew(host: DatabaseHost, alecia: Alecia) -> None:
    code, printed = alecia("secrets", "rotate", "POSTGRES_PASSWORD")
    assert (code, "ALTER ROLE" in printed) == (3, True)
    whole = host.read(".env")
    host.write(".env", b"".join(line for line in whole.splitlines(keepends=True) if b"POSTGRES_PASSWORD" not in line))
    code, printed = alecia("secrets", "init")
    assert (code, "POSTGRES_PASSWORD is gone from the host" in printed) == (3, True)
    assert b"POSTGRES_PASSWORD" not in host.read(".env")
    host.write(".env", whole)


def test_another_secret_is_rotated_and_its_services_named(host: DatabaseHost, alecia: Alecia) -> None:
    before = _values(host)
    code, printed = alecia("secrets", "rotate", "AUTH_SECRET")
    after = _values(host)
    assert (code, "used by web" in printed) == (0, True)
    assert before.pop("AUTH_SECRET") != after.pop("AUTH_SECRET")
    assert before == after
    code, printed = alecia("secrets", "rotate", "AUTH_SECRET", "--format", "json")
    assert (code, _json(printed)["services"]) == (0, ["web"])
    code, printed = alecia("secrets", "rotate", "DOMAIN")
    assert (code, "not a generated secret" in printed) == (2, True)


def test_secrets_read_from_the_host_are_masked_in_the_log(host: DatabaseHost) -> None:
    runner = host.runner
    with host.connected() as connected:
        found = read_environment(connected, host.environment, runner.redactor)
    runner.log(f"password {found.values['POSTGRES_PASSWORD']} of {found.values['DOMAIN']}")
    assert host.lines[-1] == f"password {MASK} of by.hand"


def test_smoke_asks_what_the_live_release_serves(host: DatabaseHost, alecia: Alecia, tmp_path: Path) -> None:
    caddy = {"apps": {"http": {"servers": {"srv0": {"listen": [":443"], "routes": [{"match": [{"host": [HOST]}]}]}}}}}
    host.run("mkdir", "-p", f"{host.root}/releases/live")
    host.write("releases/live/caddy.json", json.dumps(caddy).encode())
    authority = make_authority(tmp_path)
    config = yaml.safe_load(host.config_file.read_text())
    with Server(server_context(authority)).running() as port:
        public = {"address": "127.0.0.1", "https_port": port, "ca_file": str(authority / "ca.crt")}
        config["environments"]["staging"]["public"] = public
        host.config_file.write_text(yaml.safe_dump(config))
        code, printed = alecia("smoke")
        assert (code, "1 of 1 passed" in printed) == (0, True)
        config["environments"]["staging"]["smoke"].append({"host": HOST, "path": "/none"})
        host.config_file.write_text(yaml.safe_dump(config))
        code, printed = alecia("smoke")
        assert (code, "status 404, wanted 200" in printed) == (1, True)
        code, printed = alecia("smoke", "--format", "json")
    report = _json(printed)
    assert [probe["verdict"] for probe in report["probes"]] == ["passed", "failed"]
