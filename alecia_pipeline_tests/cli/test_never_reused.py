"""What cannot be trusted is never reused: all images of a commit are in the registry, and one thing is wrong.

A plan says "build" and why, or refuses; so do a build and a redeploy; and what is wrong with one app stops no other.
"""

import functools
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from alecia_pipeline.adapters.registry_http import RegistryClient
from alecia_pipeline.cli.main import run
from alecia_pipeline.config import Config
from alecia_pipeline.errors import OutsideError, ReleaseFailedError, UsageError
from alecia_pipeline.images.reference import key_tag
from alecia_pipeline.operations.building import ImageBuilder
from alecia_pipeline.operations.inputs import check_images
from alecia_pipeline.operations.planning import make_plan
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline_tests.conftest import Repository, git, write
from alecia_pipeline_tests.monorepo import LOCKFILE, mini
from alecia_pipeline_tests.operations.test_building import LocalBuilder
from alecia_pipeline_tests.registry_server import HOST, Answer, RegistryServer, digest_of

PINNED = f"images:\n  node:20-alpine: {digest_of(b'node')}\nversion: 1\n"
CONFIG = f"registry: {HOST}/mini\n"


@dataclass
class Site:
    """A repository, and the registry that has the images of its first commit."""

    repo: Path
    server: RegistryServer
    shown: Callable[[], str]

    def plan(self, *words: str) -> tuple[int, dict[str, Any]]:
        """Return the exit code, and what happens to each app."""
        code = run(["plan", str(self.repo), *words, "--format", "json"])
        text = self.shown()
        return code, {app["name"]: app for app in json.loads(text)["apps"]} if text else {}

    def commit(self, path: str, text: str) -> None:
        write(self.repo, {path: text})
        git(self.repo, "commit", "--quiet", "--all", "--message=next")

    def lose(self, revision: str) -> None:
        """Delete a git object, as a damaged or partial clone lacks it."""
        oid = git(self.repo, "rev-parse", revision)
        (self.repo / ".git/objects" / oid[:2] / oid[2:]).unlink()

    @property
    def runner(self) -> Runner:
        return Runner(self.repo, Config(registry=f"{HOST}/mini"), lambda _: None)


