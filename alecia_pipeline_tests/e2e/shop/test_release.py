"""The whole chain on the sample monorepo: what issue by issue must hold of a real release to a real host.

One sandbox and one repository serve the whole folder; every test leaves the environment with a confirmed release.
"""

import json
import os
import signal
import ssl
import subprocess
import threading
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from alecia_pipeline_tests.load import Request, send_until
from alecia_pipeline_tests.shop import HOSTS, Shop, answer, new_word, wait_until

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1500)]

COMPOSE = "docker-compose.production.yml"

APPS = {"website", "colab", "hocuspocus", "cms", "flows"}

VISITS: tuple[Request, ...] = (
    ("GET", "/", b""),
    ("GET", "/api/health", b""),
    ("POST", "/api/contact", b'{"name":"Ada","email":"ada@example.invalid","message":"hello"}'),
)


@pytest.mark.parametrize("name", ["", *HOSTS])
def test_every_host_name_answers_over_verified_tls(shop: Shop, visitor: httpx.Client, name: str) -> None:
    expected = 301 if name == "www" else 200
    paths = {"search": "/health", "pdf": "/health", "s3": "/minio/health/live"}
    assert answer(visitor, shop, name, paths.get(name, "/")).status_code == expected


def test_a_second_release_builds_nothing_pushes_nothing_and_touches_no_container(shop: Shop) -> None:
    containers, tags = shop.containers(), registry_tags(shop)
    done = shop.json("release", "--env", "staging")
    assert all(image["reused"] for image in done["images"].values())
    assert set(done["images"]) == APPS
    assert done["moved"] == []
    assert shop.containers() == containers
    assert registry_tags(shop) == tags


def test_a_plan_of_what_runs_touches_nothing_and_its_images_have_the_tags_of_the_environment(shop: Shop) -> None:
    live = shop.json("status", "--env", "staging")
    plan = shop.json("plan", "--env", "staging")
    assert plan["release"] == live["release"]
    assert {app["name"]: app["deployed"] for app in plan["apps"]} == {app["name"]: app["image"] for app in plan["apps"]}
    assert {app["restarts"] for app in plan["apps"]} == {False}
    assert (plan["services"], plan["migrations"], plan["pull_bytes"]) == ([], [], 0)
    tags = registry_tags(shop)
    for name, app in live["apps"].items():
        own = "-staging" if name == "colab" else ""  # it alone has build arguments of the environment's
        assert {"env-staging", f"commit-{app['commit']}{own}"} <= set(tags[name])


def registry_tags(shop: Shop) -> dict[str, list[str]]:
    """Return the tags of every app's images in the sandbox's registry."""
    found = shop.box.status()
    login = json.loads(found.registry_credentials_file.read_text())
    tls = ssl.create_default_context(cafile=str(found.ca_file))
    with httpx.Client(verify=tls, auth=(login["username"], login["password"])) as client:
        return {
            app: sorted(client.get(f"https://{found.registry}/v2/alecia/{app}/tags/list").json()["tags"])
            for app in sorted(APPS)
        }


@pytest.mark.parametrize(
    ("path", "rebuilt"),
    [
        ("packages/ui/src/avatar.tsx", {"website", "colab"}),
        ("apps/cms/src/server.ts", {"cms"}),
        ("README.md", set()),
    ],
)
def test_a_change_rebuilds_exactly_the_apps_that_can_see_it(shop: Shop, path: str, rebuilt: set[str]) -> None:
    before = head(shop)
    shop.commit({path: (shop.repo / path).read_text() + f"\n// one line more {new_word('line')}\n"})
    plan = shop.json("plan", "--env", "staging")
    assert {app["name"] for app in plan["apps"] if app["action"] == "build"} == rebuilt
    since = shop.json("plan", "--since", before)
    assert {app["name"] for app in since["apps"] if app["action"] == "build"} == rebuilt
    shop.restore(before)


def head(shop: Shop) -> str:
    return subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=shop.repo, capture_output=True, text=True, check=True
    ).stdout.strip()


def test_a_comment_that_changes_no_byte_of_the_image_restarts_nothing(shop: Shop) -> None:
    before, containers = head(shop), shop.containers()
    shop.edit("apps/cms/src/server.ts", "import type", f"// nothing but a comment {new_word('comment')}\nimport type")
    done = shop.json("release", "--env", "staging")
    assert not done["images"]["cms"]["reused"]
    assert done["moved"] == []
    assert shop.containers() == containers
    shop.restore(before)


