"""The sandbox's registry, standing in for ghcr.io: TLS, a login, and the same name on the runner and on the VPS."""

import base64
import json
import secrets
import ssl
import time
from pathlib import Path

import bcrypt
import httpx
from pydantic import BaseModel, ConfigDict

from alecia_pipeline.adapters.sandbox import assets, containers, state
from alecia_pipeline.adapters.sandbox.authority import Authority
from alecia_pipeline.adapters.sandbox.containers import Container, ContainerFile
from alecia_pipeline.adapters.sandbox.packages import Report
from alecia_pipeline.errors import OutsideError
from alecia_pipeline.redaction import Secret

HOST = "ghcr.alecia.localhost"
TRUSTED_BY_ENGINE = Path("/etc/docker/certs.d")
USER = "alecia"
READY_SECONDS = 30.0
MANIFEST_TYPES = (
    "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, "
    "application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json"
)


class Login(BaseModel):
    """User name and password of the registry."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    username: str
    password: Secret


class Registry:
    """The registry container `<name>-registry` and what reaching it takes: certificate, login, client configuration."""

    def __init__(self, directory: Path, name: str, port: int, authority: Authority) -> None:
        self.server = f"{HOST}:{port}"
        self.container = f"{name}-registry"
        self.credentials_file = directory / "registry" / "credentials.json"
        self.docker_config = directory / "docker"
        self._directory = directory / "registry"
        self._trusted_file = TRUSTED_BY_ENGINE / self.server / "ca.crt"
        self._port = port
        self._authority = authority

    def ensure_files(self) -> None:
        """Create login, certificate and `docker` client configuration, and let the engine trust the certificate."""
        login = self.login()
        self._authority.ensure_leaf(self._directory, HOST)
        state.write_changed(
            self.docker_config / "config.json", _client_settings(self.server, login), mode=state.PRIVATE
        )
        self._trust()

    def login(self) -> Login:
        """Return the login, made when first asked for."""
        if not self.credentials_file.is_file():
            made = {"server": self.server, "username": USER, "password": secrets.token_hex(16)}
            state.write(self.credentials_file, json.dumps(made), mode=state.PRIVATE)
        kept = json.loads(self.credentials_file.read_text())
        if kept["server"] != self.server:
            state.write(self.credentials_file, json.dumps({**kept, "server": self.server}), mode=state.PRIVATE)
        return Login(username=kept["username"], password=Secret(kept["password"]))

    def ensure(self, debian: str, network: str, report: Report) -> bool:
        """Leave the registry running, built from the local image `debian`; return whether it had to be started."""
        image = self._ensure_image(debian, report)
        started = containers.ensure(self._container(image, network))
        if started:
            report(f"registry starts as {self.server}")
        self._wait()
        return started

    def digest(self, repository: str, reference: str) -> str | None:
        """Return the digest of a manifest that the registry holds, by tag or digest; None if it holds none."""
        answer = self._get(f"/v2/{repository}/manifests/{reference}", method="HEAD")
        return answer.headers["Docker-Content-Digest"] if answer.status_code == httpx.codes.OK else None

    def push(self, local: str, repository: str, tag: str) -> str:
        """Push a local image; return its digest."""
        return containers.push(local, f"{self.server}/{repository}:{tag}", self.docker_config)

    def untrust(self) -> None:
        """Take our certificate, and no other sandbox's, out of the engine's configuration again."""
        if self._is_trusted():
            self._trusted_file.unlink()
            self._trusted_file.parent.rmdir()

    def _ensure_image(self, debian: str, report: Report) -> str:
        folder = assets.folder("registry")
        image = f"{containers.LOCAL}/registry:{assets.digest(folder, debian)}"
        if not containers.has_image(image):
            report("building the registry's image")
            contexts = {"debian:bookworm-slim": f"docker-image://{debian}"}
            containers.build(image, folder, folder / "Dockerfile", contexts=contexts)
        return image

    def _container(self, image: str, network: str) -> Container:
        certificate, key = self._authority.ensure_leaf(self._directory, HOST)
        files = (
            ContainerFile(path="/etc/registry/server.crt", content=certificate),
            ContainerFile(path="/etc/registry/server.key", content=key, mode=state.PRIVATE),
            ContainerFile(path="/etc/registry/htpasswd", content=self._htpasswd(), mode=state.PRIVATE),
        )
        options = (
            f"--network={network}",
            f"--network-alias={HOST}",
            "--restart=unless-stopped",
            f"--publish=127.0.0.1:{self._port}:{self._port}",
            f"--env=REGISTRY_HTTP_ADDR=:{self._port}",
            f"--volume={self.container}:/var/lib/registry",
        )
        return Container(name=self.container, image=image, options=options, files=files)

    def _htpasswd(self) -> bytes:
        path, login = self._directory / "htpasswd", self.login()
        password = login.password.reveal().encode()
        # Kept, because each hash has its own salt and a new one would mean a new container.
        if not (path.is_file() and bcrypt.checkpw(password, path.read_bytes().partition(b":")[2].strip())):
            line = f"{login.username}:".encode() + bcrypt.hashpw(password, bcrypt.gensalt(rounds=5)) + b"\n"
            state.write(path, line, mode=state.PRIVATE)
        return path.read_bytes()

    def _is_trusted(self) -> bool:
        ours, theirs = self._authority.certificate_file, self._trusted_file
        return ours.is_file() and theirs.is_file() and ours.read_bytes() == theirs.read_bytes()

    def _trust(self) -> None:
        if self._is_trusted():
            return
        target, source = self._trusted_file, self._authority.certificate_file
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            state.write(target, source.read_bytes())
        except PermissionError as error:
            raise OutsideError(
                "The engine does not trust the sandbox's registry yet",
                where=str(target),
                why="its configuration is not writable",
                fix=f"sudo install -D -m 644 {source} {target}",
            ) from error

    def _get(self, path: str, method: str = "GET") -> httpx.Response:
        login = self.login()
        context = ssl.create_default_context(cafile=str(self._authority.certificate_file))
        # trust_env off: a proxy of this machine has no business with a loopback address.
        with httpx.Client(verify=context, trust_env=False, timeout=5) as client:
            url = f"https://{self.server}{path}"
            headers = {"Accept": MANIFEST_TYPES}
            return client.request(method, url, headers=headers, auth=(login.username, login.password.reveal()))

    def _wait(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while True:
            try:
                answer = self._get("/v2/")
            except httpx.HTTPError as error:
                cause = str(error)
            else:
                if answer.status_code == httpx.codes.OK:
                    return
                cause = f"HTTP status {answer.status_code}"
            if time.monotonic() > deadline:
                fix = f"docker logs {self.container}"
                raise OutsideError("The sandbox's registry does not answer", where=self.server, why=cause, fix=fix)
            time.sleep(0.2)


def _client_settings(server: str, login: Login) -> str:
    token = base64.b64encode(f"{login.username}:{login.password.reveal()}".encode()).decode()
    settings: dict[str, object] = {"auths": {server: {"auth": token}}}
    plugins = Path.home() / ".docker" / "cli-plugins"
    if plugins.is_dir():
        settings["cliPluginsExtraDirs"] = [str(plugins)]
    return json.dumps(settings, indent=2) + "\n"