@pytest.fixture
def site(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Site:
    server = RegistryServer()
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    client = functools.partial(RegistryClient, transport=httpx.WSGITransport(server), pause=lambda _: None)
    monkeypatch.setattr("alecia_pipeline.operations.registries.RegistryClient", client)
    repo = repository(mini({"alecia.yaml": CONFIG, "alecia.lock": PINNED, "apps/cms/logo.png": b"\x89PNG"}))
    one = Site(repo, server, lambda: capsys.readouterr().out)
    for app in make_plan(one.runner, since="HEAD").apps:
        data = json.dumps({"schemaVersion": 2, "config": {}, "layers": [], "app": app.name}).encode()
        server.manifests[f"mini/{app.name}", key_tag(app.key)] = data
        server.manifests[f"mini/{app.name}", digest_of(data)] = data
    code, apps = one.plan()
    assert (code, [app["action"] for app in apps.values()]) == (0, ["reuse", "reuse"])
    return one


def is_built_alone(site: Site, words: str, *, code: int = 2) -> None:
    """Check that cms, and nothing else, is to be built for an unknown reason that holds these words."""
    for against in ((), ("--since", "HEAD")):
        status, apps = site.plan(*against)
        assert (apps["cms"]["action"], apps["website"]["action"]) == ("build", "reuse")
        assert status == code
        assert [cause["kind"] for cause in apps["cms"]["causes"]] == ["unknown"]
        assert words in apps["cms"]["causes"][0]["detail"]
    assert check_images(site.runner, "HEAD", ["website"], None)[1] == ("website",)
    with pytest.raises(UsageError):
        check_images(site.runner, "HEAD", ["cms"], None)


def is_refused(site: Site, code: int, *words: str) -> None:
    assert site.plan(*words) == (code, {})


def test_a_dockerfile_of_unknown_syntax(site: Site) -> None:
    site.commit("apps/cms/Dockerfile", "FROM node:20-alpine\nFETCH everything\n")
    is_built_alone(site, "apps/cms/Dockerfile is not a valid Dockerfile (apps/cms/Dockerfile:2): unknown instruction")


def test_a_dockerfile_that_was_of_unknown_syntax_before(site: Site) -> None:
    mended = (site.repo / "apps/cms/Dockerfile").read_text()
    site.commit("apps/cms/Dockerfile", "FETCH everything\n")
    site.commit("apps/cms/Dockerfile", mended)
    code, apps = site.plan("--since", "HEAD~1")
    assert (code, apps["cms"]["action"], apps["website"]["action"]) == (0, "build", "reuse")
    assert "apps/cms/Dockerfile is not a valid Dockerfile" in apps["cms"]["causes"][0]["detail"]
    assert site.plan()[1]["cms"]["action"] == "reuse"


def test_no_dockerfile_that_can_be_read(site: Site) -> None:
    site.commit("apps/cms/Dockerfile", "FETCH everything\n")
    site.commit("apps/website/Dockerfile", "FETCH everything\n")
    is_refused(site, 2)


def test_a_manifest_that_does_not_parse(site: Site) -> None:
    site.commit("apps/cms/package.json", '{"name": "@mini/cms", "dependencies": {')
    is_built_alone(site, "apps/cms/package.json is not valid JSON")


def test_a_manifest_that_every_app_needs(site: Site) -> None:
    site.commit("packages/db/package.json", '{"name": "@mini/db", ')
    is_refused(site, 2)


@pytest.mark.parametrize("path", ["apps/cms/src/server.ts", "apps/cms/Dockerfile"])
def test_a_git_object_whose_content_is_needed(site: Site, path: str) -> None:
    site.lose(f"HEAD:{path}")
    is_built_alone(site, f"this clone has no content for {path}")


def test_a_git_object_that_is_only_sent(site: Site) -> None:
    """Its id says that nothing changed since the parent; but nothing can be said of an image that is not known."""
    site.lose("HEAD:apps/cms/logo.png")
    code, apps = site.plan()
    assert (code, apps["cms"]["action"], apps["website"]["action"]) == (0, "build", "reuse")
    assert ("apps/cms/logo.png", "unknown") in [(cause["what"], cause["kind"]) for cause in apps["cms"]["causes"]]
    plan = make_plan(site.runner, apps=["cms"])
    with ImageBuilder(site.runner, plan, builder=LocalBuilder()) as images, pytest.raises(UsageError, match="logo"):
        images.result("cms")


@pytest.mark.parametrize("revision", ["HEAD:apps/cms/src", "HEAD:apps", "HEAD^{tree}", "HEAD", "HEAD:pnpm-lock.yaml"])
def test_a_git_object_that_every_app_needs(site: Site, revision: str) -> None:
    site.lose(revision)
    is_refused(site, 2)


def test_a_git_object_that_is_damaged(site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))  # else nobody reads it: its id says what it held
    oid = git(site.repo, "rev-parse", "HEAD:apps/cms/src/server.ts")
    file = site.repo / ".git/objects" / oid[:2] / oid[2:]
    file.chmod(0o644)
    file.write_bytes(b"not what zlib wrote")
    is_built_alone(site, "this clone has no content for apps/cms/src/server.ts")


@pytest.mark.parametrize(
    "text",
    [
        "{ [",
        LOCKFILE.replace("importers:", "importers:\n<<<<<<< HEAD"),
        LOCKFILE + "importers: {}\n",
        "lockfileVersion: '9.0'\nimporters: 3\n",
        "\0",
    ],
    ids=["no YAML", "a merge's marks", "a key twice", "another type", "no text"],
)
def test_a_lockfile_that_cannot_be_read(site: Site, text: str) -> None:
    site.commit("pnpm-lock.yaml", text)
    is_refused(site, 2)
    is_refused(site, 2, "--since", "HEAD~1")


