"""Modules that a framework answers for itself: no package of that name is installed, and nothing is missing."""

import re
from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class _Provider:
    """`modules` are answered by any of `packages`, unless one of `unless` is declared too."""

    modules: re.Pattern[str]
    packages: frozenset[str]
    unless: frozenset[str] = frozenset()


_UNO = ("unocss", "@unocss/vite", "@unocss/webpack", "@unocss/astro", "@unocss/nuxt")
_REACT = re.compile(r"react(?:-dom)?(?:/.*)?")

_PROVIDERS = (
    _Provider(re.compile(r"(?:server|client)-only"), frozenset({"next", "waku"})),
    _Provider(re.compile(r"vscode"), frozenset({"@types/vscode", "vscode"})),
    _Provider(re.compile(r"uno\.css"), frozenset(_UNO)),
    _Provider(re.compile(r"vue"), frozenset({"vitepress"})),
    _Provider(_REACT, frozenset({"@preact/preset-vite"})),
    _Provider(_REACT, frozenset({"@astrojs/preact"}), frozenset({"@astrojs/react"})),
    _Provider(
        re.compile(r"@docusaurus/(?:[A-Z]\w*|use[A-Z]\w*|is[A-Z]\w*|router|constants|renderRoutes)"),
        frozenset({"@docusaurus/core"}),
    ),
    _Provider(re.compile(r"@(?:theme|theme-original|theme-init|site|generated)/.*"), frozenset({"@docusaurus/core"})),
)


TYPES_ONLY = frozenset({
    "aws-lambda", "chrome", "estree", "estree-jsx", "geojson", "google.maps", "har-format", "hast", "json-schema",
    "mdast", "mdx", "nlcst", "node", "trusted-types", "unist", "xast",
})  # fmt: skip
"""Names that exist as `@types/x` alone; TypeScript drops such imports by itself."""


def is_provided(declared: Collection[str], path: str) -> bool:
    """Tell whether one of the declared packages answers an import of `path`."""
    names = frozenset(declared)
    return any(
        not provider.packages.isdisjoint(names) and provider.unless.isdisjoint(names)
        for provider in _PROVIDERS
        if provider.modules.fullmatch(path)
    )
