import pytest

from alecia_pipeline.audit.manifests.lock import MAX_COUNTED, MAX_SHOWN, findings, judge
from alecia_pipeline.audit.manifests.pnpm_versions import majors
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
    own = {"overrides": {"pg": "8.9.0", "same": "1", "by-name": "$next", "by-nothing": "$ghost", "env": "${VERSION}"}}
    head = "overrides: {same: '1', by-name: 16.0.0, gone: '2'}\n"
    more = {"resolutions": {"same": "1"}, "optionalDependencies": {"next": "16.0.0"}, "packageManager": "pnpm@9.8.0"}
    verdict = judge(snapshot({**lock(head=head), "package.json": manifest("root", pnpm=own, **more)}))
    assert verdict.settings == (
        "override by-nothing is $ghost but locked as not set",
        "override gone is not set but locked as 2",
        "override pg is 8.9.0 but locked as not set",
    )
    assert not verdict.ok


def test_an_override_may_lead_through_the_root_to_a_catalog() -> None:
    workspace = "packages: [apps/*]\noverrides: {pg: $pg}\ncatalog: {pg: 8.9.0}\n"
    root = manifest("root", packageManager="pnpm@10.33.0", dependencies={"pg": "catalog:"})
    head = "overrides: {pg: 8.9.0}\n"
    own = "importers:\n  .: {dependencies: {pg: {specifier: 8.9.0, version: 8.9.0}}}\n  apps/web: "
    files = {**lock(locked(specifier="8.9.0"), head, own), "pnpm-workspace.yaml": workspace, "package.json": root}
    assert judge(snapshot({**files, WEB: manifest("@x/web", dependencies={"pg": "^8.0.0"})})).count == 0


def test_catalogs_must_agree_where_they_are_used() -> None:
    head = (
        "catalogs: {default: {pg: {specifier: ^8.0.0}, next: {specifier: ^16.0.0}}, old: {pg: {specifier: ^7.0.0}}}\n"
    )
    workspace = "packages: [apps/*]\ncatalog: {pg: ^8.0.0, next: ^16.1.0, unused: '1'}\n"
    (finding,) = findings(snapshot({**lock(head=head), "pnpm-workspace.yaml": workspace}))
    assert finding.dir == "."
    assert "catalog default: next is ^16.1.0 but locked as ^16.0.0" in finding.message
    assert "catalog old: pg is not set but locked as ^7.0.0" in finding.message


def test_what_no_person_wrote_is_counted_so_far_only() -> None:
    many = {f"d{number}": "1" for number in range(MAX_COUNTED + 5)}
    (finding,) = findings(snapshot({**lock(), WEB: manifest("@x/web", dependencies=many)}))
    assert finding.message.endswith(f"; and at least {MAX_COUNTED - MAX_SHOWN} more")


def test_links_may_be_left_out_of_the_lockfile() -> None:
    files = {**lock(), WEB: manifest("@x/web", dependencies={"near": "link:../near"})}
    assert judge(snapshot(files)).importers["apps/web"] == ("near is declared but not locked",)
    files["pnpm-lock.yaml"] = files["pnpm-lock.yaml"].replace("autoInstallPeers", "excludeLinksFromLockfile")
    files["pnpm-workspace.yaml"] = "packages: [apps/*]\nexcludeLinksFromLockfile: true\n"
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


@pytest.mark.parametrize(
    ("other", "package_manager", "rules"),
    [
        ("package-lock.json", None, []),
        ("bun.lock", "bun@1.3.0", []),
        ("yarn.lock", "pnpm@9.8.0", ["lockfile-missing"]),
        ("README.md", None, ["lockfile-missing"]),
    ],
)
def test_a_repository_of_another_package_manager_has_its_own(
    other: str, package_manager: str | None, rules: list[str]
) -> None:
    root = manifest("root", **({"packageManager": package_manager} if package_manager else {}))
    assert [finding.rule for finding in findings(snapshot({other: "", "package.json": root}))] == rules


def test_each_package_may_have_a_lockfile_of_its_own() -> None:
    own = {".npmrc": "shared-workspace-lockfile=false\n", "pnpm-lock.yaml": f"{HEAD}importers:\n  .: {{}}\n"}
    files = {**own, WEB: manifest("@x/web", dependencies={"pg": "8"}), "packages/ui/package.json": manifest("@x/ui")}
    assert [finding.message for finding in findings(snapshot(files))] == [
        "pnpm-lock.yaml does not agree with apps/web/package.json: there is no apps/web/pnpm-lock.yaml"
    ]
    files["apps/web/pnpm-lock.yaml"] = f"{HEAD}importers:\n  .: {locked()}\n"
    (finding,) = findings(snapshot(files))
    assert (finding.file, finding.line) == ("apps/web/pnpm-lock.yaml", None)
    assert finding.message.endswith("pg is declared as 8 but locked as ^8.0.0")


