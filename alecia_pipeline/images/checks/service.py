"""How an app is started, as its image and its compose service say; values that nobody has here are made up."""

import hashlib
import posixpath
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from alecia_pipeline.images.checks.secrets import Described

Fill = Callable[[str], tuple[str, bool]]
"""Puts values for the `${KEY}` of a text; tells whether one of them had to be made up."""

SHELL = ("/bin/sh", "-c")

_PLACE = "made-up.invalid"
_KINDS = (
    (("_URL", "_URI", "_ORIGIN", "_ENDPOINT", "_DSN"), f"https://{_PLACE}"),
    (("HOST", "HOSTNAME", "DOMAIN"), _PLACE),
    (("EMAIL", "_FROM"), f"nobody@{_PLACE}"),
    (("PORT",), "1"),
)
"""What the name of a variable tells of its value. `.invalid` resolves nowhere (RFC 2606)."""


@dataclass(frozen=True)
class Service:
    """One app's container. What is None or empty is left to the image.

    `made_up`: variables whose value is, wholly or in part; `lacks`: paths at which something of the host is mounted,
    and nothing here; `complete`: no variable but those of `environment` is given; `health`: the command that tells by
    its status whether the app answers; `port`: where it listens.
    """

    environment: Mapping[str, str] = field(default_factory=dict)
    made_up: frozenset[str] = frozenset()
    lacks: tuple[str, ...] = ()
    complete: bool = False
    volumes: tuple[str, ...] = ()
    tmpfs: tuple[str, ...] = ()
    user: str | None = None
    workdir: str | None = None
    entrypoint: tuple[str, ...] | None = None
    command: tuple[str, ...] | None = None
    health: tuple[str, ...] | None = None
    port: int | None = None


def made_up_value(name: str) -> str:
    """Return a value for a variable that nobody has here: 64 hex digits, always the same, unless its name says more."""
    for endings, value in _KINDS:
        if name.upper().endswith(endings):
            return value
    return hashlib.sha256(f"made up for {name}".encode()).hexdigest()


def read_service(definition: Mapping[str, Any], described: Described, fill: Fill) -> Service:
    """Return how the app is started. `definition`: its compose service; empty where it has none."""
    environment, made_up = _environment(definition.get("environment") or {}, fill)
    volumes, lacks = _volumes(definition, fill)
    port = next((port for port in (*_exposed(definition), *_own_ports(described))), None)
    return Service(
        environment=environment,
        made_up=made_up,
        lacks=lacks,
        complete=bool(definition) and not definition.get("env_file"),
        volumes=volumes,
        tmpfs=tuple(_strings(definition.get("tmpfs"), fill)),
        user=_text(definition.get("user"), fill),
        workdir=_text(definition.get("working_dir"), fill),
        entrypoint=_words(definition.get("entrypoint"), fill),
        command=_words(definition.get("command"), fill),
        health=_health(definition.get("healthcheck") or {}, described, fill),
        port=port,
    )


def _environment(given: Any, fill: Fill) -> tuple[dict[str, str], frozenset[str]]:
    pairs = given.items() if isinstance(given, dict) else (_pair(str(each)) for each in given)
    values: dict[str, str] = {}
    made_up: set[str] = set()
    for name, value in pairs:
        values[name], invented = fill(_plain(value)) if value is not None else (made_up_value(name), True)
        made_up |= {name} if invented else set()
    return values, frozenset(made_up)


def _pair(text: str) -> tuple[str, str | None]:
    name, equals, value = text.partition("=")
    return name, value if equals else None


def _plain(value: Any) -> str:
    """Return a value as compose writes it: YAML's true is `true`."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _volumes(definition: Mapping[str, Any], fill: Fill) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the targets of volumes, which an empty one can stand for, and of what only the host has."""
    mounts = [_mount(each, fill) for each in definition.get("volumes") or ()]
    files = [_file("/run/secrets", each) for each in definition.get("secrets") or ()]
    files += [_file("/", each) for each in definition.get("configs") or ()]
    empty = tuple(target for target, bound in mounts if not bound and target)
    return empty, (*(target for target, bound in mounts if bound and target), *files)


def _mount(volume: Any, fill: Fill) -> tuple[str, bool]:
    if isinstance(volume, dict):
        return fill(str(volume.get("target", "")))[0], volume.get("type") == "bind"
    source, _, rest = fill(str(volume))[0].partition(":")
    return (rest.partition(":")[0], source.startswith((".", "/", "~"))) if rest else (source, False)


def _file(folder: str, given: Any) -> str:
    if isinstance(given, dict):
        return posixpath.join(folder, str(given.get("target") or given.get("source", "")))
    return posixpath.join(folder, str(given))


def _strings(value: Any, fill: Fill) -> Iterator[str]:
    for each in [value] if isinstance(value, str) else value or ():
        yield fill(str(each))[0]


def _text(value: Any, fill: Fill) -> str | None:
    return None if value is None else fill(str(value))[0]


def _words(value: Any, fill: Fill) -> tuple[str, ...] | None:
    if value is None:
        return None
    return tuple(shlex.split(fill(value)[0]) if isinstance(value, str) else _strings(value, fill))


def _health(check: Mapping[str, Any], described: Described, fill: Fill) -> tuple[str, ...] | None:
    """Return the command of the health check: the service's, else the image's; None where there is none."""
    if check.get("disable"):
        return None
    written = check.get("test")
    own = (described.run("Healthcheck") or {}).get("Test") or ()
    test = (*SHELL, fill(written)[0]) if isinstance(written, str) else tuple(_strings(written, fill)) or tuple(own)
    return _argv(test)


def _argv(test: tuple[str, ...]) -> tuple[str, ...] | None:
    kind, *words = test or ("NONE",)
    if kind == "CMD-SHELL":
        return (*SHELL, *words[:1])
    if kind == "CMD":
        return tuple(words)
    return test if kind == SHELL[0] else None


def _exposed(definition: Mapping[str, Any]) -> Iterator[int]:
    yield from filter(None, map(_number, definition.get("expose") or ()))


def _own_ports(described: Described) -> Iterator[int]:
    yield from filter(None, map(_number, described.run("ExposedPorts") or ()))


def _number(port: Any) -> int | None:
    number, _, protocol = str(port).partition("/")
    return int(number) if number.isdecimal() and protocol in {"", "tcp"} else None
