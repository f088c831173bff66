"""The VPS: a privileged container with sshd, an engine and Compose, as a provider would hand over a fresh one."""

import socket
import time
from pathlib import Path

from alecia_pipeline.adapters.sandbox import assets, commands, containers, state
from alecia_pipeline.adapters.sandbox.containers import Container, ContainerFile
from alecia_pipeline.adapters.sandbox.hosts import LOOPBACK
from alecia_pipeline.adapters.sandbox.packages import Report
from alecia_pipeline.adapters.sandbox.ports import Ports
from alecia_pipeline.adapters.sandbox.ssh_keys import KeyPair
from alecia_pipeline.errors import OutsideError

USER = "ubuntu"
READY_SECONDS = 60.0
STOP_SECONDS = 40
"""The VPS's own engine stops its containers first, each with Docker's grace period of 10 s."""


class Vps:
    """The container `<name>-vps`: its image, keys, volumes and published ports."""

    def __init__(self, directory: Path, name: str, ports: Ports) -> None:
        self.container = f"{name}-vps"
        self.volumes = (f"{name}-vps-docker", f"{name}-vps-home", f"{name}-vps-srv")
        self.user_key = KeyPair(directory / "ssh" / "id_ed25519")
        self.host_key = KeyPair(directory / "ssh" / "host_ed25519")
        self.known_hosts_file = directory / "ssh" / "known_hosts"
        self._ports = ports

    def ensure_files(self) -> None:
        """Create the user's key, the host's key, and the `known_hosts` file that pins the latter."""
        self.user_key.ensure()
        self.host_key.ensure()
        state.write_changed(self.known_hosts_file, f"[{LOOPBACK}]:{self._ports.ssh} {self.host_key.public}\n")

    def ensure(self, debian: str, network: str, trusted: dict[str, bytes], report: Report) -> bool:
        """Leave the VPS running; return whether it had to be started.

        `debian` is the local image that it is built from; `trusted` maps registries to their authority (PEM).
        """
        image = self._ensure_image(debian, report)
        started = containers.ensure(self._container(image, network, trusted))
        if started:
            report(f"VPS starts as {self.container}")
        self._wait(engine_too=started)
        return started

    def _ensure_image(self, debian: str, report: Report) -> str:
        folder = assets.folder("vps")
        image = f"{containers.LOCAL}/vps:{assets.digest(folder, debian)}"
        if not containers.has_image(image):
            report("building the VPS's image (sshd, engine, Compose from Debian packages)")
            contexts = {"debian:bookworm-slim": f"docker-image://{debian}"}
            containers.build(image, folder, folder / "Dockerfile", contexts=contexts)
        return image

    def _container(self, image: str, network: str, trusted: dict[str, bytes]) -> Container:
        docker, home, srv = self.volumes
        published = {self._ports.ssh: 22, self._ports.http: 80, self._ports.https: 443}
        options = (
            "--privileged",
            "--init",
            f"--hostname={self.container}",
            f"--network={network}",
            "--restart=unless-stopped",
            f"--stop-timeout={STOP_SECONDS}",
            f"--volume={docker}:/var/lib/docker",
            f"--volume={home}:/home/{USER}",
            # The releases: they must outlive the container as the engine's volumes do, or the two disagree.
            f"--volume={srv}:/srv",
            *(f"--publish={LOOPBACK}:{outside}:{inside}" for outside, inside in published.items()),
        )
        return Container(name=self.container, image=image, options=options, files=self._files(trusted))

    def _files(self, trusted: dict[str, bytes]) -> tuple[ContainerFile, ...]:
        private = self.host_key.private_file.read_bytes()
        return (
            ContainerFile(path="/etc/ssh/ssh_host_ed25519_key", content=private, mode=state.PRIVATE),
            ContainerFile(path=f"/etc/ssh/authorized_keys/{USER}", content=f"{self.user_key.public}\n".encode()),
            *(
                ContainerFile(path=f"/etc/docker/certs.d/{server}/ca.crt", content=pem)
                for server, pem in trusted.items()
            ),
        )

    def _wait(self, *, engine_too: bool) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not (self._greets() and (not engine_too or self._engine_answers())):
            if time.monotonic() > deadline:
                fix = f"docker logs {self.container}; docker exec {self.container} tail /var/log/dockerd.log"
                why = f"no SSH and no engine after {READY_SECONDS} s"
                raise OutsideError("The VPS does not get ready", where=self.container, why=why, fix=fix)
            time.sleep(0.3)

    def _greets(self) -> bool:
        try:
            with socket.create_connection((LOOPBACK, self._ports.ssh), timeout=2) as connection:
                return connection.recv(4) == b"SSH-"
        except OSError:
            return False

    def _engine_answers(self) -> bool:
        return commands.succeeds(["docker", "exec", self.container, "docker", "info"])
