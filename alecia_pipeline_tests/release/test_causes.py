from dataclasses import replace

import pytest

from alecia_pipeline.images.fields import SCHEMA, BuildFields, Facts, build_key, context_facts
from alecia_pipeline.release.causes import explain
from alecia_pipeline_tests.monorepo import LOCKFILE, manifest
from alecia_pipeline_tests.snapshots import Changes, keyed, snapshot

FIELDS = keyed(snapshot(), "website").fields
FACTS = Facts()


def causes(changes: Changes, app: str = "website") -> list[tuple[str, str, str]]:
    """Return what explains the way from the mini monorepo to one with `changes`."""
    old, new = keyed(snapshot(), app), keyed(snapshot(changes), app)
    before, after = context_facts(old.context, new.context), context_facts(new.context, old.context)
    found = explain((old.fields, before), (new.fields, after))
    assert bool(found) == (old.key != new.key)
    return [(cause.kind, cause.what, cause.detail) for cause in found]


def test_files() -> None:
    assert causes(
        {"packages/ui/src/index.tsx": "1", "packages/ui/src/new.ts": "", "apps/website/src/page.tsx": None}
    ) == [
        ("file", "apps/website/src/page.tsx", "removed"),
        ("file", "packages/ui/src/index.tsx", "changed"),
        ("file", "packages/ui/src/new.ts", "added"),
    ]


def test_no_difference_has_no_cause() -> None:
    assert causes({"README.md": "other"}) == []


def test_the_dockerfile_and_its_base() -> None:
    text = snapshot().tree.read("apps/website/Dockerfile").decode().replace("node:20-alpine", "node:22-alpine")
    assert causes({"apps/website/Dockerfile": text}) == [
        ("base_image", "node:20-alpine", "removed"),
        ("base_image", "node:22-alpine", "added"),
        ("dockerfile", "apps/website/Dockerfile", "changed"),
    ]


def test_the_ignore_file_by_its_effect() -> None:
    assert causes({".dockerignore": "**/node_modules\n*.md\npackages/db/migrations\n"}) == [
        ("ignore", "apps/website/README.md", "is no longer ignored"),
        ("ignore", "packages/db/migrations/0001_users.sql", "is ignored now"),
    ]


def test_lockfile_entries() -> None:
    lock = LOCKFILE.replace("version: 19.0.0", "version: 19.1.0").replace("react@19.0.0", "react@19.1.0")
    assert causes({"pnpm-lock.yaml": lock}) == [
        ("lockfile", "importers packages/ui: react (dependencies)", "19.0.0 (for ^19.0.0) → 19.1.0 (for ^19.0.0)"),
        ("lockfile", "packages react@19.0.0", "removed"),
        ("lockfile", "packages react@19.1.0", 'added: {"resolution":{"integrity":"sha512-react"}}'),
        ("lockfile", "snapshots react@19.0.0", "removed"),
        ("lockfile", "snapshots react@19.1.0", "added: {}"),
    ]


def test_a_lockfile_that_goes_is_named_by_its_entries() -> None:
    found = causes({"pnpm-lock.yaml": None}, "cms")
    assert {kind for kind, _, _ in found} == {"lockfile"}


def test_a_lockfile_that_differs_in_form_only_is_one_cause() -> None:
    other = replace(FIELDS, files={**FIELDS.files, "pnpm-lock.yaml": "100644 other"})
    (cause,) = explain((FIELDS, FACTS), (other, FACTS))
    assert (cause.kind, cause.what) == ("lockfile", "pnpm-lock.yaml")


def test_patches() -> None:
    lock = LOCKFILE + "\npatchedDependencies:\n  react@19.0.0: {hash: abc, path: patches/react.patch}\n"
    assert causes({"pnpm-lock.yaml": lock, "patches/react.patch": "-"}) == [
        ("patch", "patchedDependencies react@19.0.0", 'added: {"hash":"abc","path":"patches/react.patch"}'),
        ("patch", "patches/react.patch", "added"),
    ]


def test_a_package_that_joins_the_closure_is_one_cause() -> None:
    needs_ui = manifest("@mini/cms", "@mini/db", "@mini/ui")
    found = causes({"apps/cms/package.json": needs_ui}, "cms")
    assert ("closure", "packages/ui", "is needed now") in found
    assert ("file", "apps/cms/package.json", "changed") in found
    assert not any(what.startswith("packages/ui/") for _, what, _ in found)


def test_a_package_that_leaves_the_closure_is_one_cause() -> None:
    locked = "      '@mini/db':\n        specifier: workspace:*\n        version: link:../../packages/db\n"
    found = causes(
        {
            "apps/website/package.json": manifest("@mini/website", "@mini/ui"),
            "packages/db/src/index.ts": "2",
            "pnpm-lock.yaml": LOCKFILE.replace(f"{locked}      '@mini/ui'", "      '@mini/ui'"),
        }
    )
    assert ("closure", "packages/db", "is no longer needed") in found
    assert ("file", "packages/db/src/index.ts", "changed") in found  # the Dockerfile still names the folder


def test_a_mode_is_told() -> None:
    other = replace(
        FIELDS, files={**FIELDS.files, "turbo.json": FIELDS.files["turbo.json"].replace("100644", "100755")}
    )
    (cause,) = explain((FIELDS, FACTS), (other, FACTS))
    assert cause.detail == "mode 100644 → 100755"


@pytest.mark.parametrize(
    ("other", "kind", "what", "detail"),
    [
        (replace(FIELDS, dockerfile="Dockerfile"), "dockerfile", "path", "apps/website/Dockerfile → Dockerfile"),
        (replace(FIELDS, target="runner"), "dockerfile", "target", "last stage → runner"),
        (replace(FIELDS, platform="linux/arm64"), "platform", "platform", "linux/amd64 → linux/arm64"),
        (replace(FIELDS, epoch=1), "build_arg", "epoch", "0 → 1"),
        (replace(FIELDS, schema=9), "tool", "build key schema", f"{SCHEMA} → 9"),
        (replace(FIELDS, build_args={"A": "1"}), "build_arg", "A", "added: 1"),
        (replace(FIELDS, secrets=("npm",)), "secret", "npm", "added"),
        (replace(FIELDS, bases={"node:20-alpine": "sha256:b"}), "base_image", "node:20-alpine", "unpinned → sha256:b"),
        (replace(FIELDS, tools={"pnpm": "10.0.0"}), "tool", "pnpm", "9.8.0 → 10.0.0"),
    ],
)
def test_every_field_that_changes_the_key_is_a_cause(other: BuildFields, kind: str, what: str, detail: str) -> None:
    assert build_key(other) != build_key(FIELDS)
    (cause,) = explain((FIELDS, FACTS), (other, FACTS))
    assert (cause.kind, cause.what, cause.detail) == (kind, what, detail)
