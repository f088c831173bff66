"""Why one build key differs from another: every difference of the fields, named."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from alecia_pipeline.images.fields import BuildFields, Facts, is_lockfile
from alecia_pipeline.release.model import Cause, CauseKind

_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class _Side:
    """One of the two keys: what is hashed, and what explains it."""

    fields: BuildFields
    facts: Facts

    @cached_property
    def files(self) -> Mapping[str, str]:
        """The loose files, and those of the packages that differ."""
        return {**self.fields.files, **self.facts.files}


def explain(old: tuple[BuildFields, Facts], new: tuple[BuildFields, Facts]) -> tuple[Cause, ...]:
    """Return all causes, the ones about the build first, then files. Empty when the fields are equal."""
    left, right = _Side(*old), _Side(*new)
    before, after = old[0], new[0]
    causes = [
        *_values(before, after),
        *_differences("build_arg", before.build_args, after.build_args),
        *_differences("secret", dict.fromkeys(before.secrets, ""), dict.fromkeys(after.secrets, "")),
        *_differences("base_image", before.bases, after.bases),
        *_differences("tool", before.tools, after.tools),
        *_packages(left.facts, right.facts),
        *_lockfile(left, right),
        *_files(left, right),
    ]
    return tuple(causes)


def _values(old: BuildFields, new: BuildFields) -> Iterator[Cause]:
    """Yield the causes among the single values. The schema is the pipeline's own tool version."""
    pairs: tuple[tuple[CauseKind, str, object, object], ...] = (
        ("dockerfile", "path", old.dockerfile, new.dockerfile),
        ("dockerfile", "target", old.target or "last stage", new.target or "last stage"),
        ("platform", "platform", old.platform, new.platform),
        ("build_arg", "epoch", old.epoch, new.epoch),
        ("tool", "build key schema", old.schema, new.schema),
    )
    for kind, what, left, right in pairs:
        if left != right:
            yield Cause(kind=kind, what=what, detail=f"{left} → {right}")


def _packages(old: Facts, new: Facts) -> Iterator[Cause]:
    for folder in sorted(new.closure - old.closure):
        yield Cause(kind="closure", what=folder, detail="is needed now")
    for folder in sorted(old.closure - new.closure):
        yield Cause(kind="closure", what=folder, detail="is no longer needed")


def _lockfile(old: _Side, new: _Side) -> Iterator[Cause]:
    """Yield one cause per entry; a lockfile that came, went or changed its form has the whole file as its cause."""
    entries = [
        cause.model_copy(update={"kind": "patch"}) if cause.what.startswith("patchedDependencies") else cause
        for cause in _differences("lockfile", old.facts.lock, new.facts.lock)
    ]
    yield from entries
    if not entries:
        yield from _differences("lockfile", *(_only(side.files, is_lockfile) for side in (old, new)))


def _files(old: _Side, new: _Side) -> Iterator[Cause]:
    before, after = (_only(side.files, lambda path: not is_lockfile(path)) for side in (old, new))
    moved = old.facts.closure ^ new.facts.closure
    for path in sorted(before.keys() | after.keys()):
        came_or_went = path not in before or path not in after
        if before.get(path) == after.get(path) or (came_or_went and _inside(path, moved)):
            continue
        kind, detail = _file_cause(path, old, new)
        yield Cause(kind=kind, what=path, detail=detail)


def _file_cause(path: str, old: _Side, new: _Side) -> tuple[CauseKind, str]:
    if path in old.facts.ignored:
        return "ignore", "is no longer ignored"
    if path in new.facts.ignored:
        return "ignore", "is ignored now"
    detail = _detail(old.files.get(path), new.files.get(path))
    if path in {old.fields.dockerfile, new.fields.dockerfile}:
        return "dockerfile", detail
    return ("patch" if path.startswith("patches/") or path.endswith(".patch") else "file"), detail


def _detail(old: str | None, new: str | None) -> str:
    if old is None:
        return "added"
    if new is None:
        return "removed"
    return "changed" if old.split()[0] == new.split()[0] else f"mode {old.split()[0]} → {new.split()[0]}"


def _differences(kind: CauseKind, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Cause]:
    if old == new:
        return
    for name in sorted({name for name, _ in old.items() ^ new.items()}):
        yield Cause(kind=kind, what=name, detail=_change(old.get(name), new.get(name)))


def _change(old: str | None, new: str | None) -> str:
    old, new = _readable(old), _readable(new)
    if old is None:
        return f"added: {new}" if new else "added"
    if new is None:
        return "removed"
    return f"{old or 'unpinned'} → {new or 'unpinned'}"


def _readable(value: str | None) -> str | None:
    """Cut a bare hash: its first digits tell it from another."""
    return value[:12] if value and _HASH.fullmatch(value) else value


def _only(files: Mapping[str, str], wanted: Callable[[str], bool]) -> dict[str, str]:
    return {path: value for path, value in files.items() if wanted(path)}


def _inside(path: str, folders: frozenset[str]) -> bool:
    return any(path.startswith(f"{folder}/") for folder in folders)
