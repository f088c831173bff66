import pytest

from alecia_pipeline.config import AppConfig, parse_config
from alecia_pipeline.source.apps import App
from alecia_pipeline.source.starter import registry_of, starter

APPS = (
    App("colab", "@alecia/colab", "apps/colab", "Dockerfile", "colab", AppConfig()),
    App("website", "@alecia/website", "apps/website", "apps/website/Dockerfile", None, AppConfig()),
)


@pytest.mark.parametrize(
    ("remote", "registry"),
    [
        ("git@github.com:Alecia/alepanel.git", "ghcr.io/alecia"),
        ("https://github.com/alecia/alepanel", "ghcr.io/alecia"),
        ("https://git.example.com/alecia/alepanel", None),
        (None, None),
    ],
)
def test_the_registry_that_goes_with_a_remote(remote: str | None, registry: str | None) -> None:
    assert registry_of(remote) == registry


def test_the_starter_is_a_valid_configuration_of_what_was_found() -> None:
    config = parse_config(starter(APPS, "ghcr.io/alecia").encode())
    assert config.registry == "ghcr.io/alecia"
    assert {name: (app.package, app.dockerfile, app.target) for name, app in config.apps.items()} == {
        app.name: (app.package, app.dockerfile, app.target) for app in APPS
    }


def test_an_unknown_registry_stays_a_comment() -> None:
    assert parse_config(starter(APPS, None).encode()).registry is None
