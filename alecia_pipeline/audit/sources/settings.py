"""Packages that the settings of tools name in strings: plugins, presets, environments. Nothing is run."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from alecia_pipeline.audit.sources.naming import (
    Naming,
    babel,
    eslint_config,
    eslint_plugin,
    plain,
    table,
    types,
)

_LOADERS: Mapping[str, Naming] = {"loader": plain, "loaders": plain, "use": plain}
_PLUGINS: Mapping[str, Naming] = {"plugins": plain, "extends": plain}

TOOLS: Mapping[str, Mapping[str, Naming]] = {
    "babel": {"presets": babel("preset"), "plugins": babel("plugin")},
    "biome": {"extends": plain},
    "changeset": {"changelog": plain, "commit": plain},
    "codegen": {
        "plugins": lambda name: (name, f"@graphql-codegen/{name}"),
        "preset": lambda name: (name, f"@graphql-codegen/{name}-preset"),
    },
    "commitlint": {
        "extends": lambda name: (name, f"commitlint-config-{name}"),
        "plugins": lambda name: (name, f"commitlint-plugin-{name}"),
        "parserPreset": plain,
    },
    "docusaurus": {
        "presets": lambda name: (name, f"@docusaurus/preset-{name}"),
        "plugins": lambda name: (name, f"@docusaurus/plugin-{name}"),
        "themes": lambda name: (name, f"@docusaurus/theme-{name}"),
    },
    "drizzle": {"dialect": table({
        "postgresql": ("pg", "postgres"), "mysql": ("mysql2",), "turso": ("@libsql/client",),
        "sqlite": ("better-sqlite3", "@libsql/client"),
    })},
    "eslint": {"extends": eslint_config, "plugins": eslint_plugin, "parser": plain,
               "import/resolver": lambda name: (name, f"eslint-import-resolver-{name}")},
    "expo": _PLUGINS,
    "gatsby": _PLUGINS,
    "jest": {
        "preset": plain, "testEnvironment": lambda name: (name, f"jest-environment-{name}"), "transform": plain,
        "setupFiles": plain, "setupFilesAfterEnv": plain, "globalSetup": plain, "globalTeardown": plain,
        "runner": lambda name: (name, f"jest-runner-{name}"), "reporters": plain, "resolver": plain,
        "snapshotSerializers": plain, "testRunner": plain,
        "watchPlugins": lambda name: (name, f"jest-watch-{name}"),
    },
    "mocha": {"require": plain, "reporter": plain, "loader": plain, "import": plain},
    "next": {
        **_LOADERS, "transpilePackages": plain, "serverExternalPackages": plain, "optimizePackageImports": plain,
        "serverComponentsExternalPackages": plain, "remarkPlugins": plain, "rehypePlugins": plain,
    },
    "nuxt": {"modules": plain, "buildModules": plain, "extends": plain, "css": plain},
    "postcss": {"plugins": plain},
    "prettier": {"plugins": plain, "prettier": plain},
    "release": {"extends": plain, "plugins": plain},
    "storybook": {"addons": plain, "framework": plain, "builder": lambda name: (name, f"@storybook/builder-{name}")},
    "stylelint": {**_PLUGINS, "customSyntax": plain, "processors": plain},
    "tsconfig": {
        "types": types, "extends": plain, "jsxImportSource": plain, "plugins": plain,
        "importHelpers": table({"true": ("tslib",)}),
        "jsx": table(dict.fromkeys(("react", "react-jsx", "react-jsxdev", "preserve", "react-native"), ("react",))),
    },
    "tsup": {"external": plain, "noExternal": plain},
    "typedoc": {"plugin": plain, "extends": plain, "theme": plain},
    "vite": {
        "environment": table({"edge-runtime": ("@edge-runtime/vm",)}, others=True),
        "provider": lambda name: (name, f"@vitest/coverage-{name}", f"@vitest/browser-{name}"),
        "setupFiles": plain, "globalSetup": plain, "reporters": plain,
    },
    "webpack": _LOADERS,
}  # fmt: skip
"""Tool → key, at any depth of its settings → what a text there names."""

_CERTAIN = frozenset({"postcss"})
"""Tools that load what their top-level keys name from the package's own folder, in every build.

Others find a plugin through their own dependencies too, or only when linting: a name missing there may be no fault.
"""

MAX_SETTINGS = 1_000
"""Names that one file's settings may hold. More are an attack: each is looked for in the file, for its line."""

_OWN_FILE = (".", "/", "<")
"""A file of the repository: `./x`, `<rootDir>/x`."""

_BARE = re.compile(r"(?:@[\w.~-]+/)?[a-zA-Z0-9][\w.~-]*(?:/[\w.~@+-]+)*")
_NAMING_KEYS = ("name", "resolve", "loader", "plugin", "package", "path")


@dataclass(frozen=True, slots=True, order=True)
class Setting:
    """A package that settings name (`package`, maybe with a path in it), as `text`. `certain`: it must be there."""

    text: str
    package: str
    certain: bool


def settings(values: tuple[Any, ...], tool: str) -> list[Setting]:
    """Return what the settings of one tool name, sorted."""
    keys = TOOLS[tool]
    found = {
        Setting(text, package, certain=tool in _CERTAIN and depth == 0)
        for key, value, depth in pairs(values)
        if key in keys
        for text in _texts(value, nested=key == "transform")
        if not text.startswith(_OWN_FILE)
        for package in keys[key](text)
        if _BARE.fullmatch(package)
    }
    return sorted(found)[:MAX_SETTINGS]


def pairs(values: tuple[Any, ...]) -> Iterator[tuple[str, Any, int]]:
    """Yield every key and value of documents, with how many mappings and lists are around it."""
    waiting = [(value, 0) for value in values]
    while waiting:
        value, depth = waiting.pop()
        if isinstance(value, dict):
            yield from ((key, inner, depth) for key, inner in value.items())
            waiting += [(inner, depth + 1) for inner in value.values()]
        elif isinstance(value, list):
            waiting += [(inner, depth + 1) for inner in value]


def _texts(value: Any, *, nested: bool) -> Iterator[str]:
    """Yield the names in a value: a text, a list of names, a mapping by name. `nested`: a mapping *to* names."""
    if isinstance(value, dict) and not nested and (name := _name(value)) is None:
        yield from (key for key, inner in value.items() if inner is not False)
    elif isinstance(value, dict):
        yield from (filter(None, map(_name, value.values())) if nested else [str(name)])
    elif isinstance(value, list):
        yield from filter(None, map(_name, value))
    elif isinstance(value, str):
        yield value
    elif value is True:
        yield "true"


def _name(value: Any) -> str | None:
    """Return the name of one plugin: `"x"`, `["x", options]`, `{resolve: "x", options}`."""
    if isinstance(value, dict):
        return next((value[key] for key in _NAMING_KEYS if isinstance(value.get(key), str)), None)
    first = value[0] if isinstance(value, list) and value else value
    return first if isinstance(first, str) else None
