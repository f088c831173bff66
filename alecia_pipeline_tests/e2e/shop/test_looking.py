"""The commands that look at an environment and mend it, on the released sample."""

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from alecia_pipeline_tests.shop import ALECIA, Shop

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1500)]

SECRETS = ("POSTGRES_PASSWORD", "REDIS_PASSWORD", "BETTER_AUTH_SECRET", "WEBHOOK_SECRET", "MEILI_MASTER_KEY")


def test_status_and_history_show_the_live_release(shop: Shop) -> None:
    status = shop.json("status", "--env", "staging")
    assert status["state"] == "confirmed"
    assert set(status["apps"]) == {"website", "colab", "hocuspocus", "cms", "flows"}
    assert all(service["health"] == "healthy" for service in status["services"])
    shown = shop.alecia("status", "--env", "staging")
    assert f"release {status['release']} is confirmed" in shown
    assert all(app["service"] in shown for app in status["apps"].values())
    history = shop.json("history", "--env", "staging")
    assert [r["id"] for r in history["releases"] if r["live"]] == [status["release"]]
    assert status["release"] in shop.alecia("history", "--env", "staging")


def test_logs_of_an_app_and_of_a_service(shop: Shop) -> None:
    assert shop.alecia("logs", "website", "--env", "staging").strip()
    assert len(shop.alecia("logs", "caddy", "--env", "staging", "--lines", "3").splitlines()) <= 3
    assert "there is no service 'nginx'" in shop.failure("logs", "nginx", "--env", "staging", status=2)


def test_following_a_log_goes_on_until_it_is_interrupted(shop: Shop) -> None:
    with subprocess.Popen(
        [ALECIA, "--config", str(shop.config), "logs", "postgres", "--env", "staging", "-f", "--lines", "1"],
        cwd=shop.repo,
        env=shop.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as follower:
        assert follower.stdout is not None
        assert follower.stdout.readline()
        assert follower.poll() is None
        os.killpg(follower.pid, signal.SIGINT)
        assert follower.wait(timeout=30) == 130


def test_nothing_needs_mending(shop: Shop) -> None:
    assert shop.json("repair", "--env", "staging")["action"] == "nothing"
    assert "staging was free already" in shop.failure("unlock", "--env", "staging", status=0)
    assert shop.json("migrate", "--env", "staging")["applied_now"] == []


def test_doctor_finds_the_environment_in_order(shop: Shop) -> None:
    report = shop.json("doctor", "--env", "staging")
    assert report["checks"]
    assert not [check for check in report["checks"] if check["verdict"] == "failed"]


def test_the_smoke_test_asks_all_fourteen_names(shop: Shop) -> None:
    report = shop.json("smoke", "--env", "staging")
    assert len({probe["host"] for probe in report["probes"]}) == 14
    assert all(probe["verdict"] == "passed" for probe in report["probes"])


def test_no_secret_is_in_dagsters_storage_or_in_what_the_commands_print(shop: Shop) -> None:
    values = dict(line.split("=", 1) for line in shop.on_host("cat", "/srv/alecia/.env").splitlines() if "=" in line)
    secrets = [values[name].strip("'\"").encode() for name in SECRETS]
    assert all(len(secret) == 64 for secret in secrets)
    kept = [path for path in shop.home.rglob("*") if path.is_file()]
    assert kept
    assert not [path for path in kept if any(secret in path.read_bytes() for secret in secrets)]
    printed = shop.alecia("secrets", "check", "--env", "staging") + json.dumps(shop.json("status", "--env", "staging"))
    assert not [secret for secret in secrets if secret.decode() in printed]


def test_the_environment_file_is_for_its_owner_only(shop: Shop) -> None:
    assert shop.on_host("stat", "--format", "%a", "/srv/alecia/.env").strip() == "600"
    assert Path(shop.on_host("readlink", "/srv/alecia/releases/live/.env").strip()) == Path("../../.env")
