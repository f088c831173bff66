import pickle

from hypothesis import given
from hypothesis import strategies as st

from alecia_pipeline.audit.sources.extract import MAX_CODE, MAX_OTHER, MAX_SETTINGS_CODE, extract, extract_all
from alecia_pipeline_tests.trees import DictTree

KINDS = [
    ".ts", ".jsx", ".css", ".scss", ".vue", ".svelte", ".astro", ".mdx", ".prisma", "husky.sh", "postcss.mjs",
    "eslint.yaml", "tsconfig.json", "lint-staged.json", "lint-staged.mjs", ".unknown",
]  # fmt: skip


def found(text: str, kind: str) -> list[tuple[str, int, str, bool]]:
    return [(item.specifier, item.line, item.kind, item.optional) for item in extract(text.encode(), kind).found]


def test_bundles_and_binaries_are_not_read() -> None:
    assert extract(b'import "x"' + b" " * MAX_CODE, ".js").found == ()
    assert extract(b'@import "x";' + b" " * MAX_OTHER, ".css").found == ()
    settings = b"export default { plugins: { x: {} } }"
    assert extract(settings + b" " * MAX_SETTINGS_CODE, "postcss.js").found == ()
    assert extract(b'import "x"\0', ".ts").found == ()


def test_settings_in_code_come_with_its_imports() -> None:
    text = 'import "a"\nexport default { plugins: { b: {} } }'
    assert found(text, "postcss.mjs") == [("a", 1, "import", False), ("b", 2, "config", False)]


def test_settings_in_documents_have_lines() -> None:
    assert found("# a\nextends:\n  - 'x'\n", "stylelint.yaml") == [("x", 3, "config", True)]
    assert found("{", "stylelint.json") == []


def test_prisma_names_its_generators() -> None:
    text = """generator client {
  provider = "prisma-client-js"
}
generator zod {
  provider = "node prisma-zod-generator"
}
generator none {
}
datasource db { provider = "postgresql" }
"""
    assert found(text, ".prisma") == [
        ("@prisma/client", 2, "config", True),
        ("prisma-zod-generator", 5, "config", True),
    ]


def test_commands_name_programs() -> None:
    assert ("lint-staged", 1, "script", True) in found("pnpm exec lint-staged", "husky.sh")
    staged = found('{\n"*.ts": ["eslint --fix", 1],\n"*.md": "prettier"}', "lint-staged.json")
    assert {("eslint", 2, "script", True), ("prettier", 3, "script", True)} <= set(staged)


def test_results_can_be_kept() -> None:
    imports = extract(b'import "x"', ".ts")
    assert pickle.loads(pickle.dumps(imports)) == imports
    tree = DictTree({"a.ts": 'import "x"', "b.css": '@import "y";'})
    assert extract_all(tree, {"a.ts": ".ts"}) == {"a.ts": imports}


@given(st.binary(max_size=300), st.sampled_from(KINDS))
def test_no_input_raises(data: bytes, kind: str) -> None:
    first = extract(data, kind)
    assert first == extract(data, kind)


TOKENS = [
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    '"a"',
    ":",
    ",",
    "plugins",
    "extends",
    "\n",
    "`",
    "${",
    "=",
    "x.y",
    "...",
    "?",
    "é",
    "-",
    "&a",
    "*a",
]


@given(st.lists(st.sampled_from(TOKENS), max_size=60), st.sampled_from(KINDS))
def test_no_jumble_of_syntax_raises(tokens: list[str], kind: str) -> None:
    extract(" ".join(tokens).encode(), kind)
