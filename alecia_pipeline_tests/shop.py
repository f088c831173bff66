"""A copy of the sample monorepo, released to a sandbox of the tests' own, as its user would see it."""

import json
import os
import secrets
import shutil
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

from alecia_pipeline.adapters.sandbox.runner_file import runner_file
from alecia_pipeline.adapters.sandbox.sandbox import Sandbox
from alecia_pipeline.config import parse_config
from alecia_pipeline_tests.box import SAMPLE, open_box
from alecia_pipeline_tests.conftest import git
from alecia_pipeline_tests.load import Target

ALECIA = Path(sys.executable).with_name("alecia")

HOSTS = ("app", "colab", "cms", "flows", "sign", "analytics", "feeds", "vault", "search", "pdf", "s3", "storage", "www")
"""The sample's host names beside the apex."""

PROJECT = "label=com.docker.compose.project=alecia"
"""The filter for what is the shop's: other tests have projects of theirs on the same host."""


@dataclass(frozen=True)
class Shop:
    """The repository, the configuration that leads it to the sandbox, and the sandbox."""

    repo: Path
    config: Path
    box: Sandbox
    home: Path

    @property
    def environment(self) -> dict[str, str]:
        """The variables of every command: an XDG state folder of the tests' own, so that Dagster's runs are too.

        The command runs as a user's does: coverage would measure in it what other tests cover, at a third of its time.
        """
        measured = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_PROCESS")}
        return {**measured, "XDG_STATE_HOME": str(self.home), "NO_COLOR": "1"}

    def alecia(self, *words: str, status: int = 0) -> str:
        """Run a command, assert its exit status, and return what it printed to stdout."""
        return self._run(words, status).stdout

    def failure(self, *words: str, status: int) -> str:
        """Run a command that must fail with `status`, and return its error."""
        return self._run(words, status).stderr

    def _run(self, words: tuple[str, ...], status: int) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [ALECIA, "--config", str(self.config), *words],
            cwd=self.repo,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
        assert done.returncode == status, f"{words}: {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-6000:]}"
        assert "Traceback" not in done.stderr
        return done

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Start a command and leave it running, in a process group of its own."""
        return subprocess.Popen(
            [ALECIA, "--config", str(self.config), *words],
            cwd=self.repo,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def json(self, *words: str) -> dict[str, Any]:
        """Run a command with `--format json` and return its document."""
        found: dict[str, Any] = json.loads(self.alecia(*words, "--format", "json"))
        return found

    def commit(self, changes: dict[str, str], message: str = "change") -> str:
        """Write files, commit them, and return the commit."""
        for path, text in changes.items():
            (self.repo / path).write_text(text)
        git(self.repo, "commit", "--all", "--quiet", "--message", message)
        return git(self.repo, "rev-parse", "HEAD").strip()

    def edit(self, path: str, old: str, new: str) -> str:
        """Replace a text in a file, commit it, and return the commit."""
        text = (self.repo / path).read_text()
        assert text.count(old) >= 1, f"{path} does not hold {old!r}"
        return self.commit({path: text.replace(old, new)}, f"edit {path}")

    def restore(self, commit: str) -> None:
        """Bring the files back to those of `commit`, as a new commit."""
        git(self.repo, "read-tree", "-u", "--reset", commit)
        git(self.repo, "commit", "--all", "--quiet", "--allow-empty", "--message", f"back to {commit[:8]}")

    def containers(self) -> dict[str, str]:
        """Return the id of each running container of the environment by its compose service."""
        form = '{{.Label "com.docker.compose.service"}} {{.ID}} {{.CreatedAt}}'
        listed = self.on_host("docker", "ps", "--no-trunc", "--filter", PROJECT, "--format", form)
        return {line.split(" ", 1)[0]: line.split(" ", 1)[1] for line in listed.splitlines()}

    def app_containers(self) -> dict[str, str]:
        """Return the running containers of the apps alone: app -> id."""
        form = '{{.Label "alecia.app"}} {{.ID}}'
        listed = self.on_host(
            "docker", "ps", "--no-trunc", "--filter", PROJECT, "--filter", "label=alecia.app", "--format", form
        )
        return dict(line.split(" ", 1) for line in listed.splitlines())

    def on_host(self, *words: str) -> str:
        """Run a command inside the VPS and return what it printed."""
        return subprocess.run(
            ["docker", "exec", self.box.status().vps_container, *words], capture_output=True, text=True, check=True
        ).stdout

    def target(self, name: str = "") -> Target:
        """Return one of the sites, by its name before the domain."""
        found = self.box.status()
        host = f"{name}.{found.domain}" if name else found.domain
        return Target(host, "127.0.0.1", found.https_port, found.ca_file)


def open_shop(folder: Path, other: str = "") -> Shop:
    """Bring the tests' sandbox (or the `other` one) up and copy the sample into a new repository."""
    box = open_box(other)
    repo = folder / "alepanel"
    shutil.copytree(SAMPLE, repo)
    git(repo, "init", "--quiet", "--initial-branch=main")
    git(repo, "config", "user.name", "Test")
    git(repo, "config", "user.email", "test@example.invalid")
    git(repo, "add", "--all")
    git(repo, "commit", "--quiet", "--message", "sample")
    config = folder / "sandbox.yaml"
    config.write_bytes(_impatient(box, repo))
    return Shop(repo, config, box, folder / "state")


def _impatient(box: Sandbox, repo: Path) -> bytes:
    """Return the runner's file with waits cut to what a test can bear."""
    images = box.build_service_images(repo, print)
    written = runner_file(parse_config((repo / "alecia.yaml").read_bytes()), box.status(), box.build_contexts(), images)
    raw = yaml.safe_load(written)
    raw["environments"]["staging"] |= {"soak_seconds": 2, "confirm_seconds": 45}
    return yaml.safe_dump(raw).encode()


def open_visitor(shop: Shop) -> httpx.Client:
    """Return a client that verifies the sandbox's certificates."""
    return httpx.Client(verify=ssl.create_default_context(cafile=str(shop.box.status().ca_file)), timeout=30)


def answer(visitor: httpx.Client, shop: Shop, name: str, path: str = "/") -> httpx.Response:
    """Ask a site by its name, connecting to the sandbox whatever the name resolves to."""
    target = shop.target(name)
    return visitor.get(
        f"https://127.0.0.1:{target.port}{path}",
        headers={"Host": f"{target.host}:{target.port}"},
        extensions={"sni_hostname": target.host},
    )


RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID") or secrets.token_hex(16)
"""One for all processes of a run of the tests."""


def new_word(of: str) -> str:
    """Return a word that no earlier run of the tests has put into an image: the registry remembers those that did."""
    return f"{of}-{RUN[:8]}"


def wait_until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Ask again and again until it is so; an AssertionError after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come within {seconds} s"
        time.sleep(0.2)
