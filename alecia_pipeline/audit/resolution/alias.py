"""Names that stand for paths: one entry of tsconfig's `paths`, or of a bundler's `alias`."""

import posixpath
from dataclasses import dataclass

INSTALLED = "node_modules/"

OUTSIDE = ".."
"""The target of an alias whose meaning cannot be read: whatever it leads to is not judged."""


@dataclass(frozen=True, slots=True)
class Alias:
    """`pattern` may hold one `*`; `targets` are paths from the repository's root; in `node_modules/`, packages."""

    pattern: str
    targets: tuple[str, ...]

    def expand(self, specifier: str) -> tuple[str, ...]:
        """Return the paths that `specifier` stands for; none when the pattern does not match it."""
        before, star, after = self.pattern.partition("*")
        if not star:
            return self.targets if specifier == self.pattern else ()
        if not (specifier.startswith(before) and specifier.endswith(after)) or len(specifier) < len(before) + len(
            after
        ):
            return ()
        middle = specifier[len(before) : len(specifier) - len(after)]
        return tuple(posixpath.normpath(target.replace("*", middle, 1)) for target in self.targets)


@dataclass(frozen=True, slots=True)
class PathRules:
    """What configs say about names: `aliases`, `bases` (folders to look in), `roots` (folders seen as one)."""

    aliases: tuple[Alias, ...] = ()
    bases: tuple[str, ...] = ()
    roots: tuple[str, ...] = ()


def installed_name(path: str) -> str | None:
    """Return the package that a path through `node_modules` names; None for other paths, and for mere types."""
    _, found, inner = path.rpartition(INSTALLED)
    parts = inner.split("/")
    name = "/".join(parts[: 2 if inner.startswith("@") else 1])
    return name if found and parts[0] not in {"", "@types"} else None
