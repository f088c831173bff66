import pytest

from alecia_pipeline.audit.manifests.lock import findings, judge
from alecia_pipeline.audit.snapshot import take_snapshot
from alecia_pipeline.errors import UsageError
from alecia_pipeline_tests.audit.snapshots import manifest, rules_of, snapshot
from alecia_pipeline_tests.trees import DictTree

WEB = "apps/web/package.json"
HEAD = "lockfileVersion: '9.0'\nsettings: {autoInstallPeers: true}\n"
EMPTY = "importers:\n  .: {}\n  apps/web: "


def lock(block: str = "{}", head: str = "", importers: str = EMPTY) -> dict[str, str]:
    return {"pnpm-lock.yaml": f"{HEAD}{head}{importers}{block}\n"}


def locked(kind: str = "dependencies", name: str = "pg", specifier: str = "^8.0.0") -> str:
    return f"{{{kind}: {{{name}: {{specifier: {specifier!r}, version: 8.0.0}}}}}}"


def test_without_a_lockfile_nothing_is_reproducible() -> None:
    found = snapshot({})
    assert [finding.rule for finding in findings(found)] == ["lockfile-missing"]
    assert not judge(found).ok


@pytest.mark.parametrize(
    ("web", "block", "problem"),
    [
        ({"dependencies": {"pg": "^8.0.0"}}, locked(), None),
        ({"devDependencies": {"pg": "^8.0.0"}, "dependencies": {"pg": "^8.0.0"}}, locked(), None),
        ({"optionalDependencies": {"pg": "^8.0.0"}}, locked("optionalDependencies"), None),
        ({"dependencies": {"pg": "catalog:"}}, locked(specifier="catalog:"), None),
        ({"peerDependencies": {"pg": "^8.0.0"}}, locked(), None),
        ({"dependencies": {"pg": "^8.0.0"}}, "{}", "pg is declared but not locked"),
        ({"dependencies": {"pg": "^8.1.0"}}, locked(), "pg is declared as ^8.1.0 but locked as ^8.0.0"),
        ({"devDependencies": {"pg": "^8.0.0"}}, locked(), "pg is in devDependencies but locked in dependencies"),
        ({}, locked(), "pg is locked but not declared"),
    ],
)
def test_an_importer_agrees_or_not(web: dict[str, dict[str, str]], block: str, problem: str | None) -> None:
    verdict = judge(snapshot({**lock(block), WEB: manifest("@x/web", **web)}))
    assert verdict.importers == {".": (), "apps/web": (problem,) if problem else ()}
    assert verdict.ok


@pytest.mark.parametrize(
    ("selector", "value", "block"),
    [
        ("pg", "8.9.0", locked(specifier="8.9.0")),
        ("pg@^8", "8.9.0", locked(specifier="8.9.0")),
        ("'@x/web>pg'", "8.9.0", locked(specifier="8.9.0")),
        ("pg", "'-'", "{}"),
    ],
)
def test_overrides_explain_a_difference(selector: str, value: str, block: str) -> None:
    files = {
        **lock(block, f"overrides:\n  {selector}: {value}\n"),
        "pnpm-workspace.yaml": f"packages: [apps/*]\noverrides:\n  {selector}: {value}\n",
        WEB: manifest("@x/web", dependencies={"pg": "^8.0.0"}),
    }
    assert rules_of(findings, files) == []


def test_an_override_of_another_package_explains_nothing() -> None:
    head = "overrides:\n  other>pg: 8.9.0\n  next: 8.9.0\n"
    files = {**lock(locked(specifier="8.9.0"), head), WEB: manifest("@x/web", dependencies={"pg": "^8.0.0"})}
    assert judge(snapshot(files)).importers["apps/web"] == ("pg is declared as ^8.0.0 but locked as 8.9.0",)


def test_overrides_themselves_must_agree() -> None:
    own = {"overrides": {"pg": "8.9.0", "same": "1", "by-name": "$next"}}
    head = "overrides: {same: '1', by-name: 16.0.0, gone: '2'}\n"
    verdict = judge(
        snapshot({**lock(head=head), "package.json": manifest("root", pnpm=own, resolutions={"same": "1"})})
    )
    assert verdict.settings == (
        "override gone is not set but locked as 2",
        "override pg is 8.9.0 but locked as not set",
    )
    assert not verdict.ok


def test_catalogs_must_agree_where_they_are_used() -> None:
    head = (
        "catalogs: {default: {pg: {specifier: ^8.0.0}, next: {specifier: ^16.0.0}}, old: {pg: {specifier: ^7.0.0}}}\n"
    )
    workspace = "packages: [apps/*]\ncatalog: {pg: ^8.0.0, next: ^16.1.0, unused: '1'}\n"
    (finding,) = findings(snapshot({**lock(head=head), "pnpm-workspace.yaml": workspace}))
    assert finding.dir == "."
    assert "catalog default: next is ^16.1.0 but locked as ^16.0.0" in finding.message
    assert "catalog old: pg is not set but locked as ^7.0.0" in finding.message


def test_links_may_be_left_out_of_the_lockfile() -> None:
    files = {**lock(), WEB: manifest("@x/web", dependencies={"near": "link:../near"})}
    assert judge(snapshot(files)).importers["apps/web"] == ("near is declared but not locked",)
    files["pnpm-lock.yaml"] = files["pnpm-lock.yaml"].replace("autoInstallPeers", "excludeLinksFromLockfile")
    assert judge(snapshot(files)).importers["apps/web"] == ()


def test_a_package_that_the_lockfile_does_not_know() -> None:
    files = lock(importers="importers:\n  .: ", block="{}")
    assert rules_of(findings, files) == []
    assert judge(snapshot({**files, WEB: manifest("@x/web", dependencies={"pg": "8"})})).importers["apps/web"] == (
        "the package is not in the lockfile",
    )


def test_a_finding_points_at_the_importers_block_and_names_the_first_differences() -> None:
    text = f"{HEAD}\nimporters:\n\n  .: {{}}\n\n  'apps/web': {{}}\n\npackages:\n  apps/web: {{}}\n"
    files = {"pnpm-lock.yaml": text, WEB: manifest("@x/web", dependencies={f"p{i}": "1" for i in range(10)})}
    (finding,) = findings(snapshot(files))
    assert (finding.line, finding.dir) == (8, "apps/web")
    assert finding.message.endswith("p7 is declared but not locked; and 2 more")


def test_a_workspace_without_pnpm_settings() -> None:
    files = {"apps/web/package.json": manifest("@x/web"), "package.json": manifest("root", workspaces=["apps/*"])}
    assert judge(take_snapshot(DictTree({**files, **lock()}))).ok


def test_a_lockfile_that_does_not_parse_is_an_error() -> None:
    with pytest.raises(UsageError):
        snapshot({"pnpm-lock.yaml": "a: ["})
