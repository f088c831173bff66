"""Debian package sources of this machine, and what the sandbox derives from them. No host is named here.

The machine's own source tells where packages come from and which key signs them; only the suite is changed.
"""

import platform
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from alecia_pipeline.adapters.sandbox import commands
from alecia_pipeline.errors import OutsideError

APT = Path("/etc/apt")
DEBIAN_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"

COPIED_OPTIONS = ("Acquire::Check-", "Acquire::http::Proxy", "Acquire::https::Proxy", "Acquire::Retries")
"""Options of this machine's apt without which its sources may not answer in a container either."""


class Source(BaseModel):
    """One package source: where it is, which suites it offers, and the key file that signs it."""

    model_config = ConfigDict(frozen=True)

    uri: str
    suites: tuple[str, ...]
    keyring: str = DEBIAN_KEYRING

    @property
    def is_security(self) -> bool:
        """Whether it carries security updates only."""
        return any(suite.endswith("-security") for suite in self.suites)

    def stanza(self, *suites: str) -> str:
        """Return it in apt's deb822 form, for other `suites`."""
        return (
            f"Types: deb\nURIs: {self.uri}\nSuites: {' '.join(suites)}\nComponents: main\nSigned-By: {self.keyring}\n"
        )


def parse_deb822(text: str) -> list[Source]:
    """Return the binary sources of a `.sources` file that have a `main` component."""
    found = []
    for stanza in text.split("\n\n"):
        lines = [line for line in stanza.splitlines() if ":" in line and not line.startswith(("#", " "))]
        fields = {key.strip().lower(): value.split() for key, _, value in (line.partition(":") for line in lines)}
        if "deb" in fields.get("types", []) and "main" in fields.get("components", []) and fields.get("uris"):
            keyring = fields.get("signed-by") or [DEBIAN_KEYRING]
            found.append(Source(uri=fields["uris"][0], suites=tuple(fields.get("suites", [])), keyring=keyring[0]))
    return found


def parse_one_line(text: str) -> list[Source]:
    """Return the binary sources of a one-line-style `sources.list` that have a `main` component."""
    found = []
    for line in text.splitlines():
        words = line.partition("#")[0].split()
        if not words or words[0] != "deb":
            continue
        options = [word.strip("[]") for word in words if "=" in word]
        plain = [word for word in words[1:] if "=" not in word and word not in {"[", "]"}]
        keyring = next((o.partition("=")[2] for o in options if o.startswith("signed-by=")), DEBIAN_KEYRING)
        if "main" in plain[2:]:
            found.append(Source(uri=plain[0], suites=(plain[1],), keyring=keyring))
    return found


def machine_sources(apt: Path = APT) -> list[Source]:
    """Return the sources that this machine's apt uses, in file order."""
    lists = [apt / "sources.list", *sorted((apt / "sources.list.d").glob("*.list"))]
    found = [source for path in lists if path.is_file() for source in parse_one_line(path.read_text())]
    for path in sorted((apt / "sources.list.d").glob("*.sources")):
        found += parse_deb822(path.read_text())
    return found


def debian_sources(apt: Path = APT) -> tuple[Source, Source | None]:
    """Return Debian's main source of this machine, and its security source if it has one.

    Raises OutsideError where the machine has no Debian source.
    """
    ours = [s for s in machine_sources(apt) if s.keyring == DEBIAN_KEYRING]
    archive = next((s for s in ours if not s.is_security), None)
    if archive is None:
        raise OutsideError(
            "No Debian package source is configured on this machine",
            where=str(apt),
            why="the stand-in images are made from Debian packages where no image hub answers",
            fix="make the image hub reachable, or run the sandbox on Debian",
        )
    return archive, next((s for s in ours if s.is_security), None)


def copied_apt_options() -> str:
    """Return this machine's apt options that a container needs too, as lines of an apt configuration file."""
    dump = commands.run(["apt-config", "dump"])
    return "".join(f"{line}\n" for line in dump.splitlines() if line.startswith(COPIED_OPTIONS))


def operating_system(path: Path = Path("/etc/os-release")) -> tuple[str, str]:
    """Return distribution and release name, for example `("debian", "bookworm")`; empty where unknown."""
    if platform.system() != "Linux" or not path.is_file():
        return "", ""
    pairs = (line.partition("=") for line in path.read_text().splitlines())
    fields = {key: value.strip('"') for key, _, value in pairs}
    return fields.get("ID", ""), fields.get("VERSION_CODENAME", "")