LOGIN_PAGE = ("200 OK", {"Content-Type": "text/html"}, b"<html>Please log in</html>")


@pytest.mark.parametrize(
    "answer",
    [
        LOGIN_PAGE,
        ("200 OK", {"Docker-Content-Digest": "banana"}, b""),
        ("200 OK", {"Docker-Content-Digest": "sha256:beef"}, b""),
        ("302 Found", {"Location": "https://login.example/"}, b""),
        ("204 No Content", {}, b""),
        ("418 Teapot", {}, b"short and stout"),
    ],
    ids=["a page", "no digest", "half a digest", "a redirect", "nothing", "a joke"],
)
def test_a_registry_that_answers_nonsense(site: Site, answer: Answer) -> None:
    site.server.failures = [answer] * 40
    is_refused(site, 4)
    with pytest.raises(OutsideError):
        make_plan(site.runner, apps=["website"])


def test_nonsense_about_one_image_does_not_stop_another(site: Site) -> None:
    site.server.manifests["mini/cms", key_tag(make_plan(site.runner, since="HEAD").app("cms").key)] = b"<html>"
    site.server.states_digest = False
    with pytest.raises(OutsideError, match="answers what no registry would"):
        make_plan(site.runner, apps=["cms"])
    assert make_plan(site.runner, apps=["website"]).app("website").action == "reuse"


def test_a_digest_that_does_not_match(site: Site) -> None:
    """The key is gone, an image is built, and what the registry then gives under its digest are other bytes."""
    site.server.manifests.clear()
    pushed = site.server._put_manifest

    def damaged(name: str, reference: str, body: bytes) -> Answer:
        answer = pushed(name, reference, body)
        site.server.manifests[name, reference] = body + b" "
        return answer

    site.server._put_manifest = damaged  # type: ignore[method-assign] # the registry's storage is broken
    plan = make_plan(site.runner, apps=["cms"])
    assert plan.app("cms").action == "build"
    with (
        ImageBuilder(site.runner, plan, builder=LocalBuilder()) as images,
        pytest.raises(OutsideError, match="other bytes than it was asked for"),
    ):
        images.result("cms")
    assert ("mini/cms", key_tag(plan.app("cms").key)) not in site.server.manifests


def test_a_base_image_that_is_no_longer_pinned(site: Site) -> None:
    site.commit("alecia.lock", "images: {}\nversion: 1\n")
    code, apps = site.plan("--since", "HEAD~1")
    assert (code, [app["action"] for app in apps.values()]) == (0, ["build", "build"])
    assert [(cause["kind"], cause["what"]) for cause in apps["cms"]["causes"]] == [("base_image", "node:20-alpine")]
    assert {app["action"] for app in site.plan()[1].values()} == {"build"}


def test_a_base_image_that_the_builder_cannot_find(site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An image that is there is reused, for it needs its base no more; one that is not is not built, and says why."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    def gone(label: str) -> None:
        if label == "node:20-alpine":
            raise ReleaseFailedError("the build failed", why="node:20-alpine: not found")

    site.commit("apps/cms/src/server.ts", "// other\n")
    plan = make_plan(site.runner)
    assert {app.name: app.action for app in plan.apps} == {"cms": "build", "website": "reuse"}
    with ImageBuilder(site.runner, plan, builder=LocalBuilder(gone)) as images:
        assert images.result("website").reused
        with pytest.raises(OutsideError, match="the base image node:20-alpine cannot be had") as caught:
            images.result("cms")
    assert caught.value.why == "node:20-alpine: not found"
    assert ("mini/cms", key_tag(plan.app("cms").key)) not in site.server.manifests


def test_a_base_image_that_no_registry_has_any_more_cannot_be_pinned(site: Site) -> None:
    assert run(["lock", "--update", str(site.repo)]) == 4
    assert (site.repo / "alecia.lock").read_text() == PINNED
