import pytest

from alecia_pipeline.audit.manifests.package_manager import findings
from alecia_pipeline_tests.audit.snapshots import manifest, rules_of, snapshot

LOCK = "lockfileVersion: '{}'\nimporters:\n  .: {{}}\n"
DOCKERFILE = "apps/web/Dockerfile"


def files(command: str = "echo", lock: str = "9.0", **root: object) -> dict[str, str]:
    return {
        "package.json": manifest("root", **root),
        "pnpm-lock.yaml": LOCK.format(lock),
        DOCKERFILE: f"FROM node:20\nARG VERSION=9.1.0\nCOPY . .\nRUN {command}\n",
    }


@pytest.mark.parametrize(
    "command",
    [
        "corepack prepare pnpm@8.15.1 --activate",
        "npm i -g pnpm@9.1.0",
        "npm install -g pnpm@$VERSION",
        'npm install -g "pnpm@8"',
        "corepack use pnpm@9.8.1+sha512.abc",
        "corepack enable && corepack install -g pnpm@10",
    ],
)
def test_a_dockerfile_with_another_pnpm_than_the_pinned_one(command: str) -> None:
    (finding,) = findings(snapshot(files(command, packageManager="pnpm@9.8.0+sha512.abc")))
    assert (finding.rule, finding.severity) == ("package-manager-mismatch", "warning")
    assert (finding.file, finding.line) == (DOCKERFILE, 4)
    assert finding.message.endswith("packageManager pins 9.8.0")
    assert finding.fix == "RUN npm install -g pnpm@9.8.0"


@pytest.mark.parametrize(
    "command",
    [
        "corepack prepare pnpm@9.8.0 --activate",
        "npm i -g pnpm@9",
        "npm i -g pnpm@latest",
        "npm i -g pnpm",
        "npm i -g pnpm@$UNKNOWN",
        "corepack enable",
        "echo pnpm@8.0.0",
    ],
)
def test_a_dockerfile_that_may_well_have_it(command: str) -> None:
    assert rules_of(findings, files(command, packageManager="pnpm@9.8.0")) == []


def test_the_same_command_twice_on_a_line_is_one_finding() -> None:
    command = "npm i -g pnpm@8.0.0 && npm i -g pnpm@8.0.0"
    assert len(rules_of(findings, files(command, packageManager="pnpm@9.8.0"))) == 1


@pytest.mark.parametrize(
    ("command", "root", "lock", "why"),
    [
        ("npm i -g pnpm@8", {"engines": {"pnpm": ">=9"}}, "9.0", "engines.pnpm asks for >=9"),
        ("npm i -g pnpm@8.15.1", {}, "9.0", "pnpm-lock.yaml has format 9.0, which it cannot install from"),
        ("npm i -g pnpm@9", {"engines": {"pnpm": ">=9"}}, "9.0", None),
        ("npm i -g pnpm@7", {}, "5.4", None),
    ],
)
def test_a_dockerfile_where_nothing_is_pinned(
    command: str, root: dict[str, object], lock: str, why: str | None
) -> None:
    messages = [message for _, message in rules_of(findings, files(command, lock, **root))]
    assert [message.partition("but ")[2] for message in messages] == ([why] if why else [])


@pytest.mark.parametrize(
    ("root", "why"),
    [
        ({"engines": {"pnpm": ">=10"}}, ["engines.pnpm asks for >=10"]),
        (
            {"devEngines": {"packageManager": {"name": "pnpm", "version": "8.x"}}},
            ["devEngines.packageManager asks for 8.x"],
        ),
        ({"devEngines": {"packageManager": [{"name": "npm", "version": "1"}, 1]}}, []),
        ({"engines": {"pnpm": "^9.0.0", "node": "1"}}, []),
        ({"engines": {"pnpm": 9}}, []),
    ],
)
def test_the_manifest_against_itself(root: dict[str, object], why: list[str]) -> None:
    found = list(findings(snapshot(files("echo", "9.0", packageManager="pnpm@9.8.0", **root))))
    assert [(finding.file, finding.message.partition("but ")[2]) for finding in found] == [
        ("package.json", text) for text in why
    ]


def test_a_lockfile_of_another_major_version() -> None:
    ((_, message),) = rules_of(findings, files(lock="9.0", packageManager="pnpm@8.15.1"))
    assert "format 9.0" in message
    assert rules_of(findings, files(lock="6.0", packageManager="pnpm@8.15.1")) == []


def test_another_package_manager_is_not_judged() -> None:
    assert rules_of(findings, files("echo", packageManager="yarn@4.0.0")) == []
    assert rules_of(findings, {"package.json": manifest("root", packageManager="pnpm@9.8.0")}) == []
