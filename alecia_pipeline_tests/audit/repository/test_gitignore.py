import pytest

from alecia_pipeline.audit.repository.gitignore import GitIgnore
from alecia_pipeline_tests.trees import DictTree

FILES = {
    ".gitignore": "# comment\n\ndist\n/only-root\ncache/\n*.log\n!keep.log\n"
    "a/**/z\nb/**\n[!x]1\n[z-a]2\n\\#odd\nq?\n!/\n",
    "apps/web/.gitignore": "own\n!dist\n",
}


@pytest.mark.parametrize(
    ("path", "ignored"),
    [
        ("dist/a.js", True),
        ("packages/ui/dist/a.js", True),
        ("apps/web/dist/a.js", False),
        ("only-root", True),
        ("packages/only-root", False),
        ("cache", False),
        ("cache/a", True),
        ("x/y.log", True),
        ("x/keep.log", False),
        ("a/z", True),
        ("a/b/c/z", True),
        ("b/c", True),
        ("y1", True),
        ("x1", False),
        ("z2", False),
        ("#odd", True),
        ("qq", True),
        ("apps/web/own", True),
        ("apps/own", False),
        ("src/a.ts", False),
    ],
)
def test_git_would_ignore(path: str, ignored: bool) -> None:
    assert GitIgnore(DictTree(FILES)).ignored(path) is ignored
