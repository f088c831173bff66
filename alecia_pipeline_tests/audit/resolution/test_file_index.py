import pytest

from alecia_pipeline.audit.resolution.file_index import FileIndex, index_tree
from alecia_pipeline.source.tree import SUBMODULE, SYMLINK
from alecia_pipeline_tests.trees import DictTree

FILES = {
    "index.ts": "",
    "src/a.ts": "",
    "src/_part.scss": "",
    "src/page.native.tsx": "",
    "src/only.d.ts": "",
    "lib": "src",
    "apps/inside": "../src/../lib",
    "circle": "round",
    "round": "circle",
    "out": "../elsewhere",
    "absolute": "/etc",
    "vendor/theirs": "x",
}
MODES = {
    **dict.fromkeys(("lib", "apps/inside", "circle", "round", "out", "absolute"), SYMLINK),
    "vendor/theirs": SUBMODULE,
}


@pytest.mark.parametrize(
    ("path", "file"),
    [
        (".", "index.ts"),
        ("src/a.js", "src/a.ts"),
        ("src/part", "src/_part.scss"),
        ("src/part.scss", "src/_part.scss"),
        ("src/page", "src/page.native.tsx"),
        ("src/only.ts", "src/only.d.ts"),
        ("src/gone", None),
    ],
)
def test_what_an_import_opens(path: str, file: str | None) -> None:
    assert FileIndex(FILES).module(path) == file


@pytest.mark.parametrize(
    ("path", "real"),
    [
        ("src/a", "src/a"),
        ("lib/a", "src/a"),
        ("apps/inside/a", "src/a"),
        ("circle/a", None),
        ("out/a", None),
        ("absolute/passwd", None),
        ("vendor/theirs/src/a", None),
        ("/src", None),
    ],
)
def test_links_are_followed_inside_the_commit(path: str, real: str | None) -> None:
    assert index_tree(DictTree(FILES, modes=MODES)).real(path) == real


def test_without_links_a_path_is_itself() -> None:
    assert FileIndex(["a"]).real("b/c") == "b/c"
