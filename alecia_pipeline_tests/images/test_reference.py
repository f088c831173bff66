import pytest

from alecia_pipeline.errors import UsageError
from alecia_pipeline.images.reference import image_repository, key_tag


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
