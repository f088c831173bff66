"""Bad input, command by command: one clear error, its exit code, and nothing started. Sockets are off: a command that
reached for a host or a registry before it looked at its input would fail here with a traceback."""

import functools
from pathlib import Path

import httpx
import pytest

from alecia_pipeline.adapters.registry_http import RegistryClient
from alecia_pipeline.cli.main import run
from alecia_pipeline_tests.conftest import Repository
from alecia_pipeline_tests.monorepo import mini

RUNNER = """\
registry: registry.example/mini
environments:
  staging:
    domain: mini.test
    caddyfile: Caddyfile
    env_file: .env.staging
    compose: compose.yaml
    secrets: [AUTH]
    hosts: [{address: 127.0.0.1, user: u, identity_file: absent, host_key: "SHA256:%s"}]
""" % ("A" * 43)

FILES = {
    "alecia.yaml": "migrations: {dir: packages/db/migrations, service: db, database: d, user: u}\n",
    "compose.yaml": "services: {db: {image: postgres}, caddy: {image: caddy}}\n",
    "Caddyfile": "mini.test {\n}\n",
    ".env.staging": "REGION=eu\n",
}

ENV = ("--env", "staging")
RELEASE = ("release", *ENV)
REDEPLOY = ("redeploy", "cms", *ENV)
MIGRATE = ("migrate", *ENV)
SECRETS = tuple(("secrets", *words, *ENV) for words in (("init",), ("check",), ("rotate", "AUTH")))
READING = (("audit",), ("plan",), ("build",), RELEASE, REDEPLOY)
"""The commands that read the whole commit."""

