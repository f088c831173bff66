"""What the pipeline keeps on a host besides releases: values, pins, files that services mount."""

import hashlib
import io
import json
import posixpath
import tarfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from alecia_pipeline.adapters.host import RemoteHost
from alecia_pipeline.config import EnvironmentConfig
from alecia_pipeline.errors import OutsideError, RefusedError
from alecia_pipeline.operations.environment import ENVIRONMENT_FILE, KEY_FILE, fingerprint_key, is_sensitive
from alecia_pipeline.redaction import Redactor, Secret
from alecia_pipeline.release.model import ReleaseRecord
from alecia_pipeline.rollout.environment_file import fingerprints, parse_environment
from alecia_pipeline.rollout.mounts import holds
from alecia_pipeline.rollout.ports import Command
from alecia_pipeline.rollout.project import read_services
from alecia_pipeline.source.tree import EXECUTABLE, SYMLINK, Entry, Tree

PINS_FILE = "pins.json"
STACK_FILE = "staged/stack"
"""Which rendered file the third-party services were brought up by last."""

_UNPACK = (
    'set -e; [ ! -e "$1" ] || exit 0; t=$(mktemp -d "$(dirname "$1")/.new.XXXXXX"); trap \'rm -rf "$t"\' EXIT; '
    'tar -xf - -C "$t"; chmod 755 "$t"; sync -f "$t"; mv -T "$t" "$1"; trap - EXIT; sync "$(dirname "$1")"'
)


@dataclass(frozen=True)
class HostState:
    """The host's side of a rendering, read in one answer. `services` are those of the live release's compose file."""

    values: Mapping[str, str]
    fingerprints: Mapping[str, str]
    pins: Mapping[str, str]
    stack: str | None
    live: ReleaseRecord | None
    services: Mapping[str, dict[str, object]]


def read_host_state(host: RemoteHost, config: EnvironmentConfig, redactor: Redactor) -> HostState:
    """Read values, pins and the live release. RefusedError when the environment file is not there yet."""
    live = ("releases/live/record.json", "releases/live/compose.yaml")
    names = (ENVIRONMENT_FILE, KEY_FILE, PINS_FILE, STACK_FILE, *live)
    environment, key, pins, stack, record, compose = read_bundle(host, names)
    if environment is None:
        raise RefusedError(
            "the environment file is not on the host",
            where=f"{host.where} {host.agent.root}/{ENVIRONMENT_FILE}",
            why="nothing was released here yet, or it was deleted",
            fix="`alecia release --env E` writes it, as `alecia secrets init --env E` does",
        )
    values = parse_environment(environment, ENVIRONMENT_FILE)
    redactor.learn(Secret(value) for name, value in values.items() if is_sensitive(name, config))
    return HostState(
        values=values,
        fingerprints=fingerprints(values, key or fingerprint_key(host, config)),
        pins=json.loads(pins or b"{}"),
        stack=stack.decode() if stack else None,
        live=ReleaseRecord.model_validate_json(record) if record else None,
        services=read_services(compose, "releases/live/compose.yaml") if compose else {},
    )


def read_bundle(host: RemoteHost, names: Collection[str]) -> list[bytes | None]:
    """Read files under the root in one answer; None for each that is not there."""
    done = host.run(host.agent.command("bundle", *names))
    if done.status:
        raise OutsideError(
            "the host's files cannot be read",
            where=host.where,
            why=done.stderr.decode(errors="replace"),
            fix="`alecia doctor --env E` checks the host",
        )
    found: list[bytes | None] = []
    stream = io.BytesIO(done.stdout)
    for _ in names:
        size = stream.readline().strip()
        found.append(None if size == b"-" else stream.read(int(size)))
    return found


def place_files(host: RemoteHost, tree: Tree, paths: Collection[str], without: str) -> dict[str, str]:
    """Bring files and folders of the commit that services mount to the host, named by content; return their places.

    A path that the commit does not have is a folder of the host's own. `without` (the Caddyfile) is left out: Caddy
    reads the adapted configuration, and must not be recreated for a change of it.
    """
    for path in sorted(paths):
        entries = _mounted(tree, path, without)
        if entries:
            files = {entry.path: tree.read(entry.path) for entry in entries}
            unpack(host, _folder(host.agent.root, entries), files, {entry.path: entry.mode for entry in entries})
    return file_places(host.agent.root, tree, paths, without)


def file_places(root: str, tree: Tree, paths: Collection[str], without: str) -> dict[str, str]:
    """Return where `place_files` puts what services mount, below the environment's folder `root`."""
    places = {}
    for path in sorted(paths):
        entries = _mounted(tree, path, without)
        if entries:
            places[path] = posixpath.join(_folder(root, entries), path)
        elif not holds(path, without):
            places[path] = posixpath.join(root, "data", path)
    return places


def _mounted(tree: Tree, path: str, without: str) -> list[Entry]:
    return [entry for name, entry in tree.entries.items() if holds(path, name) and name != without]


def _folder(root: str, entries: list[Entry]) -> str:
    return f"{root}/files/{hashlib.sha256(repr(entries).encode()).hexdigest()[:12]}"


def unpack(host: RemoteHost, folder: str, files: Mapping[str, bytes], modes: Mapping[str, int]) -> None:
    """Make a folder on the host with these files, at once or not at all; one that is there stays as it is."""
    done = host.run(Command.of("sh", "-c", _UNPACK, "sh", folder), stdin=_archive(files, modes), timeout=120)
    if done.status:
        raise OutsideError(
            "files cannot be brought to the host",
            where=f"{host.where} {folder}",
            why=done.stderr.decode(errors="replace"),
            fix="`alecia doctor` checks disk and rights",
        )


def _archive(files: Mapping[str, bytes], modes: Mapping[str, int]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.mode = 0o755 if modes.get(name) == EXECUTABLE else 0o644
            if modes.get(name) == SYMLINK:
                entry.type, entry.linkname = tarfile.SYMTYPE, data.decode()
                archive.addfile(entry)
            else:
                entry.size = len(data)
                archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()
