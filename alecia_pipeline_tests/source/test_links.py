import pytest

from alecia_pipeline.errors import UsageError
from alecia_pipeline.source.ignore import ignore_for
from alecia_pipeline.source.links import MAX_LINKS, Route, follow, read_file
from alecia_pipeline.source.tree import SYMLINK
from alecia_pipeline_tests.trees import DictTree

LINKS = {
    "apps/web/shared": "../../real/deep",
    "twice": "apps/web/shared",
    "root": "apps/..",
    "out": "../elsewhere",
    "absolute": "/etc",
    "round": "about",
    "about": "round",
}
TREE = DictTree({"real/deep/f": "hello", **LINKS}, modes=dict.fromkeys(LINKS, SYMLINK))


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("real/deep/f", Route("real/deep/f", ())),
        ("./real//deep/../deep/f", Route("real/deep/f", ())),
        ("twice/f", Route("real/deep/f", ("twice", "apps/web/shared"))),
        ("twice/none", Route("real/deep/none", ("twice", "apps/web/shared"))),
        ("root", Route("", ("root",))),
        ("out/f", None),
        ("absolute/f", None),
        ("round", None),
        ("../f", None),
    ],
)
def test_a_path_is_followed_through_the_links_of_files_and_folders(path: str, route: Route | None) -> None:
    assert follow(TREE, path) == route


def test_as_many_links_as_linux_follows() -> None:
    chain = {f"l{number}": f"l{number + 1}" for number in range(MAX_LINKS)}
    tree = DictTree({**chain, f"l{MAX_LINKS}": "end"}, modes=dict.fromkeys(chain, SYMLINK))
    assert follow(tree, "l0") == Route(f"l{MAX_LINKS}", tuple(chain))
    longer = DictTree({**chain, f"l{MAX_LINKS}": "end", "more": "l0"}, modes=dict.fromkeys([*chain, "more"], SYMLINK))
    assert follow(longer, "more") is None


def test_a_file_is_read_behind_its_links() -> None:
    assert read_file(TREE, "twice/f") == b"hello"


@pytest.mark.parametrize("path", ["twice", "twice/none", "round"])
def test_a_link_to_no_file_is_refused(path: str) -> None:
    with pytest.raises(UsageError, match=f"{path} is a link to what the commit has not"):
        read_file(TREE, path)


def test_an_ignore_file_may_be_a_link() -> None:
    tree = DictTree({".dockerignore": ".gitignore", ".gitignore": "dist\n"}, modes={".dockerignore": SYMLINK})
    assert ignore_for(tree, "Dockerfile").ignored("dist/x")
