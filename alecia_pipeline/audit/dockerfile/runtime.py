"""Images that ship with production dependencies only, and code in them that needs a devDependency when it runs."""

from collections.abc import Iterable, Iterator

from alecia_pipeline.audit.dockerfile.builds import Build
from alecia_pipeline.audit.dockerfile.installs import script_programs
from alecia_pipeline.audit.dockerfile.layout import Install
from alecia_pipeline.audit.finding import Finding
from alecia_pipeline.audit.manifests.declared import production_uses
from alecia_pipeline.audit.manifests.versions import add_command
from alecia_pipeline.audit.snapshot import Snapshot

BUNDLERS = frozenset({
    "tsup", "tsdown", "unbuild", "esbuild", "rollup", "vite", "next", "nuxt", "webpack", "webpack-cli", "rspack",
    "@rspack/cli", "parcel", "ncc", "@vercel/ncc", "bun", "astro", "@remix-run/dev", "@react-router/dev",
})  # fmt: skip
"""What these build carries its devDependencies inside; nothing of them is looked up when it runs."""


def findings(snapshot: Snapshot) -> Iterable[Finding]:
    """Return one finding per package and devDependency that an unbundled, production-only image lacks."""
    seen: set[tuple[str, str]] = set()
    for build in snapshot.builds:
        installed = build.layout.installed
        if installed and installed.production:
            for finding in _lacking(snapshot, build, installed):
                if (finding.dir, finding.dependency or "") not in seen:
                    seen.add((finding.dir, finding.dependency or ""))
                    yield finding


def _lacking(snapshot: Snapshot, build: Build, installed: Install) -> Iterator[Finding]:
    line = installed.instruction.line
    for folder in snapshot.workspace.closure(build.app.dir, dev=False):
        manifest = snapshot.workspace.package(folder).manifest
        if BUNDLERS & set(script_programs(manifest)):
            continue
        kept = manifest.declared("dependencies", "optionalDependencies", "peerDependencies")
        for name, use in production_uses(snapshot, folder):
            if name in manifest.dev_dependencies and name not in kept:
                place = {"package": manifest.name, "dir": folder, "file": use.source.path, "line": use.item.line}
                yield Finding(
                    rule="dev-only-dependency",
                    **place,
                    dependency=name,
                    message=f"{name} is a devDependency, but {build.app.dockerfile}:{line} ships without these",
                    fix=add_command(snapshot, folder, name),
                )
