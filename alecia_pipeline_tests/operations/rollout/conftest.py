"""A real VPS, a small commit with three apps, and what the tests do with them."""

import json
import secrets
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx
import pytest

from alecia_pipeline.adapters.sandbox.sandbox import Sandbox
from alecia_pipeline.config import Config, EnvironmentConfig, HostConfig
from alecia_pipeline.operations.confirming import confirm_release
from alecia_pipeline.operations.hosts import connect
from alecia_pipeline.operations.releasing import AppImage, switch_release
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.operations.stacks import apply_stack
from alecia_pipeline.operations.staging import stage_app
from alecia_pipeline.release.draft import ReleaseFacts
from alecia_pipeline.release.model import MigrationState, ReleaseRecord
from alecia_pipeline.rollout.ports import Command
from alecia_pipeline_tests.box import open_box
from alecia_pipeline_tests.conftest import git, write
from alecia_pipeline_tests.load import Target
from alecia_pipeline_tests.stub_images import StubImages, build_stub_images

COMPOSE = """
x-app: &app
  image: unused
  restart: always
  stop_grace_period: 1s
  expose: ["3000"]
  environment:
    GREETING: ${GREETING:-hello}
services:
  web:
    <<: *app
    container_name: web
    depends_on: {cache: {condition: service_healthy}}
  shop: *app
  jobs: *app
  cache:
    image: ${CACHE_IMAGE}
    environment: {VERSION: cache}
    volumes: ["./infra/cache:/etc/cache:ro"]
  caddy:
    image: ${CADDY_IMAGE}
    ports: ["${PORT}:8080"]
    volumes: ["./infra/caddy:/etc/caddy:ro", "caddy_data:/data"]
volumes:
  caddy_data: {}
"""

CADDYFILE = """
{
	auto_https off
}
http://web.{$DOMAIN}:8080 {
	reverse_proxy web:3000
}
http://shop.{$DOMAIN}:8080 {
	reverse_proxy shop:3000
}
http://jobs.{$DOMAIN}:8080 {
	reverse_proxy jobs:3000
}
"""

FILES = {
    "package.json": '{"name": "demo", "private": true}',
    "pnpm-workspace.yaml": 'packages: ["apps/*"]',
    "alecia.yaml": 'apps:\n  web: {package: "@demo/web"}\n  shop: {package: "@demo/shop"}\n'
    '  jobs: {package: "@demo/jobs", rollout: exclusive}\n',
    **{f"apps/{app}/package.json": json.dumps({"name": f"@demo/{app}"}) for app in ("web", "shop", "jobs")},
    "apps/web/package.json": '{"name": "@demo/web", "dependencies": {"next": "16.1.7"}}',
    **{f"apps/{app}/Dockerfile": "FROM node:20-alpine\n" for app in ("web", "shop", "jobs")},
    "compose.yaml": COMPOSE,
    "infra/caddy/Caddyfile": CADDYFILE,
    "infra/cache/cache.conf": "size 1\n",
}


@dataclass
class Site:
    """One environment of the sandbox's VPS, with a root and a compose project of its own."""

    runner: Runner
    images: StubImages
    address: str
    port: int
    lines: list[str] = field(default_factory=list)

    @property
    def root(self) -> str:
        return self.runner.config.environments["staging"].root

    def release(self, **apps: str) -> ReleaseRecord:
        """Release images, as a run does: stack, staging, switch, confirmation."""
        record = self.switch(**apps)
        confirm_release(self.runner, "staging", record.id)
        return record

    def switch(self, **apps: str) -> ReleaseRecord:
        """The same without the confirmation."""
        apply_stack(self.runner, "staging", "HEAD")
        for app, image in apps.items():
            stage_app(self.runner, "staging", "HEAD", app, image)
        return switch_release(self.runner, "staging", "HEAD", self.app_images(**apps), self.facts())

    def app_images(self, **apps: str) -> dict[str, AppImage]:
        return {app: AppImage("c" * 40, image[-64:], image) for app, image in apps.items()}

    def facts(self) -> ReleaseFacts:
        return ReleaseFacts(MigrationState(applied=(), new=(), revertible=True), {}, {})

    def target(self, app: str) -> Target:
        return Target(f"{app}.demo.test", self.address, self.port, None)

    def answer(self, app: str) -> str:
        """Return the version that a visitor of the app sees."""
        response = httpx.get(f"http://{self.address}:{self.port}/", headers={"Host": f"{app}.demo.test"})
        return str(response.raise_for_status().json()["version"])

    def static(self, app: str, name: str, method: str = "GET") -> httpx.Response:
        """Return the answer for one of a Next.js app's static files."""
        url = f"http://{self.address}:{self.port}/_next/static/{name}"
        return httpx.request(method, url, headers={"Host": f"{app}.demo.test"}).raise_for_status()

    def ssh(self, script: str, timeout: float = 60) -> str:
        """Run a shell script in the root folder on the host."""
        with connect(self.runner, "staging") as host:
            done = host.run(Command.of("bash", "-c", f"cd {self.root}\n{script}"), timeout=timeout)
        assert done.status == 0, done.stderr.decode()
        return done.text.strip()

    def containers(self) -> dict[str, str]:
        """Return service -> container id of everything that runs."""
        form = '{{.Label "com.docker.compose.service"}} {{.ID}}'
        project = self.runner.config.environments["staging"].project
        text = self.ssh(f"docker ps --filter label=com.docker.compose.project={project} --format '{form}'")
        return dict(line.split(" ") for line in text.splitlines())


