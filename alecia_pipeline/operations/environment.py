"""The environment file on a host, with the fingerprints that tell which of its values changed."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from alecia_pipeline.config import EnvironmentConfig
from alecia_pipeline.redaction import Redactor, Secret
from alecia_pipeline.rollout.environment_file import fingerprints, parse_environment, render_environment
from alecia_pipeline.rollout.ports import Host

ENVIRONMENT_FILE = ".env"
KEY_FILE = "fingerprint.key"
WRITTEN_FILE = "env-written.json"
PRIVATE = 0o600
SECRET_BYTES = 32

_SENSITIVE = ("PASSWORD", "SECRET", "TOKEN", "KEY", "CREDENTIAL")


@dataclass(frozen=True)
class HostEnvironment:
    """The values on a host, their fingerprints (16 hex), and what the pipeline itself wrote (key -> fingerprints)."""

    values: Mapping[str, str]
    fingerprints: Mapping[str, str]
    written: Mapping[str, tuple[str, ...]]

    @property
    def own(self) -> frozenset[str]:
        """The keys whose value is still one that the pipeline wrote: nobody set them by hand since."""
        return frozenset(key for key, known in self.written.items() if self.fingerprints.get(key) in known)


def read_environment(host: Host, config: EnvironmentConfig, redactor: Redactor) -> HostEnvironment:
    """Return the host's environment, empty where it has no file yet; its secrets are masked in logs from now on."""
    path = f"{config.root}/{ENVIRONMENT_FILE}"
    values = parse_environment(host.read(path) or b"", path)
    redactor.learn(Secret(value) for key, value in values.items() if is_sensitive(key, config))
    written = json.loads(host.read(f"{config.root}/{WRITTEN_FILE}") or b"{}")
    known = {key: tuple(marks) for key, marks in written.items()}
    marks = fingerprints(values, fingerprint_key(host, config)) if values else {}
    return HostEnvironment(values, marks, known)


def write_environment(
    host: Host, config: EnvironmentConfig, before: HostEnvironment, values: Mapping[str, str], changed: tuple[str, ...]
) -> None:
    """Replace the environment file (0600, atomically).

    What the pipeline wrote is noted first, beside the older mark: cut off in between, either value is known as ours.
    """
    marks = fingerprints(values, fingerprint_key(host, config))
    ours = {key: sorted({marks[key], *_mark(before, key)}) for key in {*changed, *before.own} & set(values)}
    data = json.dumps(ours, indent=1, sort_keys=True).encode()
    host.write(f"{config.root}/{WRITTEN_FILE}", data, mode=PRIVATE)
    host.write(f"{config.root}/{ENVIRONMENT_FILE}", render_environment(values), mode=PRIVATE)


def fingerprint_key(host: Host, config: EnvironmentConfig) -> bytes:
    """Return the key of the fingerprints; it never leaves the host's file, and is made with the first one."""
    path = f"{config.root}/{KEY_FILE}"
    found = host.read(path)
    if not found:
        found = secrets.token_hex(SECRET_BYTES).encode()
        host.write(path, found, mode=PRIVATE)
    return found


def is_sensitive(key: str, config: EnvironmentConfig) -> bool:
    """Whether a key's value must never be shown: it is generated, or its name says so."""
    return key in config.secrets or any(word in key.upper() for word in _SENSITIVE)


def _mark(before: HostEnvironment, key: str) -> tuple[str, ...]:
    return (before.fingerprints[key],) if key in before.own else ()
