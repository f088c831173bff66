"""Files that would make an image other than its commit says: no plan is made while one of them is in a context."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from alecia_pipeline.config import Config
from alecia_pipeline.errors import UsageError
from alecia_pipeline.operations.planning import Planner
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.release.model import Plan
from alecia_pipeline_tests.conftest import Repository, git, write
from alecia_pipeline_tests.monorepo import mini

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 12345\n"
TOKEN = "//npm.example/:_authToken=npm_0123456789\n"
HEAD = "1" * 40
"""The commit of a submodule: git keeps its id, and nothing of what is in it."""

Put = Callable[[Path], None]


def file(path: str, text: str) -> Put:
    return lambda repo: write(repo, {path: text})


def link(path: str, target: str) -> Put:
    def make(repo: Path) -> None:
        (repo / path).parent.mkdir(parents=True, exist_ok=True)
        (repo / path).symlink_to(target)

    return make


def submodule(path: str) -> Put:
    def make(repo: Path) -> None:
        git(repo, "update-index", "--add", "--cacheinfo", f"160000,{HEAD},{path}")

    return make


def planned(repo: Path, *puts: Put) -> Plan:
    """Commit what `puts` put there, and plan all apps."""
    for put in puts:
        put(repo)
        git(repo, "add", "--force", "--ignore-removal", ".")
    git(repo, "commit", "--quiet", "--message=next")
    return Planner(Runner(repo, Config(), lambda _: None)).plan("HEAD", since="HEAD~1")


REFUSED: Mapping[str, tuple[str, str, tuple[Put, ...]]] = {
    "a_pointer_in_a_package_that_an_app_needs": (
        "packages/ui/logo.png",
        "is a Git LFS pointer",
        (file("packages/ui/logo.png", POINTER),),
    ),
    "a_pointer_of_the_first_git_lfs": (
        "apps/cms/logo.png",
        "is a Git LFS pointer",
        (file("apps/cms/logo.png", POINTER.replace("git-lfs", "hawser")),),
    ),
    "a_pointer_outside_that_a_source_names": (
        "art/logo.png",
        "is a Git LFS pointer",
        (file("art/logo.png", POINTER), file("apps/cms/src/logo.ts", 'import "../../../art/logo.png";\n')),
    ),
    "a_pointer_that_a_dockerfile_copies": (
        "art/logo.png",
        "is a Git LFS pointer",
        (file("art/logo.png", POINTER), file("apps/cms/Dockerfile", "FROM node:20\nCOPY art /art\n")),
    ),
    "a_submodule_in_an_app": ("apps/cms/vendor", "is a git submodule", (submodule("apps/cms/vendor"),)),
    "a_submodule_that_a_dockerfile_copies": (
        "vendor/lib",
        "is a git submodule",
        (file("apps/cms/Dockerfile", "FROM node:20\nCOPY vendor /vendor\n"), submodule("vendor/lib")),
    ),
    "a_file_of_a_submodule_that_a_dockerfile_copies": (
        "vendor/lib",
        "is a git submodule",
        (file("apps/cms/Dockerfile", "FROM node:20\nCOPY vendor/lib/dist /dist\n"), submodule("vendor/lib")),
    ),
    "a_link_out_of_the_repository": (
        "apps/cms/notes",
        "is a link out of the repository",
        (link("apps/cms/notes", "../../../notes"),),
    ),
    "a_link_to_an_absolute_path": (
        "packages/db/hosts",
        "is a link out of the repository",
        (link("packages/db/hosts", "/etc/hosts"),),
    ),
    "a_link_that_a_link_leads_to": (
        "art/far",
        "is a link out of the repository",
        (link("apps/cms/art", "../../art"), link("art/far", "../../far")),
    ),
    "a_token_in_the_root": (".npmrc", "holds a registry token", (file(".npmrc", TOKEN),)),
    "a_token_in_a_package": ("packages/db/.npmrc", "holds a registry token", (file("packages/db/.npmrc", TOKEN),)),
    "a_token_in_quotes": (".npmrc", "holds a registry token", (file(".npmrc", '_auth = "dXNlcjpwYXNz"\n'),)),
    "a_password_after_much_else": (
        ".npmrc",
        "holds a registry token",
        (file(".npmrc", "# long\n" * 300 + "//npm.example/:_password=c2VjcmV0\n"),),
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(repository: Repository, case: str) -> None:
    path, what, puts = REFUSED[case]
    with pytest.raises(UsageError) as caught:
        planned(repository(mini()), *puts)
    assert (caught.value.where, caught.value.what) == (path, f"{path} {what}")
    assert caught.value.fix
    assert "npm_0123456789" not in str(caught.value)


@pytest.mark.parametrize(
    "puts",
    [
        (file("apps/cms/logo.png", POINTER), file("apps/cms/Dockerfile.dockerignore", "**/*.png\n")),
        (file("docs/logo.png", POINTER), submodule("vendor/lib"), link("docs/far", "/etc"), file("docs/.npmrc", TOKEN)),
        (file("apps/cms/lfs.md", f"A pointer:\n{POINTER}"),),
        (link("apps/cms/near", "../../packages/db"),),
        # A build that may do without: the folder is empty wherever nobody fetched it.
        (link("apps/cms/extra", "../../vendor/lib/src"), submodule("vendor/lib")),
        (file(".npmrc", "# //npm.example/:_authToken=old\n//npm.example/:_authToken=${NPM_TOKEN}\n"),),
        (file(".npmrc", '//npm.example/:_authToken = "${NPM_TOKEN}"\n//npm.example/:_password=\nhoist=false\n'),),
    ],
)
def test_not_refused(repository: Repository, puts: tuple[Put, ...]) -> None:
    assert [app.name for app in planned(repository(mini()), *puts).apps] == ["cms", "website"]
