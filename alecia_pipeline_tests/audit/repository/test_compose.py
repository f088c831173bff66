import pytest

from alecia_pipeline.audit.repository import compose, compose_health, compose_images
from alecia_pipeline_tests.audit.snapshots import manifest, snapshot

PRODUCTION = "docker-compose.production.yml"


def images(path: str, image: str, more: str = "") -> list[int | None]:
    text = f"services:\n  other:\n    image: x:1\n  db:\n    {more}\n    image: {image}\n"
    found = list(compose_images.findings(snapshot({path: text})))
    assert {finding.rule for finding in found} <= {"compose-image-unpinned"}
    return [finding.line for finding in found]


@pytest.mark.parametrize(
    "image",
    ["postgres", "minio/minio:latest", "ghcr.io/a/b:main", "caddy:latest-alpine", "${REGISTRY}/web", "h:5000/x"],
)
def test_an_image_without_a_version(image: str) -> None:
    assert images(PRODUCTION, image) == [6]
    assert images("docker-compose.yml", image) == [6]
    assert images("docker-compose.dev.yml", image) == []


@pytest.mark.parametrize(
    "image",
    [
        "postgres:15-alpine",
        "redis@sha256:00",
        "${IMAGE}",
        "ghcr.io/a/web:${TAG:-latest}",
        "x:RELEASE.2025-04-22T22",
        "[]",
    ],
)
def test_an_image_that_has_one_or_may_have(image: str) -> None:
    assert images(PRODUCTION, image) == []


def test_what_is_built_is_named_not_pulled() -> None:
    assert images("docker-compose.yml", "web", "build: .") == []


def test_the_pipeline_pins_the_images_of_its_own_apps() -> None:
    files = {
        "alecia.yaml": "registry: ghcr.io/alecia\napps: {web: {package: '@x/web'}}\n",
        "apps/web/Dockerfile": "FROM node:20\n",
        PRODUCTION: "services: {web: {image: ghcr.io/alecia/web}, other: {image: ghcr.io/alecia/other}}\n",
    }
    (finding,) = compose_images.findings(snapshot(files))
    assert "service other" in finding.message


def healthless(files: dict[str, str]) -> list[tuple[str | None, int | None]]:
    found = list(compose_health.findings(snapshot(files)))
    assert {finding.rule for finding in found} <= {"compose-healthcheck"}
    return [(finding.file, finding.line) for finding in found]


@pytest.mark.parametrize(
    "service",
    [
        "{image: x}",
        "{image: x, healthcheck: {disable: true}}",
        "{image: x, healthcheck: {test: [NONE]}}",
        "{image: x, restart: always}",
        "{build: .}",
    ],
)
def test_a_deployed_service_without_health_check(service: str) -> None:
    text = f"services:\n  db: {service}\n"
    assert healthless({PRODUCTION: text}) == [(PRODUCTION, 2)]
    assert healthless({"docker-compose.yml": text}) == []


@pytest.mark.parametrize(
    "service",
    [
        "{image: x, healthcheck: {test: [CMD, y]}}",
        "{image: x, restart: 'no'}",
        "{image: x, restart: on-failure:3}",
        "{extends: {file: y, service: z}}",
        "{ports: ['80:80']}",
    ],
)
def test_a_service_that_needs_none_here(service: str) -> None:
    assert healthless({PRODUCTION: f"services: {{db: {service}}}\n"}) == []


def test_a_job_that_others_await_needs_none() -> None:
    waits = (
        "{image: y, healthcheck: {}, depends_on: {job: {condition: service_completed_successfully}, z: {}, a: null}}"
    )
    assert healthless({PRODUCTION: f"services: {{job: {{image: x}}, app: {waits}}}\n"}) == []


def test_the_file_below_may_have_the_check() -> None:
    checked = "services: {db: {image: x, healthcheck: {test: y}}}\n"
    override = "services: {db: {image: y}}\n"
    assert healthless({PRODUCTION: override, "compose.yaml": checked}) == []
    assert healthless({PRODUCTION: override, "infra/compose.yaml": checked}) == [(PRODUCTION, None)]


def test_the_image_may_bring_its_check() -> None:
    files = {
        "apps/web/package.json": manifest("@x/web"),
        "apps/web/Dockerfile": "FROM node:20\nHEALTHCHECK CMD node health.js\n",
        "apps/api/package.json": manifest("@x/api"),
        "apps/api/Dockerfile": "FROM node:20\n",
        PRODUCTION: "services: {web: {image: x}, site: {build: {context: ., dockerfile: apps/web/Dockerfile}}}\n",
    }
    assert healthless(files) == []
    assert len(healthless({**files, "apps/web/Dockerfile": "FROM node:20\n"})) == 2


def test_which_files_are_looked_at() -> None:
    paths = [
        "compose.yaml", "docker-compose.prod.yml", "infra/production/compose.yml", "infra/compose.test.yml",
        "templates/a/compose.yaml", "a/b/c/compose.yaml", "apps/web/compose.yaml", "decompose.yaml",
    ]  # fmt: skip
    files = snapshot(dict.fromkeys(paths, "services: {}\n")).compose
    assert [(file.path, file.is_deployed, file.is_for_development) for file in files] == [
        ("compose.yaml", False, False),
        ("docker-compose.prod.yml", True, False),
        ("infra/compose.test.yml", False, True),
        ("infra/production/compose.yml", True, False),
    ]


def test_the_line_of_a_key_is_found_within_its_service() -> None:
    text = "services:\n  a:\n    # note\n\n    image: x\n  b:\n    image: y\nnetworks:\n  c:\n    image: z\n"
    (file,) = snapshot({"compose.yaml": text}).compose
    assert [file.line(*at) for at in (("a", "image"), ("b", "image"), ("a", "build"), ("z", "image"))] == [
        5,
        7,
        2,
        None,
    ]


def test_a_build_in_a_folder_for_production() -> None:
    (finding,) = compose.findings(snapshot({"infra/production/compose.yml": "services:\n  web:\n    build: x\n"}))
    assert (finding.rule, finding.line) == ("compose-build", 3)
