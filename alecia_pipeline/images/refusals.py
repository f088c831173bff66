"""Files that must not go into an image's context, because what is built would not be what the commit says."""

import posixpath
from collections.abc import Sequence

from alecia_pipeline.errors import AleciaError, UsageError
from alecia_pipeline.source.secret_forms import registry_tokens
from alecia_pipeline.source.tree import ABSENT, SUBMODULE, SYMLINK, Entry, Tree

_NPMRC = ".npmrc"
_LFS = (b"version https://git-lfs.github.com/spec/", b"version https://hawser.github.com/spec/")
"""How a pointer begins; the second is what the first versions of Git LFS wrote."""

_POINTER_BYTES = 1024
"""Git LFS's own limit for a pointer."""


def may_be_refused(entry: Entry, tree: Tree) -> bool:
    """Tell whether `refusal` must see a file's content. What this clone lacks is refused when it is to be sent.

    Not so a link: without it nobody knows what else is to be sent.
    """
    if entry.is_absent:
        return entry.mode == ABSENT + SYMLINK
    if entry.mode == SUBMODULE:
        return False
    size = tree.size(entry.path)
    return entry.mode == SYMLINK or size < _POINTER_BYTES or posixpath.basename(entry.path) == _NPMRC


def refusal(entry: Entry, data: bytes) -> AleciaError | None:
    """Return why a file cannot be sent to a build, or None. `data` is empty for a submodule."""
    if entry.mode == SUBMODULE:
        return _refused(entry, "is a git submodule", "its files are not in this commit", "vendor it, or ignore it")
    if entry.mode == SYMLINK and _escapes(entry.path, data.decode(errors="replace")):
        return _refused(entry, "is a link out of the repository", data.decode(errors="replace"), "link inside it")
    if data.startswith(_LFS):
        return _refused(entry, "is a Git LFS pointer", "the commit has not the file itself", "commit it without LFS")
    if posixpath.basename(entry.path) == _NPMRC and any(registry_tokens(data, placeholders=True)):
        return _refused(
            entry,
            "holds a registry token",
            "it would be in the commit and in image layers",
            "use ${NPM_TOKEN}; revoke it",
        )
    return None


def missing_sources(dockerfile: str, missing: Sequence[str]) -> UsageError | None:
    """Return why a build cannot go well when its Dockerfile copies what the commit has not, or ignores; else None."""
    if not missing:
        return None
    return UsageError(
        f"{dockerfile} copies what the build would not find",
        where=dockerfile,
        why=f"the commit has no {', '.join(missing)}, or .dockerignore leaves it out",
        fix="commit it, mend COPY, or mend .dockerignore; `alecia audit` names the line",
    )


def _escapes(path: str, target: str) -> bool:
    joined = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
    return target.startswith("/") or joined == ".." or joined.startswith("../")


def _refused(entry: Entry, what: str, why: str, fix: str) -> UsageError:
    return UsageError(
        f"{entry.path} {what}",
        where=entry.path,
        why=why,
        fix=f"{fix}; a file no image needs goes into .dockerignore",
    )
