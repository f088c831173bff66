"""The ways in: Dagster's page in a browser, and a push to the repository it watches. The stages are the real ones.

The daemon's own ticks launch the runs; each waits for up to 30 s. The tests follow one another on one history.
"""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml

from alecia_pipeline_tests.browser import Page, chromium
from alecia_pipeline_tests.conftest import git
from alecia_pipeline_tests.shop import Shop, answer, new_word, open_shop, open_visitor, wait_until
from alecia_pipeline_tests.watched import LOCATION, Watched, selection, watching

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]

COMMON = {f"staging/{step}" for step in ("host", "secrets", "stack", "migrations", "release", "smoke")}
"""What every release on `staging` does besides moving apps."""


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """Dagster watching a bare clone of a shop that runs what its head says; on a VPS of its own, beside the others."""
    shop = open_shop(tmp_path_factory.mktemp("shop"), "-watched")
    shop.alecia("release", "--env", "staging")
    with watching(shop, tmp_path_factory.mktemp("origin") / "alepanel.git") as watched:
        yield watched


@pytest.fixture(scope="module")
def visitor(watched: Watched) -> Iterator[httpx.Client]:
    with open_visitor(watched.shop) as client:
        yield client


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    with chromium(tmp_path / "profile") as page:
        yield page


def test_the_page_shows_the_lineage_in_groups(watched: Watched, page: Page, tmp_path: Path) -> None:
    page.open(f"{watched.url}/asset-groups")
    for group in ("source", "gate", "images", "staging"):
        page.wait_for_text(group)
    page.screenshot(tmp_path / "groups.png")
    page.open(f"{watched.url}/locations/__repository__@{LOCATION}/asset-groups/staging")
    for asset in ("website", "migrations", "release", "smoke"):
        page.wait_for_text(asset)
    page.screenshot(tmp_path / "staging.png")


def test_what_is_live_is_not_released_again(watched: Watched) -> None:
    head = git(watched.shop.repo, "rev-parse", "HEAD")
    watched.tick_that_says(f"{head[:12]} affects nothing on staging")
    assert watched.runs(head) == []


def test_a_push_is_one_run_of_what_it_affects_and_a_second_tick_none(watched: Watched, visitor: httpx.Client) -> None:
    shop, word = watched.shop, new_word("pushed")
    containers = shop.app_containers()
    shop.edit("apps/cms/src/server.ts", 'app: "cms", routes', f'app: "cms", pushed: "{word}", routes')
    commit = watched.push()
    run = watched.run_of(commit)
    moved = {"source/root", "source/apps/cms", "lockfile", "audit/cms", "image/cms", "staging/cms"}
    assert selection(run) == COMMON | moved
    assert run["jobName"] == "staging_release"
    assert watched.ended(run["runId"]) == "SUCCESS"
    assert watched.made(run["runId"]) == COMMON | moved
    assert changed(containers, shop.app_containers()) == {"cms"}
    assert answer(visitor, shop, "cms").json()["pushed"] == word
    watched.tick_that_says(f"nothing new: {commit[:12]}")
    assert [one["runId"] for one in watched.runs(commit)] == [run["runId"]]


def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    """Return the apps whose container is another one, or there only once."""
    return {app for app, _ in before.items() ^ after.items()}


def test_one_click_releases_website_alone(watched: Watched, visitor: httpx.Client, page: Page) -> None:
    shop = watched.shop
    containers = shop.app_containers()
    watched.stop_sensor()
    shop.edit("apps/website/app/page.tsx", "<h1>", f'<h1 data-release="{new_word("second")}">')
    shop.alecia("build", "website")
    commit = watched.push()
    page.open(f"{watched.url}/assets/staging/website")
    page.click("Materialize")
    page.wait_for_text("Launched run")
    run = watched.run_of(commit)
    page.open(f"{watched.url}/runs/{run['runId']}")
    assert watched.ended(run["runId"]) == "SUCCESS"
    page.wait_for_text("Success")
    assert watched.made(run["runId"]) == {"staging/website", "staging/release", "staging/smoke"}
    assert changed(containers, shop.app_containers()) == {"website"}
    assert new_word("second") in answer(visitor, shop, "").text
    watched.start_sensor()
    watched.tick_that_says(f"{commit[:12]} affects nothing on staging")


def test_a_new_app_reloads_the_definitions_and_is_released_by_the_next_tick(watched: Watched) -> None:
    shop = watched.shop
    containers = shop.app_containers()
    add_app(shop, "cms", "articles")
    commit = watched.push()
    tick = watched.tick_that_says(f"{commit[:12]} changes the graph")
    assert "new: app articles, package apps/articles" in tick["skipReason"]
    assert "the next tick releases it" in tick["skipReason"]
    assert not tick["runIds"]
    run = watched.run_of(commit)
    new = {"source/apps/articles", "audit/articles", "image/articles", "staging/articles"}
    assert selection(run) == COMMON | new | {"source/root", "lockfile"}
    told = len(watched.ticks("cancelled"))
    wait_until(lambda: watched.status(run["runId"]) == "STARTED", 90, "the start of the run")
    watched.terminate(run["runId"])
    assert watched.ended(run["runId"]) == "CANCELED"
    wait_until(lambda: any(t["status"] == "SUCCESS" for t in watched.ticks("cancelled")[told:]), 90, "the notice of it")
    assert shop.app_containers() == containers


def add_app(shop: Shop, old: str, new: str) -> None:
    """Commit a copy of an app under another name: its folder, importer, service and configuration."""
    for path in git(shop.repo, "ls-files", f"apps/{old}").splitlines():
        target = shop.repo / path.replace(f"apps/{old}", f"apps/{new}")
        target.parent.mkdir(parents=True, exist_ok=True)
        text = (shop.repo / path).read_text()
        target.write_text(text.replace(f"apps/{old}", f"apps/{new}").replace(f"@alecia/{old}", f"@alecia/{new}"))
    for name, indent in (("pnpm-lock.yaml", f"  apps/{old}:"), ("docker-compose.production.yml", f"  {old}:")):
        repeat_block(shop.repo / name, indent, old, new)
    file = shop.repo / "alecia.yaml"
    config = yaml.safe_load(file.read_text())
    config["apps"][new] = {"package": f"@alecia/{new}", "dockerfile": f"apps/{new}/Dockerfile"}
    file.write_text(yaml.safe_dump(config, sort_keys=False))
    git(shop.repo, "add", "--all")
    git(shop.repo, "commit", "--quiet", "--message", f"add {new}")


def repeat_block(file: Path, first: str, old: str, new: str) -> None:
    """Repeat the block of lines that `first` begins, and the next empty line ends, under another name."""
    text = file.read_text()
    start = text.index(f"\n{first}\n") + 1
    block = text[start : text.index("\n\n", start) + 2]
    renamed = block.replace(f"apps/{old}:", f"apps/{new}:").replace(f"/{old}:", f"/{new}:")
    renamed = renamed.replace(f"  {old}:", f"  {new}:", 1)
    file.write_text(text[:start] + block + renamed + text[start + len(block) :])
