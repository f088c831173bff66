"""Files of a working tree, written anew: only inside of it, and only as they were read."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from alecia_pipeline.errors import RefusedError, UsageError


def replace_files(root: Path, before: Mapping[str, bytes], after: Mapping[str, bytes]) -> None:
    """Write `after` (bytes by path), each file at once or not at all; modes are kept.

    Raises RefusedError, with nothing written, when a file is not what `before` says (a path that is not in it: no file
    is there), and UsageError when a path leads through a symbolic link or out of `root`.
    """
    targets = {path: _inside(root.resolve(), path) for path in after}
    for path, target in targets.items():
        now = target.read_bytes() if target.exists() else None
        if now != before.get(path):
            raise RefusedError(
                f"{path} has changed meanwhile",
                where=str(target),
                why="what was shown is not what would be written",
                fix="run it again",
            )
    for path, target in targets.items():
        _replace(target, after[path])


def _inside(root: Path, path: str) -> Path:
    target = root / path
    if target.is_symlink() or target.parent.resolve() != target.parent or not target.parent.is_relative_to(root):
        raise UsageError(
            f"{path} is behind a symbolic link",
            where=str(target),
            why="an edit could reach out of the repository",
            fix="edit it yourself",
        )
    return target


def _replace(target: Path, data: bytes) -> None:
    temporary = target.with_name(f".{target.name}.alecia-{os.getpid()}")
    try:
        temporary.write_bytes(data)
        if target.exists():
            shutil.copymode(target, temporary)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
