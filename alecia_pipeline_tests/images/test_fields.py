from dataclasses import replace

from alecia_pipeline.images.fields import build_key, context_facts
from alecia_pipeline_tests.snapshots import keyed, snapshot

PINNED = "sha256:" + "a" * 64


def key(app: str, changes: dict[str, str | bytes | None] | None = None) -> str:
    return keyed(snapshot(changes), app).key


def test_the_key_is_the_same_wherever_it_is_computed() -> None:
    assert key("cms") == key("cms")
    assert len(key("cms")) == 64


def test_a_line_in_ui_changes_the_apps_whose_closure_has_it() -> None:
    change: dict[str, str | bytes | None] = {"packages/ui/src/index.tsx": "export const a = 1;\n"}
    assert key("website", change) != key("website")
    assert key("cms", change) == key("cms")


def test_a_change_in_cms_changes_cms_alone() -> None:
    change: dict[str, str | bytes | None] = {"apps/cms/src/server.ts": "// new\n"}
    assert key("cms", change) != key("cms")
    assert key("website", change) == key("website")


def test_readmes_and_files_of_nobody_change_nothing() -> None:
    change: dict[str, str | bytes | None] = {"README.md": "!", "apps/website/README.md": "!", "scripts/release.sh": "!"}
    assert key("website", change) == key("website")


def test_a_dependency_of_another_app_changes_nothing() -> None:
    lock = snapshot().tree.read("pnpm-lock.yaml").decode()
    change: dict[str, str | bytes | None] = {"pnpm-lock.yaml": lock.replace("sha512-react", "sha512-other")}
    assert key("cms", change) == key("cms")
    assert key("website", change) != key("website")


def test_every_field_counts() -> None:
    fields = keyed(snapshot(), "cms").fields
    others = [
        replace(fields, dockerfile="Dockerfile"),
        replace(fields, target="runner"),
        replace(fields, files={}),
        replace(fields, packages={}),
        replace(fields, build_args={"A": "1"}),
        replace(fields, secrets=("npm",)),
        replace(fields, bases={}),
        replace(fields, tools={}),
        replace(fields, epoch=1),
        replace(fields, platform="linux/arm64"),
        replace(fields, schema=0),
    ]
    assert len({build_key(each) for each in (fields, *others)}) == 12


def test_bases_are_pinned_by_their_digest_or_by_what_stands_in() -> None:
    commit = snapshot(
        {"apps/cms/Dockerfile": f"FROM node:20@{PINNED} AS a\nFROM node:22\nCOPY --from=a / /\nCOPY --from=x / /\n"}
    )
    fields = keyed(commit, "cms", stand_ins={"node:22": "docker-image://r/node@sha256:b", "y": "z"}).fields
    assert fields.bases == {f"node:20@{PINNED}": PINNED, "node:22": "sha256:b", "x": ""}


def test_the_package_manager_is_a_tool() -> None:
    assert keyed(snapshot(), "cms").fields.tools == {"pnpm": "9.8.0"}
    assert keyed(snapshot({"package.json": "{}", "pnpm-lock.yaml": None}), "cms").fields.tools == {}


def test_build_args_are_fields() -> None:
    assert keyed(snapshot(), "cms", build_args={"A": "1"}).fields.build_args == {"A": "1"}


def test_facts_are_those_of_the_context() -> None:
    website = keyed(snapshot(), "website").context
    facts = context_facts(keyed(snapshot(), "cms").context, website)
    assert facts.closure == {"apps/cms", "packages/db"}
    assert facts.ignored == set()
    assert set(facts.files) == {"apps/cms/package.json", "apps/cms/Dockerfile", "apps/cms/src/server.ts"}
    assert set(facts.lock) == {
        "importers apps/cms",
        "importers apps/cms: @mini/db (dependencies)",
    }  # the rest is website's, too
    bare = keyed(snapshot({"pnpm-lock.yaml": None}), "website").context
    lock = context_facts(keyed(snapshot(), "cms").context, bare).lock
    assert lock["importers packages/db: pg (dependencies)"] == "8.0.0 (for ^8.0.0)"
    assert context_facts(keyed(snapshot({"pnpm-lock.yaml": None}), "cms").context, website).lock == {}
