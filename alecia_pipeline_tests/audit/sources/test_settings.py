from typing import Any

import pytest

from alecia_pipeline.audit.sources.settings import settings


@pytest.mark.parametrize(
    ("tool", "value", "packages"),
    [
        (
            "postcss",
            {"plugins": {"tailwindcss": {}, "@tailwindcss/postcss": {}, "cssnano": False}},
            ["@tailwindcss/postcss", "tailwindcss"],
        ),
        ("postcss", {"plugins": ["a", ["b", {}], None]}, ["a", "b"]),
        ("babel", {"presets": ["next/babel"]}, ["babel-preset-next", "next/babel"]),
        ("babel", {"presets": ["@babel/env", "@x"]}, ["@babel/env", "@babel/preset-env", "@x/babel-preset"]),
        (
            "babel",
            {"plugins": [["@x/y", {}], "module:z", "babel-plugin-a"]},
            ["@x/babel-plugin-y", "@x/y", "babel-plugin-a", "babel-plugin-babel-plugin-a", "z"],
        ),
        ("eslint", {"extends": ["eslint:recommended", "./own"]}, []),
        ("eslint", {"extends": "airbnb"}, ["airbnb", "eslint-config-airbnb"]),
        ("eslint", {"extends": "next/core-web-vitals"}, ["eslint-config-next", "next/core-web-vitals"]),
        ("eslint", {"extends": ["plugin:@x/all", "plugin:y/all"]}, ["@x/eslint-plugin", "eslint-plugin-y"]),
        (
            "eslint",
            {"plugins": ["import", "@x", "@x/y", "eslint-plugin-z"]},
            ["@x/eslint-plugin", "@x/eslint-plugin-y", "eslint-plugin-import", "eslint-plugin-z"],
        ),
        (
            "eslint",
            {"settings": {"import/resolver": {"typescript": True}}},
            ["eslint-import-resolver-typescript", "typescript"],
        ),
        ("vite", {"test": {"environment": "jsdom"}}, ["jsdom"]),
        ("vite", {"test": {"environment": "edge-runtime"}}, ["@edge-runtime/vm"]),
        ("vite", {"test": {"coverage": {"provider": "v8"}}}, ["@vitest/browser-v8", "@vitest/coverage-v8", "v8"]),
        (
            "jest",
            {"transform": {"^.+$": ["ts-jest", {}], "x": "y"}, "testEnvironment": "jsdom"},
            ["jest-environment-jsdom", "jsdom", "ts-jest", "y"],
        ),
        (
            "tsconfig",
            {"compilerOptions": {"types": ["node", "vite/client"]}},
            ["@types/node", "@types/vite", "node", "vite/client"],
        ),
        (
            "tsconfig",
            {"compilerOptions": {"jsx": "react-jsx", "importHelpers": True, "plugins": [{"name": "next"}]}},
            ["next", "react", "tslib"],
        ),
        (
            "storybook",
            {"framework": {"name": "@storybook/nextjs", "options": {}}, "addons": ["@x/y"]},
            ["@storybook/nextjs", "@x/y"],
        ),
        ("next", {"transpilePackages": ["@x/ui"]}, ["@x/ui"]),
        ("drizzle", {"dialect": "postgresql"}, ["pg", "postgres"]),
        ("drizzle", {"dialect": "other"}, []),
        ("docusaurus", {"presets": [["classic", {}]]}, ["@docusaurus/preset-classic", "classic"]),
        ("gatsby", {"plugins": [{"resolve": "gatsby-plugin-x"}]}, ["gatsby-plugin-x"]),
        (
            "codegen",
            {"generates": {"a.ts": {"plugins": ["typescript"], "preset": "client"}}},
            ["@graphql-codegen/client-preset", "@graphql-codegen/typescript", "client", "typescript"],
        ),
        ("commitlint", {"extends": ["@commitlint/config-conventional"]}, ["@commitlint/config-conventional"]),
        ("prettier", {"plugins": [None, 1, ["x"], []]}, ["x"]),
        ("prettier", {"plugins": None}, []),
    ],
)
def test_names_of_each_tool(tool: str, value: Any, packages: list[str]) -> None:
    assert sorted({setting.package for setting in settings((value,), tool)}) == packages


def test_the_other_tools_have_short_names_too() -> None:
    value = {
        "plugins": ["x"],
        "themes": ["x"],
        "reporters": ["x"],
        "runner": "x",
        "watchPlugins": ["x"],
        "builder": "x",
    }
    assert {setting.package for setting in settings((value,), "docusaurus")} == {
        "x", "@docusaurus/plugin-x", "@docusaurus/theme-x",
    }  # fmt: skip
    assert {setting.package for setting in settings((value,), "jest")} == {"x", "jest-runner-x", "jest-watch-x"}
    assert {setting.package for setting in settings((value,), "storybook")} == {"x", "@storybook/builder-x"}
    assert {setting.package for setting in settings((value,), "commitlint")} == {"x", "commitlint-plugin-x"}


def test_only_what_every_build_loads_is_certain() -> None:
    nested = {"plugins": {"cssnano": {"preset": ["default", {"plugins": ["inner"]}]}}}
    assert {setting.package: setting.certain for setting in settings((nested,), "postcss")} == {
        "cssnano": True,
        "inner": False,
    }
    assert [setting.certain for setting in settings(({"plugins": ["x"]},), "prettier")] == [False]