def test_redeploying_website_under_load_loses_no_request_and_moves_website_alone(shop: Shop) -> None:
    before, apps = head(shop), shop.app_containers()
    shop.edit("apps/website/app/page.tsx", "<h1>", f'<h1 data-release="{new_word("second")}">')
    shop.alecia("build", "website")  # so that the load falls on the rollout, not on the compiler beside it
    over = threading.Event()

    def release() -> None:
        try:
            shop.alecia("redeploy", "website", "--env", "staging")
        finally:
            over.set()

    runner = threading.Thread(target=release)
    runner.start()
    outcome = send_until(shop.target(), VISITS, over.is_set, at_least=2000, pause=0.02)
    runner.join()
    assert not outcome.failures, outcome.failures[:5]
    assert outcome.sent >= 2000
    assert {method.split()[0] for method, _ in outcome.answered} == {"GET", "POST"}
    now = shop.app_containers()
    assert {app for app in APPS if now[app] != apps[app]} == {"website"}
    shop.restore(before)


def test_rollback_brings_the_previous_digests_back(shop: Shop, visitor: httpx.Client) -> None:
    live = shop.json("status", "--env", "staging")["apps"]["website"]["digest"]
    history = shop.json("history", "--env", "staging")["releases"]
    shop.alecia("rollback", "--env", "staging")
    now = shop.json("status", "--env", "staging")
    assert now["state"] == "confirmed"
    assert now["apps"]["website"]["digest"] != live
    assert new_word("second") not in answer(visitor, shop, "").text
    assert len(shop.json("history", "--env", "staging")["releases"]) >= len(history)


def test_an_audit_error_stops_a_release_and_touches_nothing_but_website_still_moves(shop: Shop) -> None:
    before, containers = head(shop), shop.containers()
    manifest = shop.repo / "apps/colab/package.json"
    raw = json.loads(manifest.read_text())
    for name in ("@aws-sdk/client-s3", "@aws-sdk/s3-request-presigner", "@radix-ui/react-avatar"):
        del raw["dependencies"][name]
    shop.commit({"apps/colab/package.json": json.dumps(raw, indent=2) + "\n"})
    report = json.loads(shop.alecia("audit", "--format", "json", status=1))
    missing = {f["dependency"]: (f["file"], f["line"]) for f in report["findings"] if f["rule"] == "undeclared-import"}
    assert set(missing) == {"@aws-sdk/client-s3", "@aws-sdk/s3-request-presigner", "@radix-ui/react-avatar"}
    assert all(file and line for file, line in missing.values())
    shop.alecia("release", "--env", "staging", status=1)
    assert shop.containers() == containers
    shop.edit("apps/website/app/page.tsx", "<h1>", f'<h1 data-release="{new_word("second")}">')
    shop.alecia("redeploy", "website", "--env", "staging")
    now = shop.containers()
    assert {s for s in now if s not in containers} == {s for s in now if s.startswith("website-")}
    shop.restore(before)


def test_an_image_that_never_becomes_healthy_leaves_the_old_one_serving(shop: Shop, visitor: httpx.Client) -> None:
    before, containers = head(shop), shop.containers()
    compose, flows = (shop.repo / COMPOSE).read_text().split("\n  flows:\n")
    quick = flows.replace("interval: 10s", "interval: 1s", 1).replace("start_period: 30s", "start_period: 3s", 1)
    shop.commit({COMPOSE: f"{compose}\n  flows:\n{quick}"})
    # The check of its image would find it, and nothing would come to the host.
    shop.edit("alecia.yaml", "apps/flows/Dockerfile", "apps/flows/Dockerfile, checks: {boot: false}")
    shop.edit("apps/flows/src/server.ts", '"GET /health": () => ({ status: 200', '"GET /health": () => ({ status: 500')
    printed = shop.failure("redeploy", "flows", "--env", "staging", status=1)
    assert "flows" in printed
    assert shop.containers() == containers
    assert answer(visitor, shop, "flows", "/health").status_code == 200
    shop.restore(before)


def test_a_runner_killed_right_after_the_switch_leaves_a_host_that_mends_itself(shop: Shop) -> None:
    before, live = head(shop), shop.json("status", "--env", "staging")["release"]
    hasty = shop.config.with_name("hasty.yaml")
    hasty.write_text(shop.config.read_text().replace("confirm_seconds: 45", "confirm_seconds: 15"))
    shop.edit("apps/cms/src/server.ts", 'app: "cms", routes', f'app: "cms", killed: "{new_word("killed")}", routes')
    runner = replace(shop, config=hasty).start("redeploy", "cms", "--env", "staging")
    try:
        wait_until(lambda: live_link(shop) != live, 300, "the switch")
    finally:
        os.killpg(runner.pid, signal.SIGKILL)
        runner.wait()
    wait_until(lambda: shop.json("status", "--env", "staging")["state"] == "confirmed", 120, "the host's own decision")
    done = shop.json("redeploy", "cms", "--env", "staging")
    assert done["moved"] == ["cms"]
    assert shop.json("status", "--env", "staging")["state"] == "confirmed"
    shop.restore(before)


def live_link(shop: Shop) -> str:
    return Path(shop.on_host("readlink", "/srv/alecia/releases/live").strip()).name
