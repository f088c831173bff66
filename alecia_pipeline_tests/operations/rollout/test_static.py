"""Open tabs survive a switch: on a real VPS, the static files of every kept release are answered."""

import pytest

from alecia_pipeline.operations.confirming import confirm_release
from alecia_pipeline.operations.inspecting import live_release
from alecia_pipeline.operations.rollback import switch_back
from alecia_pipeline_tests.operations.rollout.conftest import Site, changed

pytestmark = pytest.mark.engine

FOREVER = "public, max-age=31536000, immutable"


def both_released(site: Site) -> None:
    """Release the first version of the app, then the second."""
    for image in (site.images.first, site.images.second):
        site.release(web=image)


def kept(site: Site, name: str) -> bool:
    """Tell whether a file of the folder answers; else the app does, with its version as JSON."""
    answer = site.static("web", name)
    return answer.headers.get("Cache-Control") == FOREVER and "version" not in answer.text


def test_the_files_of_the_release_before_are_still_answered(site: Site) -> None:
    both_released(site)
    assert site.answer("web") == "second"
    assert any(line.endswith("static files of web are kept") for line in site.lines)
    for version in ("first", "second"):
        for name in (f"chunks/{version}.js", f"chunks/[slug]/{version}.js", f"chunks/%5Bslug%5D/{version}.js"):
            answer = site.static("web", name)
            assert (answer.text, answer.headers["Cache-Control"]) == (f"{version}\n", FOREVER)
            assert answer.headers["Content-Type"].startswith("text/javascript")
    assert site.static("web", "media/first.woff2").text == "first\n"
    assert site.static("web", "both.js").text == "both\n"


def test_the_live_app_answers_for_everything_else(site: Site) -> None:
    both_released(site)
    for name in ("none.js", "same.js", "link.js", "other.js", "../../settings", "chunks"):
        assert not kept(site, name)
    assert site.static("web", "same.js").json()["version"] == "second"
    assert site.static("web", "chunks/first.js", "POST").json()["method"] == "POST"
    assert "version" in site.static("shop", "chunks/first.js").text


def test_they_go_when_their_release_goes_and_come_back_with_it(site: Site) -> None:
    both_released(site)
    few = changed(site, keep=1)
    few.release(shop=site.images.second)
    record = few.release(shop=site.images.first)
    assert not kept(site, "chunks/first.js")
    assert kept(site, "chunks/second.js")
    assert kept(site, "same.js")
    site.release(web=site.images.first)
    assert kept(site, "chunks/first.js")
    confirm_release(site.runner, "staging", switch_back(site.runner, "staging", record.id).id)
    live = live_release(site.runner, "staging")
    assert live is not None
    assert (live.apps["web"].image, kept(site, "chunks/first.js")) == (site.images.second, True)
    assert site.ssh("ls static/web/views | wc -l") == "1"
    assert site.ssh("docker ps -aq --filter name=-static") == ""
