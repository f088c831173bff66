"""Installs distribution packages on this machine, from its own sources, after saying so."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from alecia_pipeline.adapters.sandbox import commands, sources, state
from alecia_pipeline.errors import OutsideError

Report = Callable[[str], None]
"""Takes one line of progress for a person."""

ENGINE_FROM_TRIXIE = ("docker.io", "docker-cli", "docker-compose", "docker-buildx")
"""Debian 12's engine is too old; these four come from Debian 13 and need nothing else from it (docs/facts.md)."""

PIN = "Package: *\nPin: release n=trixie\nPin-Priority: 100\n"
"""Below the machine's own suites: only what is asked for by name comes from the other suite."""


def engine_packages(distribution: str, release: str) -> list[str]:
    """Return the engine's packages for a distribution; empty where this project cannot install one."""
    if distribution == "ubuntu":
        return ["docker.io", "docker-compose-v2", "docker-buildx", "iptables"]
    if distribution != "debian":
        return []
    suite = "/trixie" if release == "bookworm" else ""
    return [f"{name}{suite}" for name in ENGINE_FROM_TRIXIE] + ["iptables", "containerd", "runc"]


def install(names: Sequence[str], directory: Path, report: Report) -> None:
    """Install `names` with apt, using sources and lists below `directory`, so that the machine's own stay as they are.

    Raises OutsideError where apt is missing, this is not root, or the installation fails.
    """
    if os.geteuid() != 0:
        wanted = " ".join(name.partition("/")[0] for name in names)
        raise OutsideError(
            f"These packages are missing: {wanted}",
            where="this machine",
            why="only root can install them",
            fix=f"as root: apt-get install {wanted}",
        )
    report(f"installing from the distribution's packages: {' '.join(names)}")
    options = _apt_options(directory) if any("/" in name for name in names) else []
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    commands.run(["apt-get", *options, "update", "-qq"], env=quiet, fix="check the machine's package sources")
    commands.run(["apt-get", *options, "install", "-qq", "-y", "--no-install-recommends", *names], env=quiet)


def _apt_options(directory: Path) -> list[str]:
    archive, security = sources.debian_sources()
    stanzas = [archive.stanza(*archive.suites), archive.stanza("trixie")]
    stanzas += [security.stanza(*security.suites)] if security else []
    state.write(directory / "sources" / "debian.sources", "\n".join(stanzas))
    state.write(directory / "preferences" / "trixie", PIN)
    (directory / "lists" / "partial").mkdir(parents=True, exist_ok=True)
    settings = {
        "Dir::Etc::SourceList": "/dev/null",
        "Dir::Etc::SourceParts": directory / "sources",
        "Dir::Etc::PreferencesParts": directory / "preferences",
        "Dir::State::Lists": directory / "lists",
        "Acquire::Languages": "none",
    }
    return [word for key, value in settings.items() for word in ("-o", f"{key}={value}")]
