"""Real BuildKit and a real registry: pushed by digest, tagged by key, reused, the same bytes for the same output."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from alecia_pipeline.adapters.sandbox.sandbox import Sandbox
from alecia_pipeline.config import BuilderConfig, Config, SecretSource, SigningConfig
from alecia_pipeline.errors import ReleaseFailedError
from alecia_pipeline.images.evidence import PROVENANCE_KIND, SIGNED, UNSIGNED
from alecia_pipeline.images.reference import image_repository, key_tag
from alecia_pipeline.operations.attaching import open_referrers
from alecia_pipeline.operations.building import ImageBuilder
from alecia_pipeline.operations.planning import make_plan
from alecia_pipeline.operations.registries import open_registry
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.operations.verifying import verify_image
from alecia_pipeline.release.model import ImageResult
from alecia_pipeline_tests.box import open_box
from alecia_pipeline_tests.conftest import Repository, git, write
from alecia_pipeline_tests.cosign import PASSWORD, make_pair
from alecia_pipeline_tests.monorepo import mini

pytestmark = pytest.mark.engine

DOCKERFILE = """\
FROM node:20-alpine AS builder
WORKDIR /repo
COPY package.json pnpm-lock.yaml ./
COPY packages/db packages/db
COPY apps/cms apps/cms
RUN mkdir dist && grep -v '^//' apps/cms/src/server.ts > dist/server.js && cp pnpm-lock.yaml dist/

FROM scratch
COPY --from=builder /repo/dist /
USER 1000
"""
FILES = mini({"apps/cms/Dockerfile": DOCKERFILE, "apps/website/Dockerfile": None})


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    return open_box()


@pytest.fixture
def runner(sandbox: Sandbox, repository: Repository, tmp_path: Path) -> Runner:
    status = sandbox.status()
    repo = repository(FILES)
    # A name of its own for each test: the registry remembers, and that is the point of it.
    registry = f"{status.registry}/test-{os.getpid()}-{tmp_path.name[:40].lower().strip('_')}"
    builder = BuilderConfig(contexts=sandbox.build_contexts(), docker_config=str(status.docker_config))
    return Runner(repo, Config(registry=registry, builder=builder), print)


def build(runner: Runner) -> ImageResult:
    with ImageBuilder(runner, make_plan(runner)) as images:
        return images.result("cms")


def change(runner: Runner, text: str) -> None:
    write(runner.repo, {"apps/cms/src/server.ts": text})
    git(runner.repo, "commit", "--quiet", "--all", "--message=change")


def test_an_image_is_built_once_and_found_again(runner: Runner) -> None:
    first, second = build(runner), build(runner)
    assert (first.reused, second.reused) == (False, True)
    assert first.digest == second.digest
    assert first.layers == 1
    repository = image_repository(runner.config.registry or "", "cms")
    with open_registry(runner, runner.config.registry or "") as registry:
        assert registry.digest(repository, key_tag(first.key)) == first.digest


def test_a_comment_changes_the_key_and_not_the_image(runner: Runner) -> None:
    first = build(runner)
    change(runner, "// why\nimport '@mini/db';\n")
    second = build(runner)
    assert second.key != first.key
    assert not second.reused
    assert second.digest == first.digest


def test_a_real_registry_keeps_the_evidence_of_both_builds_of_one_image(runner: Runner) -> None:
    first = build(runner)
    assert verify_image(runner, first.reference).key == first.key
    change(runner, "// why\nimport '@mini/db';\n")
    second = build(runner)
    found = verify_image(runner, second.reference)
    assert found.ok, found.checks
    assert (found.app, found.commit, found.key) == ("cms", git(runner.repo, "rev-parse", "HEAD").strip(), second.key)
    assert found.components == 5
    assert set(found.bases) == {"node:20-alpine"}
    with open_referrers(runner, runner.config.registry or "") as referrers:
        place = image_repository(runner.config.registry or "", "cms")
        assert len(referrers.attached(place, second.digest, {PROVENANCE_KIND})) == 2


def test_what_is_built_is_signed_with_the_configured_key(runner: Runner, tmp_path: Path) -> None:
    pair, other = make_pair(), make_pair()
    for name, data in (("own", pair.public), ("other", other.public), ("key", pair.private.encode())):
        (tmp_path / name).write_bytes(data)
    (tmp_path / "password").write_text(PASSWORD)
    key, password = (SecretSource(file=str(tmp_path / name)) for name in ("key", "password"))
    signing = SigningConfig(key=key, password=password, public_key=str(tmp_path / "own"))
    signed = replace(runner, config=runner.config.model_copy(update={"signing": signing}))
    image = build(signed).reference
    found = verify_image(signed, image)
    assert found.ok, found.checks
    assert found.level == SIGNED
    assert not verify_image(signed, image, tmp_path / "other").ok
    assert verify_image(runner, image).level == UNSIGNED
    assert build(signed).reused


def test_another_output_is_another_image(runner: Runner) -> None:
    first = build(runner)
    change(runner, "import '@mini/db'; run();\n")
    assert build(runner).digest != first.digest


def test_a_failing_build_shows_its_output_and_leaves_no_tag(runner: Runner) -> None:
    write(
        runner.repo,
        {"apps/cms/Dockerfile": DOCKERFILE.replace("RUN mkdir", "RUN echo tsup: not found && false && mkdir")},
    )
    git(runner.repo, "commit", "--quiet", "--all", "--message=break")
    with pytest.raises(ReleaseFailedError) as caught:
        build(runner)
    assert "tsup: not found" in (caught.value.why or "")
    assert make_plan(runner).app("cms").action == "build"
