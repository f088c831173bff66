"""What turbo's files say a build reads in the repository's root."""

from collections.abc import Iterator, Mapping
from typing import Any

TURBO_FILES = ("turbo.json", "turbo.jsonc")

_ROOT = "$TURBO_ROOT$/"


def global_inputs(document: object) -> Iterator[str]:
    """Yield the globs of what every task reads, its dotenv files included, from the repository's root."""
    for key in ("globalDependencies", "globalDotEnv"):
        yield from (item.removeprefix(_ROOT) for item in _texts(_mapping(document).get(key)))


def build_inputs(document: object) -> Iterator[str]:
    """Yield the globs of what `build`, of every package, and the tasks before it read in the repository's root.

    What other tasks read, a linter's settings for one, is in no image.
    """
    tasks = _mapping(_mapping(document).get("tasks"))
    queue, done = ["build"], set[str]()
    while queue:
        name = queue.pop()
        done.add(name)
        for task in (_mapping(task) for key, task in tasks.items() if _task(key) == name):
            yield from (item[len(_ROOT) :] for item in _texts(task.get("inputs")) if item.startswith(_ROOT))
            queue += sorted({_task(item) for item in _texts(task.get("dependsOn"))} - done)


def root_inputs(document: object) -> Iterator[str]:
    """Yield the globs of what the tasks read in the repository's root."""
    for task in _mapping(_mapping(document).get("tasks")).values():
        yield from (item[len(_ROOT) :] for item in _texts(_mapping(task).get("inputs")) if item.startswith(_ROOT))


def _task(name: str) -> str:
    """Return the name of a task without the package it is meant for: `^build` and `web#build` are `build`."""
    return name.lstrip("^").rpartition("#")[2]


def _texts(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
