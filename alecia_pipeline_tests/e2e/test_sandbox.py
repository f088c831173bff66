"""A second sandbox beside the shared one: everything here may be restarted and thrown away."""

import json
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import paramiko
import pytest

from alecia_pipeline.adapters.sandbox import commands
from alecia_pipeline.adapters.sandbox.sandbox import Sandbox
from alecia_pipeline.adapters.sandbox.status import SandboxStatus
from alecia_pipeline_tests import box

pytestmark = pytest.mark.engine

NAME = f"{box.NAME}-trial"
CADDYFILE = "{\n local_certs\n}\napp.alecia.localhost {\n respond hello\n}\n"
WAIT_FOR_ENGINE = "timeout 60 sh -c 'until docker info >/dev/null 2>&1; do sleep 0.2; done'"

Remote = Callable[[str], str]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    one = Sandbox(tmp_path_factory.mktemp("sandbox") / "state", NAME)
    one.up(print)
    yield one
    one.reset(print)


@pytest.fixture(scope="module")
def status(sandbox: Sandbox) -> SandboxStatus:
    return sandbox.status()


@pytest.fixture
def client(status: SandboxStatus) -> Iterator[paramiko.SSHClient]:
    with paramiko.SSHClient() as connection:
        connection.load_host_keys(str(status.known_hosts_file))
        connection.connect(
            "127.0.0.1",
            port=status.ssh_port,
            username=status.ssh_user,
            key_filename=str(status.ssh_key_file),
            allow_agent=False,
            look_for_keys=False,
        )
        yield connection


@pytest.fixture
def remote(client: paramiko.SSHClient) -> Remote:
    def run(command: str) -> str:
        _, output, errors = client.exec_command(command, timeout=120)
        text = output.read().decode()
        assert output.channel.recv_exit_status() == 0, errors.read().decode()
        return text.strip()

    return run


def identities() -> str:
    return commands.run(["docker", "ps", "--no-trunc", "--quiet", "--filter", f"name={NAME}"])


def image(sandbox: Sandbox, name: str) -> str:
    return sandbox.build_contexts()[name].removeprefix("docker-image://")


def log_in(client: paramiko.SSHClient, status: SandboxStatus) -> None:
    login = json.loads(status.registry_credentials_file.read_text())
    stdin, output, _ = client.exec_command(
        f"docker login --username {login['username']} --password-stdin {status.registry}"
    )
    stdin.write(login["password"])
    stdin.channel.shutdown_write()
    assert output.channel.recv_exit_status() == 0


def test_a_second_up_changes_and_says_nothing(sandbox: Sandbox, status: SandboxStatus) -> None:
    before, said = identities(), list[str]()
    assert sandbox.up(said.append) == status
    assert identities() == before
    assert said == []
    assert status.running


def test_the_user_logs_in_by_key_to_the_pinned_host(
    client: paramiko.SSHClient, remote: Remote, status: SandboxStatus
) -> None:
    transport = client.get_transport()
    assert transport is not None
    assert transport.get_remote_server_key().fingerprint == status.host_key_fingerprint
    assert remote("docker compose version").startswith("Docker Compose")
    assert "docker" in remote("id --name --groups").split()
    assert remote("sudo -n id --user") == "0"


def test_passwords_and_root_are_refused(status: SandboxStatus) -> None:
    for user in (status.ssh_user, "root"):
        with paramiko.Transport(("127.0.0.1", status.ssh_port)) as transport:
            transport.start_client(timeout=10)
            with pytest.raises(paramiko.BadAuthenticationType) as caught:
                transport.auth_password(user, "")
            assert caught.value.allowed_types == ["publickey"]


def test_the_registry_wants_a_login(status: SandboxStatus) -> None:
    context = ssl.create_default_context(cafile=str(status.ca_file))
    answer = httpx.get(f"https://{status.registry}/v2/", verify=context, trust_env=False)
    assert answer.status_code == httpx.codes.UNAUTHORIZED


