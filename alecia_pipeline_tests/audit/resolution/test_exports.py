from typing import Any

import pytest

from alecia_pipeline.audit.resolution.exports import export_targets, table_targets


@pytest.mark.parametrize(
    ("exports", "subpath", "targets"),
    [
        ("./a.js", ".", ("./a.js",)),
        ("./a.js", "./b", None),
        ({"import": "./a.mjs", "require": {"node": "./a.cjs"}}, ".", ("./a.mjs", "./a.cjs")),
        (["./a.js", "./b.js"], ".", ("./a.js", "./b.js")),
        ({"./b": "./src/b.ts"}, "./b", ("./src/b.ts",)),
        ({"./b": "./src/b.ts"}, ".", None),
        ({"./b": None}, "./b", None),
        ({"./*": "./src/*.ts"}, "./deep/b", ("./src/deep/b.ts",)),
        ({"./*": "./src/*.ts", "./ui/*": "./ui/*.tsx"}, "./ui/b", ("./ui/b.tsx",)),
        ({"./*.css": "./css/*.css"}, "./b", None),
        ({"./lib/": "./src/lib/"}, "./lib/b.js", ("./src/lib/b.js",)),
        ({"./*": None}, "./b", None),
        ({}, ".", None),
        (None, ".", None),
        (5, ".", None),
    ],
)
def test_a_subpath_opens_files_or_is_closed(exports: Any, subpath: str, targets: tuple[str, ...] | None) -> None:
    assert export_targets(exports, subpath) == targets


def test_imports_are_a_table_too() -> None:
    assert table_targets({"#db": "pg", "#lib/*": "./src/*"}, "#lib/a") == ("./src/a",)
    assert table_targets({"#db": "pg"}, "#gone") is None
