"""The sandbox as a whole: up, down, reset, status. Each step leaves what is right as it is."""

import json
import shutil
from collections.abc import Iterable
from pathlib import Path

from alecia_pipeline.adapters.sandbox import base_image, commands, containers, engine, ports, state
from alecia_pipeline.adapters.sandbox.authority import Authority
from alecia_pipeline.adapters.sandbox.base_image import BaseImages
from alecia_pipeline.adapters.sandbox.engine import Engine
from alecia_pipeline.adapters.sandbox.hosts import HostNames
from alecia_pipeline.adapters.sandbox.packages import Report
from alecia_pipeline.adapters.sandbox.registry import HOST, Registry
from alecia_pipeline.adapters.sandbox.services import ServiceImages
from alecia_pipeline.adapters.sandbox.status import SandboxStatus
from alecia_pipeline.adapters.sandbox.vps import USER, Vps
from alecia_pipeline.adapters.state import locked
from alecia_pipeline.errors import OutsideError

DOMAIN = "alecia.localhost"
UI_COMMAND = "alecia ui"
NAME = "alecia-sandbox"


class Sandbox:
    """An engine, a registry and a VPS on this machine, reachable on 127.0.0.1 only.

    `directory` keeps its keys and records; `name` prefixes its containers, volumes and network.
    """

    def __init__(self, directory: Path | None = None, name: str = NAME) -> None:
        self.directory = directory or state.default_directory()
        self._name = name
        self._engine = Engine(self.directory)
        self._hosts = HostNames(name)
        self._authority = Authority(self.directory)
        self._contexts_file = self.directory / "build-contexts.json"
        self._images_file = self.directory / "base-images.json"
        self._ports_file = self.directory / "ports.json"

    def up(self, report: Report) -> SandboxStatus:
        """Leave everything running and return where it is. A second call changes nothing.

        Raises OutsideError (exit 4) where an engine, a package source or a right is missing.
        """
        with locked(self.directory, report):
            self._engine.ensure(report)
            if not self._ports_file.is_file():
                self._remove_data()  # left by a sandbox of this name whose keys and passwords are gone
            self._settle_ports(report)
            self._ensure_files()
            containers.ensure_network(self._name)
            images = self._base_images(report)
            self._ensure_containers(images, report)
        return self.status()

    def down(self, report: Report) -> None:
        """Stop the containers, and the engine if the sandbox started it. Nothing is lost."""
        with locked(self.directory, report):
            if engine.answers():
                for container in self._containers():
                    report(f"stopping {container}")
                    containers.stop(container)
            self._engine.stop(report)

    def reset(self, report: Report) -> None:
        """Remove containers, volumes, network, host names, trust and state, then stop as `down` does.

        Images stay in the engine: their names are digests of their ingredients, so the next `up` is quick.
        """
        if not self.directory.is_dir():
            return
        with locked(self.directory, report):
            self._engine.ensure(report)
            report(f"removing the sandbox {self._name} with all its data")
            self._remove_data()
            self._registry().untrust()
            self._hosts.remove()
            self._engine.stop(report)
            shutil.rmtree(self.directory)

    def status(self) -> SandboxStatus:
        """Return where everything is and whether it runs. Changes nothing."""
        used, registry, vps = ports.load(self._ports_file), self._registry(), self._vps()
        known = self.directory.is_dir() and engine.answers()
        return SandboxStatus(
            running=known and all(containers.is_running(name) for name in self._containers()),
            domain=DOMAIN,
            https_port=used.https,
            http_port=used.http,
            ssh_port=used.ssh,
            ssh_user=USER,
            ssh_key_file=vps.user_key.private_file,
            known_hosts_file=vps.known_hosts_file,
            host_key_fingerprint=vps.host_key.fingerprint,
            ca_file=self._authority.certificate_file,
            registry=registry.server,
            registry_credentials_file=registry.credentials_file,
            docker_config=registry.docker_config,
            build_contexts_file=self._contexts_file,
            vps_container=vps.container,
            ui_command=UI_COMMAND,
        )

    def build_contexts(self) -> dict[str, str]:
        """Return the base images as BuildKit build contexts: `{"node:20-alpine": "docker-image://…@sha256:…"}`.

        Raises OutsideError before the first `up`.
        """
        if not self._contexts_file.is_file():
            raise _no_base_images(self._contexts_file)
        contexts: dict[str, str] = json.loads(self._contexts_file.read_text())
        return contexts

    def build_service_images(self, repository: Path, report: Report) -> dict[str, str]:
        """Return the repository's service images by their compose variables; builds only what the registry lacks.

        Raises OutsideError before the first `up`.
        """
        if not self._images_file.is_file():
            raise _no_base_images(self._images_file)
        bases = json.loads(self._images_file.read_text())
        return ServiceImages(self._registry(), self._authority, bases).ensure(repository, report)

    def lead_names_here(self, names: Iterable[str]) -> None:
        """Make host names of the sites lead to 127.0.0.1 on this machine, until `reset`."""
        self._hosts.ensure(names)

    def _ensure_files(self) -> None:
        self._authority.ensure()
        self._hosts.ensure([HOST, DOMAIN])
        self._registry().ensure_files()
        self._vps().ensure_files()

    def _ensure_containers(self, images: dict[str, str], report: Report) -> None:
        registry, debian = self._registry(), images[base_image.DEBIAN]
        registry.ensure(debian, self._name, report)
        self._publish(images, registry, report)
        trusted = {registry.server: self._authority.certificate_file.read_bytes()}
        self._vps().ensure(debian, self._name, trusted, report)

    def _publish(self, images: dict[str, str], registry: Registry, report: Report) -> None:
        """Push the base images, and record them by digest; nothing is pushed that the registry holds."""
        contexts = {}
        for name, local in images.items():
            repository, tag = f"base/{name.partition(':')[0]}", local.rpartition(":")[2]
            digest = registry.digest(repository, tag)
            if digest is None:
                report(f"pushing {registry.server}/base/{name}")
                digest = registry.push(local, repository, tag)
                registry.push(local, repository, name.partition(":")[2])
            contexts[name] = f"docker-image://{registry.server}/{repository}@{digest}"
        state.write_changed(self._contexts_file, json.dumps(contexts, indent=2) + "\n")
        state.write_changed(self._images_file, json.dumps(images))

    def _base_images(self, report: Report) -> dict[str, str]:
        previous = json.loads(self._images_file.read_text()) if self._images_file.is_file() else {}
        return BaseImages(self.directory).ensure(previous, report)

    def _settle_ports(self, report: Report) -> None:
        parts = {self._registry().container: ["registry"], self._vps().container: ["ssh", "http", "https"]}
        held = [service for name, services in parts.items() if containers.is_running(name) for service in services]
        ports.settle(self._ports_file, held, report)

    def _remove_data(self) -> None:
        for container in self._containers():
            containers.remove(container)
        for volume in (self._registry().container, *self._vps().volumes):
            commands.run(["docker", "volume", "rm", "--force", volume])
        if commands.succeeds(["docker", "network", "inspect", self._name]):
            commands.run(["docker", "network", "rm", self._name])

    def _containers(self) -> tuple[str, str]:
        return self._vps().container, self._registry().container

    def _registry(self) -> Registry:
        port = ports.load(self._ports_file).registry
        return Registry(self.directory, self._name, port, self._authority)

    def _vps(self) -> Vps:
        return Vps(self.directory, self._name, ports.load(self._ports_file))


def _no_base_images(where: Path) -> OutsideError:
    return OutsideError(
        "The sandbox has no base images yet",
        where=str(where),
        why="it was not brought up, or was reset",
        fix="alecia sandbox up",
    )
