import pytest

from alecia_pipeline.audit.manifests.registries import findings
from alecia_pipeline_tests.audit.snapshots import rules_of, snapshot

HEAD = "lockfileVersion: '9.0'\nimporters:\n  .: {}\npackages:\n"


def locked(*entries: str) -> str:
    return HEAD + "".join(
        f"  '{entry.partition(' ')[0]}':\n    resolution: {{{entry.partition(' ')[2]}}}\n" for entry in entries
    )


EVIL = locked(
    "a@1.0.0 integrity: x, tarball: https://evil.example/a.tgz", "@s/b@2.0.0 tarball: https://evil.example/b.tgz"
)


def test_a_package_from_a_registry_that_nobody_configured() -> None:
    (finding,) = findings(snapshot({"pnpm-lock.yaml": EVIL}))
    assert (finding.rule, finding.severity) == ("registry-unknown", "error")
    assert (finding.file, finding.line, finding.dependency) == ("pnpm-lock.yaml", 8, "@s/b")
    assert "@s/b@2.0.0 and 1 more is locked from evil.example" in finding.message


def test_older_lockfiles_say_the_registry_beside() -> None:
    old = locked("/a@1.0.0(@t/c@2.0.0) registry: 'https://evil.example/'").replace("9.0", "6.0")
    (finding,) = findings(snapshot({"pnpm-lock.yaml": old}))
    assert finding.dependency == "a"
    assert finding.line == 6


@pytest.mark.parametrize(
    "settings",
    [
        {".npmrc": "registry=https://evil.example/\n"},
        {"apps/web/.npmrc": "@s:registry=https://EVIL.example/\n"},
        {".npmrc-cloud": "//evil.example/:_authToken=${X}\n"},
        {"pnpm-workspace.yaml": "packages: [apps/*]\nregistries:\n  default: https://evil.example/\n"},
        {".github/workflows/ci.yml": "  registry-url: https://evil.example\n"},
        {"Dockerfile": "FROM x\nRUN npm config set registry https://evil.example\n"},
        {".npmrc": "registry=${REGISTRY}\n"},
    ],
)
def test_a_registry_that_a_setting_names(settings: dict[str, str]) -> None:
    assert rules_of(findings, {"pnpm-lock.yaml": EVIL, **settings}) == []


@pytest.mark.parametrize(
    "entry",
    [
        "a@1.0.0 integrity: x",
        "a@1.0.0 tarball: https://registry.npm" + "js.org/a/-/a-1.0.0.tgz",
        "a@https://evil.example/a.tgz tarball: https://evil.example/a.tgz",
        "a@file:a.tgz tarball: file:a.tgz",
        "a@1.0.0 tarball: file:a.tgz",
        "a@1.0.0 tarball: 'https://[evil/a.tgz'",
        "@jsr/std__x@1.0.0 tarball: https://evil.example/a.tgz",
    ],
)
def test_what_is_no_registry_or_a_known_one(entry: str) -> None:
    assert rules_of(findings, {"pnpm-lock.yaml": locked(entry)}) == []


def test_odd_entries_and_no_lockfile() -> None:
    assert rules_of(findings, {"pnpm-lock.yaml": HEAD + "  a@1.0.0: {}\n"}) == []
    assert rules_of(findings, {}) == []
