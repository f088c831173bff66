"""Each file changed once: the plan says "build" exactly when BuildKit runs a step itself, and pruning loses nothing.

All five apps of the sample: `make bench-mutations`. Here cms, for time's sake, and a Dockerfile that copies everything.
"""

import os
from pathlib import Path

import pytest

from alecia_pipeline.adapters.sandbox.sandbox import Sandbox
from alecia_pipeline.config import BuilderConfig, Config
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline_tests.box import open_box, sample_files
from alecia_pipeline_tests.conftest import Repository
from alecia_pipeline_tests.monorepo import mini
from alecia_pipeline_tests.mutations import Bench

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]

OUTSIDE = 30

COPIES_ALL = """\
FROM node:20-alpine AS builder
WORKDIR /repo
COPY . .
RUN mkdir dist && cat apps/cms/src/*.ts packages/db/src/*.ts > dist/server.js && cp pnpm-lock.yaml dist/

FROM scratch
COPY --from=builder /repo/dist/server.js /
"""


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    return open_box()


def bench(sandbox: Sandbox, repo: Path) -> Bench:
    status = sandbox.status()
    builder = BuilderConfig(contexts=sandbox.build_contexts(), docker_config=str(status.docker_config))
    return Bench(Runner(repo, Config(registry=f"{status.registry}/mutations-{os.getpid()}", builder=builder), print))


@pytest.fixture
def sample(sandbox: Sandbox, repository: Repository) -> Bench:
    return bench(sandbox, repository(sample_files()))


def test_a_plan_builds_exactly_what_the_builder_has_not_in_its_cache(sample: Bench) -> None:
    sample.build("cms")
    assert sample.first_step("cms", sample.packed(sample.start, "cms")) is None
    found = list(sample.mutate("cms"))
    assert [each for each in found if each.missed] == []
    assert [each for each in found if each.needless] == []
    built = {each.path for each in found if each.builds}
    assert {"packages/headless/src/render.ts", "pnpm-workspace.yaml", "tsconfig.base.json"} <= built
    assert 20 < len(built) < len(found) / 2


def test_nothing_outside_the_pruned_context_changes_the_image(sample: Bench) -> None:
    before = sample.digest_in_full(sample.start, "cms")
    outside = sample.samples("cms", OUTSIDE)
    assert len(outside) == OUTSIDE
    assert [path for path in outside if sample.digest_in_full(sample.commit(path), "cms") != before] == []
    inside = sample.commit("packages/headless/src/render.ts", "packages/headless/src/index.ts")
    assert sample.digest_in_full(inside, "cms") == before  # comments: the builder runs, and its output is the same


def test_a_dockerfile_that_copies_everything_gets_its_closure_alone(sandbox: Sandbox, repository: Repository) -> None:
    every = {"apps/website/app.ts": "\n", "packages/ui/a.css": "\n", "docs/a.md": "\n", "apps/cms/src/b.ts": "b()\n"}
    one = bench(
        sandbox, repository(mini({"apps/cms/Dockerfile": COPIES_ALL, "apps/website/Dockerfile": None, **every}))
    )
    one.build("cms")
    found = {each.path: each for each in one.mutate("cms")}
    assert [each for each in found.values() if each.missed or each.needless] == []
    assert found["apps/cms/src/b.ts"].builds
    before = one.digest_in_full(one.start, "cms")
    outside = one.outside("cms")
    assert {"apps/website/app.ts", "packages/ui/a.css"} <= set(outside)
    assert [path for path in outside if one.digest_in_full(one.commit(path), "cms") != before] == []
    assert one.digest_in_full(one.commit("apps/cms/src/b.ts"), "cms") != before
