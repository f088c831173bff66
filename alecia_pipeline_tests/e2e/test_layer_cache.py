"""The layer cache in a real registry, for a real engine that has built nothing yet: a fresh machine."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from alecia_pipeline.adapters.buildkit import BuildKit
from alecia_pipeline.adapters.sandbox.runner_file import runner_file
from alecia_pipeline.adapters.sandbox.sandbox import Sandbox
from alecia_pipeline.config import BuilderConfig, Config, parse_config
from alecia_pipeline.images.cache import cache_tag
from alecia_pipeline.images.command import LayerCache
from alecia_pipeline.operations import layer_cache
from alecia_pipeline.operations.building import ImageBuilder
from alecia_pipeline.operations.planning import keyed_app, make_plan, read_commit
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.operations.workshop import Made, Workshop, build_folder
from alecia_pipeline.release.model import ImageResult
from alecia_pipeline_tests.box import SAMPLE, open_box
from alecia_pipeline_tests.conftest import Repository, git, write
from alecia_pipeline_tests.empty_engine import empty_engine
from alecia_pipeline_tests.monorepo import mini
from alecia_pipeline_tests.shop import new_word

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]

DOCKERFILE = """\
FROM node:20-alpine AS deps
WORKDIR /repo
COPY package.json pnpm-lock.yaml ./
# Stands for an install: done twice, it would give two images.
RUN head -c 100000 /dev/urandom > installed

FROM deps AS builder
COPY packages/db packages/db
COPY apps/cms apps/cms
RUN mkdir dist && cp apps/cms/src/server.ts dist/ && sha256sum installed > dist/installed

FROM scratch
COPY --from=builder /repo/dist /
"""
FILES = mini({"apps/cms/Dockerfile": DOCKERFILE, "apps/website/Dockerfile": None})


@pytest.fixture(scope="module")
def box() -> Sandbox:
    return open_box()


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def fresh_machine(box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Return what lets every build from now on happen on an engine that has built nothing."""
    with empty_engine(box) as host:
        yield lambda: monkeypatch.setenv("DOCKER_HOST", host)


@pytest.fixture
def runner(box: Sandbox, repository: Repository, tmp_path: Path, said: list[str]) -> Runner:
    status = box.status()
    # A name of its own for each test: the registry remembers, and that is the point of it.
    registry = f"{status.registry}/test-{os.getpid()}-{tmp_path.name[:40].lower().strip('_')}"
    builder = BuilderConfig(contexts=box.build_contexts(), docker_config=str(status.docker_config))
    # Steps that no test before has done: of those the engine may have thrown away some, and what led to others.
    files = FILES | {"package.json": json.dumps({"name": new_word(tmp_path.name)})}
    return Runner(repository(files), Config(registry=registry, builder=builder), said.append)


def build(runner: Runner, app: str = "cms") -> ImageResult:
    with ImageBuilder(runner, make_plan(runner)) as images:
        return images.result(app)


def commit(runner: Runner, path: str, text: str) -> None:
    write(runner.repo, {path: text})
    git(runner.repo, "commit", "--quiet", "--all", "--message=change")


def make(runner: Runner, cache: LayerCache) -> Made:
    """Build the head's image without a registry of images, on the builder of the moment."""
    view = read_commit(runner, "HEAD")
    keyed = keyed_app(runner, view, view.app("cms"), None)
    with build_folder() as folder:
        return Workshop(runner, view, BuildKit(runner.log)).make(keyed, {}, folder, cache=cache)


def test_a_fresh_machine_installs_nothing_and_makes_the_same_image(
    runner: Runner, fresh_machine: Callable[[], None]
) -> None:
    assert not build(runner).reused
    commit(runner, "apps/cms/src/server.ts", "import '@mini/db'; run();\n")
    expected = make(runner, LayerCache()).image.digest
    fresh_machine()
    made = build(runner)
    assert not made.reused
    assert (made.cached_steps, made.executed_steps) == (4, 3)
    assert made.digest == expected


def test_records_cut_to_those_of_use_do_the_same(
    runner: Runner, fresh_machine: Callable[[], None], said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layer_cache, "READABLE", 1)
    for word in ("first", "second"):  # the same files out of two contexts: a link to each
        commit(runner, "packages/db/src/index.ts", f"export const {word} = 1;\n")
        make(runner, LayerCache())
    build(runner)
    commit(runner, "apps/cms/src/server.ts", "import '@mini/db'; run();\n")
    expected = make(runner, LayerCache()).image.digest
    said.clear()
    fresh_machine()
    made = build(runner)
    assert "cms | the layer cache had more records than BuildKit reads: cut to those of use" in said
    assert (made.cached_steps, made.executed_steps) == (4, 3)
    assert made.digest == expected


