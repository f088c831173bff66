"""Finds the sandbox's Dockerfiles and configuration: the top-level `sandbox/` folder of the repository."""

import hashlib
from pathlib import Path

from alecia_pipeline.errors import UsageError

REPOSITORY = Path(__file__).parents[3]


def folder(name: str, repository: Path = REPOSITORY) -> Path:
    """Return `sandbox/<name>`. Raises UsageError where it is missing, as in an installation without the repository."""
    path = repository / "sandbox" / name
    if not path.is_dir():
        raise UsageError(
            "The sandbox's files are missing",
            where=str(path),
            why="the sandbox runs from a checkout of alecia-pipeline, not from an installed package",
            fix="run alecia from the repository's own .venv (make install)",
        )
    return path


def digest(*parts: Path | str) -> str:
    """Return 16 hex digits that change with the content of the given folders, files and texts."""
    total = hashlib.sha256()
    for part in parts:
        if isinstance(part, str):
            total.update(f"text {part}\0".encode())
            continue
        files = [part] if part.is_file() else sorted(path for path in part.rglob("*") if path.is_file())
        for path in files:
            name = path.name if path == part else path.relative_to(part).as_posix()
            total.update(f"file {name} {path.stat().st_size}\0".encode() + path.read_bytes())
    return total.hexdigest()[:16]
