import pytest

from alecia_pipeline.config import AppConfig, Config
from alecia_pipeline.errors import UsageError
from alecia_pipeline.source.apps import App, commit_config, discover_apps
from alecia_pipeline.source.workspace import read_workspace
from alecia_pipeline_tests.trees import DictTree

FILES: dict[str, str | bytes] = {
    "package.json": "{}",
    "pnpm-workspace.yaml": "packages: ['apps/*', 'packages/*', 'tools/*']",
    "apps/website/package.json": '{"name": "@alecia/website", "dependencies": {"@alecia/db": "*"}}',
    "apps/colab/package.json": '{"name": "@alecia/colab"}',
    "packages/db/package.json": '{"name": "@alecia/db"}',
}


def found(files: dict[str, str | bytes], config: str | None = None) -> list[tuple[str, str, str | None]]:
    return [(app.name, app.dockerfile, app.target) for app in apps(files, config)]


def apps(files: dict[str, str | bytes], config: str | None = None) -> tuple[App, ...]:
    tree = DictTree({**FILES, **files, **({"alecia.yaml": config} if config else {})})
    return discover_apps(tree, read_workspace(tree), commit_config(tree))


def test_without_configuration_a_package_with_a_dockerfile_is_an_app() -> None:
    files: dict[str, str | bytes] = {
        "apps/website/Dockerfile": "FROM x",
        "apps/website/Dockerfile.dev": "FROM x",
        "apps/website/Dockerfile.dockerignore": "",
        "apps/website/src/templates/Dockerfile": "FROM x",
        "apps/colab/Dockerfile.prod": "FROM x",
        "apps/colab/Dockerfile.dev": "FROM x",
        "infrastructure/caddy/Dockerfile": "FROM caddy",
    }
    assert apps(files)[1] == App(
        "website", "@alecia/website", "apps/website", "apps/website/Dockerfile", None, AppConfig()
    )
    assert found(files) == [("colab", "apps/colab/Dockerfile.prod", None), ("website", "apps/website/Dockerfile", None)]


def test_a_root_dockerfile_names_its_app_by_stage_or_filter() -> None:
    stages = "FROM node AS base\nFROM base AS website\nFROM base AS colab\nRUN pnpm --filter=@alecia/colab build"
    assert found({"Dockerfile": stages}) == [
        ("colab", "Dockerfile", "colab"),
        ("website", "Dockerfile", "website"),
    ]
    filters = "FROM node\nRUN pnpm -F @alecia/db generate && <<X\npnpm turbo build --filter='@alecia/website...'\nX\n"
    assert found({"docker/web.Dockerfile": filters}) == [("website", "docker/web.Dockerfile", None)]
    folder = "FROM node\nRUN turbo prune --docker\nRUN pnpm --filter ./apps/colab build\nCOPY . ."
    assert found({"Dockerfile": folder}) == [("colab", "Dockerfile", None)]
    assert found({"Dockerfile": "FROM node\nRUN turbo prune @alecia/colab"}) == [("colab", "Dockerfile", None)]


def test_a_dockerfile_in_the_package_wins_over_one_that_names_it() -> None:
    files: dict[str, str | bytes] = {"Dockerfile": "FROM x AS website", "apps/website/Dockerfile": "FROM x"}
    assert found(files) == [("website", "apps/website/Dockerfile", None)]


def test_two_apps_of_one_short_name_go_by_their_folders() -> None:
    files: dict[str, str | bytes] = {
        "apps/website/Dockerfile": "FROM x",
        "tools/site/package.json": '{"name": "@other/Website"}',
        "tools/site/Dockerfile": "FROM x",
    }
    assert [app.name for app in apps(files)] == ["tools-site", "website"]


def test_configured_apps() -> None:
    files: dict[str, str | bytes] = {
        "apps/website/Dockerfile": "FROM x",
        "apps/colab/Dockerfile": "FROM x",
        "docker/Dockerfile": "FROM x",
    }
    config = """
    apps:
      site: {package: "@alecia/website", dockerfile: docker/Dockerfile, target: runner, epoch: 2}
      colab: {}
      other: {dockerfile: apps/colab/Dockerfile}
      website: {dockerfile: docker/Dockerfile}
    """
    assert found(files, config) == [
        ("colab", "apps/colab/Dockerfile", None),
        ("other", "apps/colab/Dockerfile", None),
        ("site", "docker/Dockerfile", "runner"),
        ("website", "docker/Dockerfile", None),
    ]
    by_name = {app.name: app for app in apps(files, config)}
    assert by_name["site"].config.epoch == 2
    assert by_name["other"].package == "@alecia/colab"
    assert by_name["website"].dir == "apps/website"


def test_a_package_may_be_named_by_its_folder() -> None:
    files: dict[str, str | bytes] = {"tools/cms/package.json": '{"name": "content"}', "tools/cms/Dockerfile": "FROM x"}
    assert apps(files, "apps: {cms: {}}")[0].package == "content"


@pytest.mark.parametrize(
    ("config", "what", "why"),
    [
        (
            "apps: {web: {package: '@alecia/web'}}",
            "no workspace package '@alecia/web'",
            "did you mean '@alecia/website'",
        ),
        ("apps: {zzz: {}}", "no workspace package 'zzz'", "none of the 3 packages"),
        ("apps: {website: {}}", "there is no apps/website/Dockerfile", "the commit does not have"),
        ("apps: {website: {dockerfile: x/Dockerfile}}", "there is no x/Dockerfile", "the commit does not have"),
    ],
)
def test_a_configuration_that_names_what_is_not_there(config: str, what: str, why: str) -> None:
    with pytest.raises(UsageError, match=what) as caught:
        apps({}, config)
    assert why in str(caught.value)
    assert "alecia.yaml: apps." in (caught.value.where or "")


def test_a_commit_without_configuration_has_an_empty_one() -> None:
    assert commit_config(DictTree({})) == Config()


def test_a_dockerfile_that_the_builder_refuses_builds_no_app() -> None:
    files: dict[str, str | bytes] = {"docker/Dockerfile": "FROM x\nRUN turbo prune @alecia/website\n"}
    assert "website" in {app.name for app in apps(files)}
    files["docker/Dockerfile"] = "FROM x\nPREPARE y\n"
    assert "website" not in {app.name for app in apps(files)}