def test_a_registry_that_lost_a_layer_costs_an_install_and_is_mended(
    box: Sandbox, runner: Runner, fresh_machine: Callable[[], None], said: list[str]
) -> None:
    build(runner)
    lose_install(box, runner)
    commit(runner, "apps/cms/src/server.ts", "import '@mini/db'; run();\n")
    said.clear()
    fresh_machine()
    assert not build(runner).reused
    (again,) = [number for number, line in enumerate(said) if "is done again, without the layers of" in line]
    assert ended(said[:again], "> installed") == "CACHED"
    assert ended(said[again:], "> installed") == "DONE"
    assert any("exporting cache to registry" in line for line in said[again:])


def lose_install(box: Sandbox, runner: Runner) -> None:
    """Take the layer of the cache that holds the installed file, known by its size, out of the registry's storage."""
    view = read_commit(runner, "HEAD")
    keyed = keyed_app(runner, view, view.app("cms"), None)
    tag = cache_tag(keyed.context, keyed.fields)
    place = (runner.config.registry or "").partition("/")[2] + "/cms"
    root = "/var/lib/registry/docker/registry/v2"
    digest = in_registry(box, "cat", f"{root}/repositories/{place}/_manifests/tags/{tag}/current/link").strip()
    layers = json.loads(in_registry(box, "cat", blob(root, digest)))["layers"]
    (lost,) = [layer["digest"] for layer in layers if 100_000 <= layer["size"] <= 110_000]
    in_registry(box, "rm", blob(root, lost))


def blob(root: str, digest: str) -> str:
    name = digest.removeprefix("sha256:")
    return f"{root}/blobs/sha256/{name[:2]}/{name}/data"


def in_registry(box: Sandbox, *words: str) -> str:
    container = box.status().vps_container.removesuffix("vps") + "registry"
    done = subprocess.run(["docker", "exec", container, *words], capture_output=True, text=True, check=True)
    return done.stdout


def test_a_cache_that_can_be_neither_read_nor_written_fails_no_build(runner: Runner, said: list[str]) -> None:
    nowhere = "ghcr.alecia.localhost:1/nowhere/cms:cache"
    made = make(runner, LayerCache(read=nowhere, write=nowhere))
    assert made.image.digest
    for what in ("importing cache manifest from", "exporting cache to registry"):
        (number,) = {line.split()[2] for line in said if f" {what}" in line and " > " not in line}
        assert any(f"| {number} ERROR: " in line and "connection refused" in line for line in said)


def test_website_is_rebuilt_on_a_fresh_machine_without_an_install(
    box: Sandbox, repository: Repository, tmp_path: Path, said: list[str], fresh_machine: Callable[[], None]
) -> None:
    repo = repository({str(p.relative_to(SAMPLE)): p.read_bytes() for p in tracked(SAMPLE)})
    config = parse_config((SAMPLE / "alecia.yaml").read_bytes())
    own = yaml.safe_load(runner_file(config, box.status(), box.build_contexts(), {}))
    own["registry"] = f"{box.status().registry}/test-{os.getpid()}-website"
    runner = Runner(repo, parse_config(yaml.safe_dump(own).encode()), said.append)
    build(runner, "website")
    page = repo / "apps/website/app/page.tsx"
    commit(runner, "apps/website/app/page.tsx", page.read_text().replace("<h1", f'<h1 data-x="{new_word("x")}"', 1))
    said.clear()
    fresh_machine()
    made = build(runner, "website")
    assert not made.reused
    ends = {step: ended(said, step) for step in ("pnpm install", "npm install --global", "turbo build")}
    assert ends == {"pnpm install": "CACHED", "npm install --global": "CACHED", "turbo build": "DONE"}


def tracked(folder: Path) -> list[Path]:
    return [folder / name for name in git(folder, "ls-files").splitlines()]


def ended(said: list[str], instruction: str) -> str:
    """Return how the step with this instruction ended first, by BuildKit's progress."""
    lines = [line.partition(" | ")[2] for line in said]
    number = next(line.split()[0] for line in lines if instruction in line and "] RUN " in line)
    return next(
        line.split()[1] for line in lines if line.split()[:1] == [number] and line.split()[1] in {"CACHED", "DONE"}
    )
