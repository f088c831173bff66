import pytest

from alecia_pipeline.audit.manifests.consistency import findings
from alecia_pipeline_tests.audit.snapshots import manifest, rules_of, snapshot


def workspace(*specs: str, kind: str = "dependencies", **root: object) -> dict[str, str]:
    files = {f"packages/p{n}/package.json": manifest(f"p{n}", **{kind: {"x": spec}}) for n, spec in enumerate(specs)}
    return {**files, "package.json": manifest("root", **root)}


def test_one_finding_names_every_place_and_stands_at_the_odd_one() -> None:
    (finding,) = findings(snapshot(workspace("^1.2.0", "^1.3.0", "^1.3.0")))
    assert (finding.rule, finding.severity) == ("version-mismatch", "warning")
    assert (finding.file, finding.line, finding.dependency) == ("packages/p0/package.json", 1, "x")
    assert (
        finding.message
        == "x is asked for in different versions: ^1.2.0 in packages/p0; ^1.3.0 in packages/p1, packages/p2"
    )
    assert finding.fix == "pnpm --filter p0 add x@^1.3.0"


def test_of_two_versions_as_common_the_newer_is_proposed() -> None:
    (finding,) = findings(snapshot(workspace("^9.0.0", "^10.0.0", devDependencies={"x": "8.0.0"})))
    assert finding.fix == "pnpm -w add x@^10.0.0 && pnpm --filter p0 add x@^10.0.0"


@pytest.mark.parametrize(
    "specs",
    [
        ("^1.2.0", "^1.2.0"),
        ("^1.2.0", "*"),
        ("^1.2.0", "latest"),
        ("^1.2.0", "workspace:*"),
        ("^1.2.0", "catalog:"),
        ("^1.2.0", "npm:y@2.0.0"),
        ("^1.2.0", "link:../y"),
        ("^1.2.0", "github:a/b"),
    ],
)
def test_what_does_not_contradict(specs: tuple[str, str]) -> None:
    assert rules_of(findings, workspace(*specs)) == []


def test_an_override_for_all_decides() -> None:
    assert rules_of(findings, workspace("^1.0.0", "^2.0.0", pnpm={"overrides": {"x": "2.0.0"}})) == []
    assert len(rules_of(findings, workspace("^1.0.0", "^2.0.0", pnpm={"overrides": {"y>x": "2.0.0"}}))) == 1


def test_a_sibling_is_no_version() -> None:
    files = {**workspace("^1.0.0", "^2.0.0"), "packages/x/package.json": manifest("x")}
    assert rules_of(findings, files) == []


def test_peers_count_separately_and_only_where_they_exclude_each_other() -> None:
    assert rules_of(findings, workspace(">=18", "^19.0.0", kind="peerDependencies")) == []
    files = {**workspace("^18.0.0", "^19.0.0", kind="peerDependencies"), **workspace(devDependencies={"x": "17.0.0"})}
    (finding,) = findings(snapshot(files))
    assert "as a peer" in finding.message
    assert finding.fix == "let the ranges of x overlap"