def test_hooks_may_change_what_they_name() -> None:
    hooks = "module.exports = {hooks: {readPackage: (p) => { delete p.dependencies.pg; return p }}}"
    files = {**lock(), WEB: manifest("@x/web", dependencies={"pg": "8", "zod": "3"}), ".pnpmfile.cjs": hooks}
    verdict = judge(snapshot({**files, "package.json": manifest("root", packageManager="pnpm@8.15.9")}))
    assert verdict.importers["apps/web"] == ("zod is declared but not locked",)


def test_two_files_of_hooks_have_no_checksum_that_can_be_told() -> None:
    hooks = {".pnpmfile.cjs": "exports.hooks = {}", ".pnpmfile.mjs": "export const hooks = {}"}
    assert judge(snapshot({**lock(), **hooks})).settings == ()
    (settings,) = judge(snapshot({**lock(), ".pnpmfile.cjs": "exports.hooks = {}"})).settings
    assert settings == "the hooks of .pnpmfile.cjs are not locked"


def test_a_script_may_add_to_manifests_before_they_are_read() -> None:
    root = manifest("root", scripts={"pnpm:devPreinstall": "node prepare.js"})
    files = {**lock(locked()), "package.json": root, WEB: manifest("@x/web", dependencies={"zod": "3"})}
    assert judge(snapshot(files)).importers["apps/web"] == ("zod is declared but not locked",)


def test_a_patch_that_is_not_committed() -> None:
    head = "patchedDependencies: {pg: {hash: a, path: patches/pg.patch}}\n"
    root = manifest("root", pnpm={"patchedDependencies": {"pg": "patches/pg.patch"}}, packageManager="pnpm@9.8.0")
    verdict = judge(snapshot({**lock(head=head), "package.json": root}))
    assert verdict.settings == ("the patch of pg, patches/pg.patch, is not in the commit",)


def test_a_lockfile_that_a_merge_damaged() -> None:
    files = {
        **lock(locked(), importers=f"snapshots: {{zod@3.0.0: {{}}}}\n{EMPTY}"),
        WEB: manifest("@x/web", dependencies={"pg": "^8.0.0"}),
    }
    (problem,) = judge(snapshot(files)).settings
    assert problem == "apps/web needs pg@8.0.0, for which there is no entry: the file is damaged, often by a merge"


@pytest.mark.parametrize(
    ("root", "expected"),
    [
        ({"packageManager": "pnpm@10.1.0+sha512.abc"}, (10,)),
        ({"packageManager": "pnpm@8.1.0"}, (9, 10, 11, 12)),  # it cannot read this lockfile
        ({"packageManager": "yarn@4.0.0"}, (9, 10, 11, 12)),
        ({"devEngines": {"packageManager": {"name": "pnpm", "version": "^11.0.0"}}}, (11,)),
        ({"devEngines": {"packageManager": [{"name": "npm", "version": "1"}, {"name": "pnpm", "version": "9"}]}}, (9,)),
        ({"devEngines": {"packageManager": {"name": "npm"}}, "engines": {"pnpm": ">=9 <11"}}, (9, 10)),
        ({"engines": {"node": ">=20"}}, (9, 10, 11, 12)),
    ],
)
def test_which_pnpm_is_meant(root: dict[str, object], expected: tuple[int, ...]) -> None:
    found = snapshot({**lock(), "package.json": manifest("root", **root)})
    assert majors(found.workspace.root.manifest, found.lockfile) == expected


@pytest.mark.parametrize(("version", "expected"), [("5.4", (6, 7)), ("6.0", (8, 9)), ("9.0", (9, 10, 11, 12))])
def test_which_pnpm_reads_a_format(version: str, expected: tuple[int, ...]) -> None:
    found = snapshot({"pnpm-lock.yaml": f"lockfileVersion: '{version}'\nimporters: {{}}\n"})
    assert majors(found.workspace.root.manifest, found.lockfile) == expected


def test_peers_of_pnpm_7_may_be_locked_or_not() -> None:
    web = {WEB: manifest("@x/web", peerDependencies={"react": "18"})}
    for block in ("{specifiers: {}}", "{specifiers: {react: '18'}, dependencies: {react: 18.0.0}}"):
        text = f"lockfileVersion: 5.4\nimporters:\n  .: {{specifiers: {{}}}}\n  apps/web: {block}\n"
        assert judge(snapshot({**web, "pnpm-lock.yaml": text})).count == 0