POSITIONAL = {"audit", "plan", "init"}
"""They take REPO as an argument, the others as an option."""


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the commands a state folder of their own, which must stay as it is: no run is recorded."""
    folder = tmp_path / "state"
    monkeypatch.setenv("XDG_STATE_HOME", str(folder))
    return folder


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "runner.yaml"
    file.write_text(RUNNER)
    return file


def refused(capsys: pytest.CaptureFixture[str], command: tuple[str, ...], repo: Path, config: Path) -> str:
    """Run a command that must be refused as a usage error, and return what it says."""
    words = (*command, str(repo)) if command[0] in POSITIONAL else (*command, "--repo", str(repo))
    assert run(["--config", str(config), *words]) == 2
    printed = capsys.readouterr()
    assert not printed.out
    assert printed.err.startswith("error: ")
    assert printed.err.count("error: ") == 1
    assert all(f"\n  {part}: " in printed.err for part in ("where", "why", "fix")), printed.err
    return printed.err


@pytest.mark.parametrize("command", [*READING, MIGRATE, *SECRETS, ("audit", "--worktree"), ("init",), ("ui",)])
def test_no_repository(
    command: tuple[str, ...], tmp_path: Path, config: Path, state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "plain"
    folder.mkdir()
    assert "this is not a git repository" in refused(capsys, command, folder, config)
    assert not list(folder.iterdir())
    assert not state.exists()


@pytest.mark.parametrize("command", [("audit",), ("plan",), ("build",), RELEASE, MIGRATE])
def test_an_unknown_revision(
    command: tuple[str, ...],
    repository: Repository,
    config: Path,
    state: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = refused(capsys, (*command, "--rev", "v9"), repository(mini(FILES)), config)
    assert "unknown revision 'v9'" in said
    assert not state.exists()


@pytest.mark.parametrize(
    ("command", "path", "text"),
    [
        (command, path, text)
        for command in READING
        for path, text in (
            ("package.json", "{ ["),
            ("apps/cms/package.json", "{ ["),
            ("pnpm-lock.yaml", "{ ["),
            ("pnpm-workspace.yaml", "{ ["),
            ("apps/cms/Dockerfile", "RUN true\n"),
            ("alecia.yaml", "apps: {cms: {dockerfil: x}}\n"),
        )
        if (command, path) != (("plan",), "apps/cms/Dockerfile")  # planned, with the other apps: test_plan.py
    ],
)
def test_a_file_that_does_not_parse(  # noqa: PLR0913, PLR0917 - two parameters and four fixtures
    command: tuple[str, ...],
    path: str,
    text: str,
    repository: Repository,
    config: Path,
    state: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = refused(capsys, command, repository(mini({**FILES, path: text})), config)
    assert f"\n  where: {path}" in said
    assert not state.exists()


@pytest.mark.parametrize("command", [RELEASE, REDEPLOY, *SECRETS[:2]])
@pytest.mark.parametrize(
    ("path", "text"), [("compose.yaml", "{ ["), ("compose.yaml", None), (".env.staging", "no"), (".env.staging", None)]
)
def test_a_file_of_the_environment(  # noqa: PLR0913, PLR0917 - two parameters and four fixtures
    command: tuple[str, ...],
    path: str,
    text: str | None,
    repository: Repository,
    config: Path,
    state: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = refused(capsys, command, repository(mini({**FILES, path: text})), config)
    assert path in said
    assert not state.exists()


def test_the_audit_reads_the_compose_file_too(
    repository: Repository, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    repo = repository(mini({**FILES, "docker-compose.production.yml": "{ ["}))
    assert "docker-compose.production.yml is not valid YAML" in refused(capsys, ("audit",), repo, config)


@pytest.mark.parametrize("command", [RELEASE, REDEPLOY])
def test_a_release_without_its_caddyfile(
    command: tuple[str, ...], repository: Repository, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    repo = repository(mini({**FILES, "Caddyfile": None}))
    assert "the commit has no Caddyfile" in refused(capsys, command, repo, config)


@pytest.mark.parametrize("command", [("audit", "--app", "shop"), ("build", "shop"), ("redeploy", "shop", *ENV)])
def test_an_unknown_app(
    command: tuple[str, ...],
    repository: Repository,
    config: Path,
    state: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = refused(capsys, command, repository(mini(FILES)), config)
    assert "unknown app 'shop'" in said
    assert "apps here: cms, website" in said
    assert not state.exists()


@pytest.mark.parametrize(
    "command",
    [
        ("plan",),
        ("build",),
        ("release",),
        ("redeploy", "cms"),
        *((name,) for name in ("rollback", "status", "history", "smoke", "migrate", "doctor", "repair", "unlock")),
        ("logs", "cms"),
        *(command[: -len(ENV)] for command in SECRETS),
    ],
)
def test_an_unknown_environment(
    command: tuple[str, ...],
    repository: Repository,
    config: Path,
    state: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = refused(capsys, (*command, "--env", "moon"), repository(mini(FILES)), config)
    assert "unknown environment 'moon'" in said
    assert f"where: {config}" in said
    assert "environments here: staging" in said
    assert not state.exists()


INVALID = ("environments: [", "- a", "registri: x", "environments: {staging: {}}", "\0")
ODD = ("? [a]\n: b", "a: 2026-13-45", "[" * 3000)
"""They parse as far as YAML goes; the values cannot be made of them."""


@pytest.mark.parametrize("text", [*INVALID, *ODD], ids=range(8))
@pytest.mark.parametrize("command", [("audit",), ("status", *ENV), RELEASE, ("sandbox", "config")])
def test_a_configuration_that_is_not_valid(
    command: tuple[str, ...], text: str, repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without --config the file in the repository's folder is the runner's too."""
    repo = repository(mini({"alecia.yaml": text}))
    words = (*command, str(repo)) if command[0] in {"audit", "sandbox"} else (*command, "--repo", str(repo))
    assert run([*words]) == 2
    said = capsys.readouterr().err
    assert "alecia.yaml" in said
    assert "\n  why: " in said
    assert "\n  fix: " in said


def test_a_key_file_that_is_missing(repository: Repository, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "the private key cannot be used" in refused(capsys, ("status", *ENV), repository(mini(FILES)), config)


def test_init_never_writes_over_a_file(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    repo = repository(mini({"alecia.yaml": "apps: {}\n"}))
    assert run(["init", str(repo)]) == 3
    assert "alecia.yaml is already there" in capsys.readouterr().err
    assert (repo / "alecia.yaml").read_text() == "apps: {}\n"


def test_plan_goes_on_without_a_registry_that_answers(
    repository: Repository, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    silent = functools.partial(RegistryClient, transport=httpx.MockTransport(_unreachable))
    monkeypatch.setattr("alecia_pipeline.operations.registries.RegistryClient", silent)
    repo = repository(mini({"alecia.yaml": "registry: registry.example/mini\n"}))
    assert run(["plan", str(repo)]) == 0
    printed = capsys.readouterr()
    assert "2 to build, 0 to reuse" in printed.out
    assert printed.out.count("  the registry registry.example does not answer, so no image is known") == 2
    assert "warning: the registry registry.example does not answer" in printed.err


def _unreachable(_: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("nobody listens")
