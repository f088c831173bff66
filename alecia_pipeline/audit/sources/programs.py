"""The programs that shell commands start, and the packages that bring them."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from alecia_pipeline.audit.dockerfile.commands import ShellCommand, parse_commands
from alecia_pipeline.audit.sources.naming import package_of

PROVIDERS: Mapping[str, tuple[str, ...]] = {
    "attw": ("@arethetypeswrong/cli",),
    "babel": ("@babel/cli",),
    "better-auth": ("@better-auth/cli",),
    "biome": ("@biomejs/biome",),
    "buf": ("@bufbuild/buf",),
    "cap": ("@capacitor/cli",),
    "changeset": ("@changesets/cli",),
    "dotenv": ("dotenv-cli",),
    "email": ("react-email",),
    "graphql-codegen": ("@graphql-codegen/cli",),
    "mint": ("mintlify", "mint"),
    "nest": ("@nestjs/cli",),
    "ng": ("@angular/cli",),
    "openapi-generator-cli": ("@openapitools/openapi-generator-cli",),
    "opennextjs-cloudflare": ("@opennextjs/cloudflare",),
    "playwright": ("@playwright/test", "playwright"),
    "react-router": ("@react-router/dev",),
    "remix": ("@remix-run/dev",),
    "run-p": ("npm-run-all", "npm-run-all2"),
    "run-s": ("npm-run-all", "npm-run-all2"),
    "sb": ("storybook",),
    "stencil": ("@stencil/core",),
    "storybook": ("storybook", "@storybook/cli"),
    "svelte-kit": ("@sveltejs/kit",),
    "swc": ("@swc/cli",),
    "tailwindcss": ("@tailwindcss/cli", "tailwindcss"),
    "tauri": ("@tauri-apps/cli",),
    "trigger": ("trigger.dev",),
    "tsc": ("typescript",),
    "tsgo": ("@typescript/native-preview",),
    "tsr": ("@tanstack/router-cli",),
    "tsserver": ("typescript",),
    "vite": ("vite", "rolldown-vite"),
}
"""Programs whose package is named otherwise → the packages that may bring them, the usual one first."""

_SURE = frozenset({
    "astro", "babel", "changeset", "cross-env", "drizzle-kit", "graphql-codegen", "jest", "next", "nest", "rimraf",
    "rollup", "tsc-alias", "tsdown", "tsup", "vite", "vue-tsc",
})  # fmt: skip
"""Programs that nobody has on the machine itself, and that pnpm does not hoist by name (`*eslint*`, `*prettier*`)."""

_DOWNLOADED = re.compile(r"\b(?:npx|dlx|bunx|pnpx|npm exec)\b|^\s*(?:yarn|npm|bun)\b|\|\||\bcommand -v\b")
"""What is fetched on the spot, started by another package manager, or may fail, need not be declared."""

_WORD = re.compile(r"@?[\w.~-]+(?:/[\w.~-]+)*")
_INSTALLED = re.compile(r"node_modules/((?:@[\w.~-]+/)?[\w.~-]+)")
_ENDING = re.compile(r"[-_](?:cli|tools)$")
_GENERIC = frozenset({"cli", "core", "bin"})


def words(text: str) -> frozenset[str]:
    """Return everything in a command that could name a program or a package."""
    found = frozenset(_WORD.findall(text)) | frozenset(_INSTALLED.findall(text))
    return found | frozenset(map(package_of, found))


def started(text: str) -> frozenset[str]:
    """Return the programs that a script surely starts and that must have been installed for it."""
    if _DOWNLOADED.search(text):
        return frozenset()
    return frozenset(program for command in parse_commands(text) if (program := _program(command)) in _SURE)


def _program(command: ShellCommand) -> str:
    if command.words[:2] == ("pnpm", "exec"):
        return "".join(command.words[2:3])
    return command.words[0]


def usual_provider(program: str) -> str:
    """Return the package to add for a program."""
    return PROVIDERS.get(program, (program,))[0]


def by_program(packages: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """Return, for each name that a command may hold, which of these packages it may mean or start."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for package in packages:
        for name in sorted({package, *_guesses(package), *_LISTED.get(package, ())}):
            found[name].append(package)
    return {name: tuple(known) for name, known in found.items()}


def _guesses(package: str) -> Iterator[str]:
    """Yield what a package's programs are usually called: its last part, without `-cli`; for `@x/cli`, `x`."""
    scope, _, name = package.rpartition("/")
    yield from (name, _ENDING.sub("", name))
    if name in _GENERIC and scope:
        yield from (scope[1:], scope[1:].removesuffix("js"), scope[1:].removesuffix("s"))


_LISTED: Mapping[str, tuple[str, ...]] = {
    package: tuple(program for program, known in PROVIDERS.items() if package in known)
    for package in {package for known in PROVIDERS.values() for package in known}
}
