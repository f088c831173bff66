import pytest

from alecia_pipeline.audit.repository import compose, contexts
from alecia_pipeline.audit.rules import audit_snapshot
from alecia_pipeline.audit.snapshot import take_snapshot
from alecia_pipeline.errors import UsageError
from alecia_pipeline_tests.incidents.suite import SUITE, Files
from alecia_pipeline_tests.trees import DictTree


def in_scripts(files: Files) -> list[tuple[str | None, int | None]]:
    snapshot = take_snapshot(DictTree({**SUITE, **files}))
    found = list(contexts.findings(snapshot))
    assert {finding.rule for finding in found} <= {"docker-context"}
    return [(finding.file, finding.line) for finding in found]


@pytest.mark.parametrize(
    "command",
    [
        "docker build apps/website",
        "docker build -t x --build-arg=A=1 --no-cache apps/website/",
        "docker buildx build --platform linux/amd64 --file apps/website/Dockerfile apps/website",
        "docker image build -f=apps/website/Dockerfile apps/website",
        "cd apps/website && docker build .",
        "podman build \\\n  -t website \\\n  apps/website",
    ],
)
def test_a_script_with_the_app_as_context(command: str) -> None:
    assert in_scripts({"deploy.sh": f"#!/bin/sh\n{command}\n"}) == [("deploy.sh", 2)]


@pytest.mark.parametrize(
    "command",
    [
        "docker build -f apps/website/Dockerfile .",
        "docker build $FOLDER",
        "docker build -",
        "docker build",
        "docker compose build",
        "docker build tools/other",
        "echo docker",
        "docker build -f",
        "docker build . \\",
    ],
)
def test_a_script_that_is_right_or_unknown(command: str) -> None:
    assert in_scripts({"deploy.sh": command}) == []


def test_makefiles_and_package_scripts_start_in_their_folder() -> None:
    files: Files = {
        "apps/website/Makefile": "image:\n\t@docker build .\n",
        "apps/colab/package.json": '{"name": "@alecia/colab",\n"scripts": {\n"image": "docker build -t colab ."}}',
    }
    assert in_scripts(files) == [("apps/website/Makefile", 2), ("apps/colab/package.json", 3)]


def test_a_workflow_step_with_the_app_as_context() -> None:
    step = "      - uses: docker/build-push-action@v6\n        with:\n"
    step += "          context: {context}\n          file: {file}\n"
    wrong = step.format(context="apps/website", file="apps/website/Dockerfile")
    right = step.format(context=".", file="apps/website/Dockerfile")
    unknown = step.format(context="${{ matrix.app }}", file="x")
    assert in_scripts({".github/workflows/a.yml": wrong}) == [(".github/workflows/a.yml", 3)]
    assert in_scripts({".github/workflows/a.yml": right, ".github/workflows/b.yml": unknown}) == []
    assert in_scripts({".gitlab-ci.yml": wrong}) == []


def in_compose(path: str, text: str, **files: str) -> list[tuple[str, int | None]]:
    snapshot = take_snapshot(DictTree({**SUITE, path: text, **files}))
    return [(finding.rule, finding.line) for finding in compose.findings(snapshot)]


@pytest.mark.parametrize(
    ("path", "build", "expected"),
    [
        ("compose.yaml", "build: apps/website", [("docker-context", 4)]),
        ("docker-compose.dev.yml", "build: {context: ./apps/website}", [("docker-context", 4)]),
        ("infra/docker-compose.yml", "build: ../apps/website", [("docker-context", 4)]),
        ("compose.yaml", "build: {context: ., dockerfile: apps/website/Dockerfile}", []),
        ("compose.yaml", "image: x", []),
        (
            "docker-compose.production.yml",
            "build: {context: ., dockerfile: apps/website/Dockerfile}",
            [("compose-build", 4)],
        ),
        ("docker-compose-staging.yml", "build: apps/website", [("compose-build", 4), ("docker-context", 4)]),
        ("apps/website/compose.yaml", "build: .", []),
        ("a/b/c/compose.yaml", "build: ../../../apps/website", []),
        ("notes.yml", "build: .", []),
    ],
)
def test_builds_in_compose_files(path: str, build: str, expected: list[tuple[str, int | None]]) -> None:
    assert in_compose(path, f"services:\n  other: {{image: y}}\n  'website':\n    {build}\n") == expected


def test_the_configured_compose_file_is_deployed() -> None:
    config = """\
environments:
  staging:
    domain: x.example
    hosts: [{address: h, user: u, identity_file: k, host_key: "SHA256:%s"}]
    compose: ops/stack/live/app.yml
    caddyfile: Caddyfile
""" % ("a" * 43)
    text = "services: {website: {build: .}}\n"
    assert in_compose("ops/stack/live/app.yml", text, **{"alecia.yaml": config}) == [("compose-build", None)]


def test_a_compose_file_that_does_not_parse_is_an_error() -> None:
    with pytest.raises(UsageError):
        in_compose("compose.yaml", "a: [")


def test_the_order_of_findings_does_not_depend_on_the_order_of_files() -> None:
    files: Files = {**SUITE, "._a": b"", "._b": b"", "compose.yaml": "services: {website: {build: apps/website}}"}
    one, two = (
        audit_snapshot(take_snapshot(DictTree(dict(items)))) for items in (files.items(), reversed(files.items()))
    )
    assert one == two
    assert [finding.rule for finding in one] == ["junk-file", "junk-file", "docker-context"]
