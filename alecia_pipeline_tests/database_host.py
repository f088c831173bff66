"""An environment of its own on the sandbox's VPS, with a database and nothing else: for tests of the data stages."""

import contextlib
import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from alecia_pipeline.adapters.host import RemoteHost
from alecia_pipeline.adapters.sandbox.status import SandboxStatus
from alecia_pipeline.config import EnvironmentConfig, parse_config
from alecia_pipeline.operations.hosts import connect
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.rollout.ports import Command, Completed
from alecia_pipeline_tests.box import SAMPLE, open_box
from alecia_pipeline_tests.conftest import git, write

COMPOSE = """\
services:
  postgres:
    image: ${POSTGRES_IMAGE}
    environment: {POSTGRES_USER: alecia, POSTGRES_DB: alecia, POSTGRES_PASSWORD: "${POSTGRES_PASSWORD}"}
    volumes: ["data:/var/lib/postgresql/data"]
    healthcheck: {test: ["CMD", "pg_isready", "-q", "-h", "127.0.0.1", "-U", "alecia"], interval: 1s, retries: 60}
  web:
    image: ${POSTGRES_IMAGE}
    environment: {AUTH: "${AUTH_SECRET}", DOMAIN: "${DOMAIN}", PORT: "${PORT:-3000}"}
volumes: {data: {}}
"""


@dataclass
class DatabaseHost:
    """A repository with one commit, the runner's configuration for it, and the folder on the VPS."""

    repo: Path
    config_file: Path
    root: str
    project: str
    lines: list[str] = field(default_factory=list)

    @property
    def runner(self) -> Runner:
        return Runner(self.repo, parse_config(self.config_file.read_bytes()), self.lines.append)

    @property
    def environment(self) -> EnvironmentConfig:
        return self.runner.config.environment("staging")

    def commit(self, files: Mapping[str, str]) -> str:
        """Commit files; return the commit."""
        write(self.repo, files)
        git(self.repo, "add", "--all", "--force")
        git(self.repo, "commit", "--quiet", "--allow-empty", "--message=next")
        return git(self.repo, "rev-parse", "HEAD")

    def connected(self) -> contextlib.AbstractContextManager[RemoteHost]:
        return connect(self.runner, "staging")

    def run(self, *argv: str, stdin: bytes = b"") -> Completed:
        with self.connected() as host:
            return host.run(Command.of(*argv), stdin=stdin, timeout=120)

    def read(self, name: str) -> bytes:
        with self.connected() as host:
            return host.read(f"{self.root}/{name}") or b""

    def write(self, name: str, data: bytes) -> None:
        with self.connected() as host:
            host.write(f"{self.root}/{name}", data, mode=0o600)

    def start_database(self) -> None:
        """Start the compose file's database on the VPS and wait until it answers."""
        self.write("compose.yaml", COMPOSE.encode())
        self._compose("up", "--detach", "--wait", "--quiet-pull", "postgres")

    def remove(self) -> None:
        """Remove containers, volumes and the folder from the VPS."""
        if self.read("compose.yaml"):
            self._compose("down", "--volumes", "--timeout", "1")
        self.run("sudo", "rm", "-rf", self.root)

    def _compose(self, *arguments: str) -> None:
        files = ("--project-name", self.project, "--env-file", f"{self.root}/.env", "-f", f"{self.root}/compose.yaml")
        done = self.run("docker", "compose", *files, *arguments)
        assert done.status == 0, done.stderr.decode()


@contextlib.contextmanager
def database_host(folder: Path) -> Iterator[DatabaseHost]:
    """Make a repository and an environment of its own in `folder` and on the VPS; remove the latter at the end."""
    sandbox = open_box()
    status = sandbox.status()
    project = f"data{secrets.token_hex(4)}"
    images = sandbox.build_service_images(SAMPLE, print)
    config_file = folder / "runner.yaml"
    config_file.write_text(yaml.safe_dump(_config(status, project, {"POSTGRES_IMAGE": images["POSTGRES_IMAGE"]})))
    repo = folder / "repository"
    repo.mkdir()
    git(repo, "init", "--quiet", "--initial-branch=main")
    made = DatabaseHost(repo, config_file, f"/srv/{project}", project)
    made.commit({"compose.yaml": COMPOSE, ".env.staging": "DOMAIN=alecia.test\n", "Caddyfile": ""})
    credentials = json.loads(status.registry_credentials_file.read_text())
    login = ("docker", "login", "--username", credentials["username"], "--password-stdin", credentials["server"])
    assert made.run(*login, stdin=credentials["password"].encode()).status == 0
    try:
        yield made
    finally:
        made.remove()


def _config(status: SandboxStatus, project: str, images: Mapping[str, str]) -> dict[str, object]:
    host = {
        "address": "127.0.0.1",
        "port": status.ssh_port,
        "user": status.ssh_user,
        "identity_file": str(status.ssh_key_file),
        "host_key": status.host_key_fingerprint,
    }
    staging = {
        "domain": "alecia.test",
        "hosts": [host],
        "root": f"/srv/{project}",
        "project": project,
        "compose": "compose.yaml",
        "caddyfile": "Caddyfile",
        "env_file": ".env.staging",
        "env": dict(images),
        "secrets": ["POSTGRES_PASSWORD", "AUTH_SECRET"],
        "smoke": [{"host": "app.{domain}", "path": "/host", "contains": "app."}],
    }
    migrations = {"dir": "db", "database": "alecia", "user": "alecia"}
    return {"migrations": migrations, "environments": {"staging": staging}}
