import pytest

from alecia_pipeline.audit.sources.forms import is_document, kind_of, split_kind


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("a/b.tsx", ".tsx"),
        ("a/b.d.ts", ".ts"),
        ("a/b.scss", ".scss"),
        ("a/b.mdx", ".mdx"),
        ("a/schema.prisma", ".prisma"),
        ("a/README.md", None),
        ("a/data.json", None),
        ("postcss.config.mjs", "postcss.mjs"),
        ("vitest.config.unit.ts", "vite.ts"),
        ("vitest.workspace.ts", "vite.ts"),
        ("unknown.config.ts", ".ts"),
        (".eslintrc", "eslint.yaml"),
        (".eslintrc.cjs", "eslint.cjs"),
        (".lintstagedrc.json", "lint-staged.json"),
        (".bashrc", None),
        ("packages/a/tsconfig.build.json", "tsconfig.json"),
        ("jsconfig.json", "tsconfig.json"),
        ("app.json", "expo.json"),
        (".storybook/main.ts", "storybook.ts"),
        (".changeset/config.json", "changeset.json"),
        (".husky/pre-commit", "husky.sh"),
    ],
)
def test_a_path_has_a_kind(path: str, kind: str | None) -> None:
    assert kind_of(path) == kind


def test_a_kind_is_a_tool_and_an_extension() -> None:
    assert split_kind("lint-staged.json") == ("lint-staged", ".json")
    assert split_kind(".tsx") == ("", ".tsx")


def test_documents_are_told_from_code() -> None:
    assert (is_document(".yaml"), is_document(".ts")) == (True, False)