def test_an_unchanged_dockerfile_builds_on_the_stand_in(
    sandbox: Sandbox, status: SandboxStatus, tmp_path: Path
) -> None:
    (tmp_path / "Dockerfile").write_text("FROM node:20-alpine\nRUN node --version && npm view is-odd version\n")
    contexts = [word for name, ref in sandbox.build_contexts().items() for word in ("--build-context", f"{name}={ref}")]
    argv = ["docker", "buildx", "build", "--no-cache", "--progress=plain", *contexts, str(tmp_path)]
    env = {"DOCKER_CONFIG": str(status.docker_config), "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(tmp_path)}
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert " v20." in done.stderr


def test_the_vps_pulls_by_the_same_name(
    sandbox: Sandbox, client: paramiko.SSHClient, remote: Remote, status: SandboxStatus
) -> None:
    log_in(client, status)
    assert remote(f"docker run --rm {image(sandbox, 'node:20-alpine')} node --version").startswith("v20.")


def test_an_image_can_be_deleted(sandbox: Sandbox, status: SandboxStatus) -> None:
    local = json.loads((sandbox.directory / "base-images.json").read_text())["debian:bookworm-slim"]
    environment = {"DOCKER_CONFIG": str(status.docker_config), "PATH": "/usr/local/bin:/usr/bin:/bin"}
    reference = f"{status.registry}/trash/debian:old"
    commands.run(["docker", "tag", local, reference])
    commands.run(["docker", "push", "--quiet", reference], env=environment)
    commands.run(["docker", "rmi", reference])
    login = json.loads(status.registry_credentials_file.read_text())
    context = ssl.create_default_context(cafile=str(status.ca_file))
    with httpx.Client(verify=context, trust_env=False, auth=(login["username"], login["password"])) as client:
        digest = image(sandbox, "debian:bookworm-slim").partition("@")[2]
        address = f"https://{status.registry}/v2/trash/debian/manifests/{digest}"
        assert client.delete(address).status_code == httpx.codes.ACCEPTED
        assert client.get(address).status_code == httpx.codes.NOT_FOUND


def test_one_certificate_verifies_the_sites(
    sandbox: Sandbox, client: paramiko.SSHClient, remote: Remote, status: SandboxStatus, tmp_path: Path
) -> None:
    folder = tmp_path / "infrastructure" / "images" / "caddy"
    folder.mkdir(parents=True)
    (folder / "Dockerfile").write_text(
        "FROM debian:bookworm-slim\n"
        "COPY caddy Caddyfile /\n"
        "ENV XDG_DATA_HOME=/data\n"
        'CMD ["/caddy", "run", "--config", "/Caddyfile"]\n'
    )
    (folder / "Caddyfile").write_text(CADDYFILE)
    (folder.parent / "images.json").write_text('[{"env": "CADDY_IMAGE", "name": "caddy", "context": "caddy"}]')
    said: list[str] = []
    first = sandbox.build_service_images(tmp_path, said.append)
    assert sandbox.build_service_images(tmp_path, said.append) == first
    assert said == ["building services/caddy"]
    log_in(client, status)
    remote(f"docker run --detach --name site --publish 443:443 --volume site:/data {first['CADDY_IMAGE']}")
    sandbox.lead_names_here(["app.alecia.localhost"])
    context = ssl.create_default_context(cafile=str(status.ca_file))
    with httpx.Client(
        verify=context, trust_env=False, transport=httpx.HTTPTransport(verify=context, retries=8)
    ) as http:
        remote("timeout 30 sh -c 'until docker logs site 2>&1 | grep -q \"certificate obtained\"; do sleep 0.1; done'")
        assert http.get(f"https://app.alecia.localhost:{status.https_port}/").text == "hello"
    remote("docker rm --force site")


def test_a_restart_brings_everything_back(
    sandbox: Sandbox, client: paramiko.SSHClient, remote: Remote, status: SandboxStatus, request: pytest.FixtureRequest
) -> None:
    log_in(client, status)
    started = (
        f"docker run --detach --restart unless-stopped --name app {image(sandbox, 'node:20-alpine')} sleep infinity"
    )
    container = remote(started)
    remote("echo kept > note")
    commands.run(["docker", "kill", "--signal=KILL", status.vps_container])
    commands.run(["docker", "start", status.vps_container])
    commands.run(["docker", "restart", status.vps_container])
    sandbox.up(print)
    again = Sandbox(sandbox.directory, NAME).status()
    assert again == status
    inside = ["docker", "exec", status.vps_container, "sh", "-c"]
    running = commands.run([*inside, f"{WAIT_FOR_ENGINE} && docker ps --no-trunc --quiet --filter name=app"])
    assert running.strip() == container
    assert commands.run([*inside, "cat /home/ubuntu/note; docker rm --force app"]).split() == ["kept", "app"]


def test_an_engine_that_dies_in_the_vps_is_started_again(status: SandboxStatus) -> None:
    inside = ["docker", "exec", status.vps_container, "sh", "-c"]
    commands.run([*inside, "kill -KILL $(cat /run/docker.pid)"])
    commands.run([*inside, WAIT_FOR_ENGINE])


def test_down_keeps_the_data_and_up_finds_it(sandbox: Sandbox, status: SandboxStatus, remote: Remote) -> None:
    remote("echo kept > before-down")
    sandbox.down(print)
    assert not sandbox.status().running
    assert sandbox.up(print) == status
    kept = commands.run(["docker", "exec", status.vps_container, "cat", "/home/ubuntu/before-down"])
    assert kept.strip() == "kept"


def test_reset_leaves_nothing_of_it(tmp_path: Path) -> None:
    one = Sandbox(tmp_path / "state", f"{NAME}-reset")
    status = one.up(print)
    one.reset(print)
    assert not one.directory.exists()
    for kind in ("container", "volume", "network"):
        everything = ["--all"] if kind == "container" else []
        found = commands.run(["docker", kind, "ls", *everything, "--filter", f"name={NAME}-reset", "--quiet"])
        assert found == ""
    assert not (Path("/etc/docker/certs.d") / status.registry).exists()