def changed(site: Site, **values: object) -> Site:
    """Return the same site under another configuration."""
    environment = site.runner.config.environments["staging"].model_copy(update=values)
    config = site.runner.config.model_copy(update={"environments": {"staging": environment}})
    return replace(site, runner=replace(site.runner, config=config))


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    one = open_box()
    status = one.status()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCKER_CONFIG", str(status.docker_config))
        yield one


@pytest.fixture(scope="session")
def images(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> StubImages:
    return build_stub_images(sandbox, tmp_path_factory.mktemp("images"))


@pytest.fixture(scope="session")
def site(sandbox: Sandbox, images: StubImages, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """An environment on which `first` of every app is released."""
    repo = tmp_path_factory.mktemp("repo")
    git(repo, "init", "--quiet", "--initial-branch=main")
    write(repo, FILES)
    git(repo, "add", "--all")
    git(repo, "commit", "--quiet", "--message=first")
    one = make_site(sandbox, images, repo)
    values = {"CACHE_IMAGE": images.first, "CADDY_IMAGE": images.caddy, "PORT": one.port, "DOMAIN": "demo.test"}
    with connect(one.runner, "staging") as host:
        text = "".join(f"{key}={value}\n" for key, value in values.items())
        host.write(f"{one.root}/.env", text.encode(), mode=0o600)
    one.ssh("docker ps -aq --filter 'name=^t[0-9a-f]{8}-' | xargs -r docker rm -f")  # of tests that were killed
    try:
        one.release(web=images.first, shop=images.first, jobs=images.first)
        yield one
    finally:
        project = one.runner.config.environments["staging"].project
        one.ssh(f"docker ps -aq --filter label=com.docker.compose.project={project} | xargs -r docker rm -f")
        one.ssh(
            f"docker network rm {project}_default; docker volume rm {project}_caddy_data; cd / && rm -rf {one.root}"
        )


def make_site(sandbox: Sandbox, images: StubImages, repo: Path) -> Site:
    status = sandbox.status()
    name = f"t{secrets.token_hex(4)}"
    login = HostConfig(
        address="127.0.0.1",
        port=status.ssh_port,
        user=status.ssh_user,
        identity_file=str(status.ssh_key_file),
        host_key=status.host_key_fingerprint,
    )
    environment = EnvironmentConfig(
        domain="demo.test",
        hosts=(login,),
        root=f"/home/{status.ssh_user}/{name}",
        project=name,
        compose="compose.yaml",
        caddyfile="infra/caddy/Caddyfile",
        soak_seconds=1,
        confirm_seconds=15,
        keep=4,
    )
    config = Config(registry=status.registry, environments={"staging": environment})
    lines: list[str] = []
    form = "{{range .NetworkSettings.Networks}}{{println .IPAddress}}{{end}}"
    inspect = ["docker", "inspect", "--format", form, status.vps_container]
    address = subprocess.run(inspect, check=True, capture_output=True, text=True).stdout.split()[0]
    return Site(Runner(repo, config, lines.append), images, address, 20_000 + secrets.randbelow(9_000), lines)
