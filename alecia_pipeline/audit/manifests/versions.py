"""Which version a fix should name, and the command that adds a dependency."""

import re
import shlex
from collections import Counter
from collections.abc import Sequence

from alecia_pipeline.audit.snapshot import Snapshot
from alecia_pipeline.source.manifest import DependencyKind

_KEY = re.compile(r"/?(@?[^@/]+(?:/[^@/]+)?)[@/](\d+\.\d+\.\d+)(?:[(_].*)?")

_PLAIN = re.compile(r"[\w@%+=:,./^~-]+")
"""What every shell leaves alone inside a word; Python would also quote `^`, which reads worse."""


def add_command(snapshot: Snapshot, folder: str, name: str, *, dev: bool = False) -> str:
    """Return the exact command that declares `name` in the package of `folder`."""
    spec = "workspace:*" if snapshot.workspace.by_name(name) else known_version(snapshot, folder, name)
    words = ["add", *(["-D"] if dev else []), f"{name}@{spec}" if spec else name]
    return " ".join(_quoted(word) for word in ["pnpm", *_where(snapshot, folder), *words])


def remove_command(snapshot: Snapshot, folder: str, name: str) -> str:
    """Return the command that takes a dependency out of the package of `folder`."""
    return " ".join(_quoted(word) for word in ["pnpm", *_where(snapshot, folder), "remove", name])


def add_everywhere(snapshot: Snapshot, folders: Sequence[str], name: str, spec: str) -> str:
    """Return the command that declares one version in several packages; each keeps the kind that it has."""
    inner = [word for folder in folders if folder != "." for word in _where(snapshot, folder)]
    wheres = ([["-w"]] if "." in folders else []) + ([inner] if inner else [])
    commands = ([*where, "add", f"{name}@{spec}"] for where in wheres)
    return " && ".join(" ".join(_quoted(word) for word in ("pnpm", *words)) for words in commands)


def _quoted(word: str) -> str:
    return word if _PLAIN.fullmatch(word) else shlex.quote(word)


def _where(snapshot: Snapshot, folder: str) -> list[str]:
    if folder == ".":
        return ["-w"]
    return ["--filter", snapshot.package_name(folder) or f"./{folder}"]


def known_version(snapshot: Snapshot, folder: str, name: str) -> str | None:
    """Return the specifier of this importer's lock block, else the siblings' commonest, else what is locked."""
    lockfile = snapshot.lockfile
    importer = lockfile.importers.get(folder) if lockfile else None
    if importer and name in importer.all():
        return importer.all()[name].specifier
    packages = (snapshot.workspace.root, *snapshot.workspace.packages.values())
    kinds: tuple[DependencyKind, ...] = ("dependencies", "devDependencies", "optionalDependencies")
    specs = [package.manifest.declared(*kinds).get(name) for package in packages]
    counted = Counter(spec for spec in specs if spec)
    if counted:
        return min(counted, key=lambda spec: (-counted[spec], spec))
    return _locked(snapshot, name)


def _locked(snapshot: Snapshot, name: str) -> str | None:
    keys = snapshot.lockfile.packages if snapshot.lockfile else ()
    found = [match[2] for match in map(_KEY.fullmatch, keys) if match and match[1] == name]
    newest = max(found, key=lambda version: [int(part) for part in version.split(".")], default=None)
    return f"^{newest}" if newest else None
