"""Images that ship with production dependencies only, and code in them that needs a devDependency when it runs."""

import re
from collections.abc import Iterable, Iterator

from alecia_pipeline.audit.dockerfile.builds import Build
from alecia_pipeline.audit.dockerfile.reach import reached
from alecia_pipeline.audit.dockerfile.scripts import build_words
from alecia_pipeline.audit.dockerfile.state import Install
from alecia_pipeline.audit.finding import Finding
from alecia_pipeline.audit.manifests.versions import add_command
from alecia_pipeline.audit.resolution.resolver import Resolved
from alecia_pipeline.audit.resolution.specifier import parse_specifier
from alecia_pipeline.audit.snapshot import Snapshot

BUNDLERS = frozenset({
    "tsup", "tsdown", "unbuild", "esbuild", "rollup", "vite", "next", "nuxt", "webpack", "webpack-cli", "rspack",
    "@rspack/cli", "parcel", "ncc", "@vercel/ncc", "bun", "astro", "@remix-run/dev", "@react-router/dev",
})  # fmt: skip
"""What these build carries its devDependencies inside; nothing of them is looked up when it runs."""

FRAMEWORKS = frozenset({
    "next", "nuxt", "vite", "astro", "@remix-run/dev", "@react-router/dev", "webpack", "webpack-cli", "rspack",
    "@rspack/cli", "parcel", "bun", "ncc", "@vercel/ncc",
})  # fmt: skip
"""An app that has one of these carries the workspace packages inside, too."""

_RUN_BY_HAND = re.compile(r"\.(?:eval|bench|demo|example)\.[cm]?[jt]sx?$|(?:^|/)(?:seeds?|evals?|examples?)/")
"""Source files that the app does not load when it runs."""

_TEST_TOOLS = frozenset({"vitest", "jest", "@jest/globals", "mocha", "chai", "@playwright/test", "playwright"})


def findings(snapshot: Snapshot) -> Iterable[Finding]:
    """Return one finding per package and devDependency that an unbundled, production-only image lacks."""
    seen: set[tuple[str, str]] = set()
    for build in snapshot.builds:
        installed = build.layout.installed
        if installed and installed.production and build.is_judged and not _is_bundled(snapshot, build):
            for finding in _lacking(snapshot, build, installed):
                if (finding.dir, finding.dependency or "") not in seen:
                    seen.add((finding.dir, finding.dependency or ""))
                    yield finding


def _is_bundled(snapshot: Snapshot, build: Build) -> bool:
    return bool(FRAMEWORKS & snapshot.workspace.package(build.app.dir).manifest.declared().keys())


def _lacking(snapshot: Snapshot, build: Build, installed: Install) -> Iterator[Finding]:
    line = installed.instruction.line
    uses_of = reached(snapshot, build.app.dir)
    for folder in snapshot.workspace.closure(build.app.dir, dev=False):
        manifest = snapshot.workspace.package(folder).manifest
        if BUNDLERS & build_words(manifest):
            continue
        kept = manifest.declared("dependencies", "optionalDependencies", "peerDependencies")
        for name, uses in sorted(uses_of.get(folder, {}).items()):
            use = next((use for use in uses if _is_loaded(name, use)), None)
            if use and name in manifest.dev_dependencies and name not in kept:
                place = {"package": manifest.name, "dir": folder, "file": use.source.path, "line": use.item.line}
                yield Finding(
                    rule="dev-only-dependency",
                    **place,
                    dependency=name,
                    message=f"{name} is a devDependency, but {build.app.dockerfile}:{line} ships without these",
                    fix=add_command(snapshot, folder, name),
                )


def _is_loaded(name: str, use: Resolved) -> bool:
    """Tell whether the running app surely looks the package up: by its own name, from a file that is no tool."""
    return (
        parse_specifier(use.item.specifier).name == name
        and name not in _TEST_TOOLS
        and not _RUN_BY_HAND.search(use.source.path)
    )
