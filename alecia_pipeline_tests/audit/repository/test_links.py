import pytest

from alecia_pipeline.audit.repository.links import findings
from alecia_pipeline.source.tree import SUBMODULE, SYMLINK
from alecia_pipeline_tests.audit.snapshots import snapshot


def reported(
    path: str, target: str, more: dict[str, str] | None = None, modes: dict[str, int] | None = None
) -> list[str]:
    files = {"apps/web/a.ts": "", path: target, **(more or {})}
    return [finding.file or "" for finding in findings(snapshot(files, {path: SYMLINK, **(modes or {})}))]


@pytest.mark.parametrize("path", ["apps/web/convex", "apps/web/src/gone.ts"])
def test_a_dead_link_that_a_build_walks_into(path: str) -> None:
    assert reported(path, "../../convex") == [path]


@pytest.mark.parametrize("path", ["apps/web/.env", "apps/web/LICENSE", "apps/web/README.md", "apps/web/.config/x.yml"])
def test_a_dead_link_that_no_build_opens(path: str) -> None:
    assert reported(path, "../../gone") == []


def test_a_link_that_leads_somewhere() -> None:
    assert reported("apps/web/alive", "../web") == []


def test_a_link_into_a_submodule_or_into_what_git_ignores() -> None:
    assert reported("apps/web/src", "../../theirs/src", {"theirs": ""}, {"theirs": SUBMODULE}) == []
    assert reported("apps/web/src", "../../made", {".gitignore": "/made"}) == []


def test_a_link_that_the_builder_is_not_sent() -> None:
    docker = {"apps/web/Dockerfile": "FROM node:20\n"}
    assert reported("apps/web/convex", "../../convex", docker) == ["apps/web/convex"]
    assert reported("apps/web/convex", "../../convex", {**docker, ".dockerignore": "apps/*/convex\n"}) == []


def test_the_finding_says_where_it_leads() -> None:
    (finding,) = findings(snapshot({"apps/web/convex": "../../convex\n"}, {"apps/web/convex": SYMLINK}))
    assert (finding.rule, finding.dir) == ("generated-path-missing", "apps/web")
    assert finding.message == "apps/web/convex links to ../../convex, which is not in the commit"
