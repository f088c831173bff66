import pytest

from alecia_pipeline.errors import UsageError
from alecia_pipeline.images.reference import image_name, image_repository, key_tag, pinned_image


def test_images_are_registry_slash_app() -> None:
    repository = image_repository("ghcr.io/alecia", "website")
    assert (repository.host, repository.name) == ("ghcr.io", "alecia/website")
    assert repository.at("sha256:a") == "ghcr.io/alecia/website@sha256:a"


@pytest.mark.parametrize("registry", ["localhost", "localhost:5000", "registry.example/"])
def test_a_registry_may_have_no_path(registry: str) -> None:
    assert image_repository(registry, "cms").name == "cms"


@pytest.mark.parametrize("registry", ["alecia", "", "ghcr.io/Alecia", "https://ghcr.io/alecia"])
def test_what_is_no_registry_is_refused(registry: str) -> None:
    with pytest.raises(UsageError, match="is not a registry"):
        image_repository(registry, "cms")


def test_the_tag_is_the_key() -> None:
    assert key_tag("0123456789abcdef" * 4) == "key-0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("name", "host", "path", "tag"),
    [
        ("node", "registry-1.docker.io", "library/node", "latest"),
        ("node:20-alpine", "registry-1.docker.io", "library/node", "20-alpine"),
        ("acme/base:1", "registry-1.docker.io", "acme/base", "1"),
        ("docker.io/acme/base", "registry-1.docker.io", "acme/base", "latest"),
        ("ghcr.io/acme/base:x", "ghcr.io", "acme/base", "x"),
        ("localhost:5000/base", "localhost:5000", "base", "latest"),
    ],
)
def test_an_image_is_asked_for_where_docker_would(name: str, host: str, path: str, tag: str) -> None:
    image = image_name(name)
    assert (image.repository.host, image.repository.name, image.tag) == (host, path, tag)
    assert image.login_host == ("https://index.docker.io/v1/" if host.startswith("registry-1") else host)


@pytest.mark.parametrize("name", ["", "Node:20", "a b", "node@sha256:x"])
def test_what_names_no_image_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="names no image"):
        image_name(name)


def test_a_reference_by_digest_is_taken_apart() -> None:
    repository, digest = pinned_image("ghcr.io/alecia/website@sha256:" + "a" * 64)
    assert (str(repository), digest) == ("ghcr.io/alecia/website", "sha256:" + "a" * 64)
    assert repository.at(digest) == "ghcr.io/alecia/website@sha256:" + "a" * 64


@pytest.mark.parametrize("reference", ["ghcr.io/a/b:latest", "website@sha256:" + "a" * 64, "ghcr.io/a@sha256:beef", ""])
def test_anything_else_names_no_image_for_certain(reference: str) -> None:
    with pytest.raises(ValueError, match="names no image"):
        pinned_image(reference)
