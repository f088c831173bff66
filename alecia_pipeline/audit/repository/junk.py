"""Files that a desktop or an editor leaves behind: linters stumble over them, and they enter images."""

import posixpath
import re
import shlex
from collections.abc import Iterable

from alecia_pipeline.audit.finding import Finding
from alecia_pipeline.audit.snapshot import Snapshot

_FOLDERS = r"\.AppleDouble|__MACOSX|\.Spotlight-V100|\.Trashes|\.fseventsd"
_EDITOR = re.compile(r"(?:^|/)\.[^/]+\.sw[nop]$")
_JUNK = re.compile(
    rf"(?:^|/)(?:\._[^/]*|\.DS_Store|\.LSOverride|(?:eh)?[Tt]humbs\.db|[Dd]esktop\.ini|(?:{_FOLDERS})/.*)$"
)


def findings(snapshot: Snapshot) -> Iterable[Finding]:
    """Return every junk file, wherever it lies."""
    for path in snapshot.tree.entries:
        if _EDITOR.search(path) or _JUNK.search(path):
            owner = snapshot.workspace.owner(path)
            what = "an editor" if _EDITOR.search(path) else "a desktop"
            pattern = shlex.quote(_ignore_pattern(path))
            yield Finding(
                rule="junk-file",
                package=owner.manifest.name,
                dir=owner.dir,
                file=path,
                message=f"{posixpath.basename(path)} is left over from {what}; it breaks linters and enters images",
                fix=f"git rm --cached {shlex.quote(path)} && echo {pattern} >> .gitignore",
            )


def _ignore_pattern(path: str) -> str:
    """Return the line for .gitignore that keeps the like of a junk file out."""
    folder = re.search(rf"(?:^|/)({_FOLDERS})/", path)
    name = folder[1] + "/" if folder else posixpath.basename(path)
    if _EDITOR.search(path):
        return ".*.sw[nop]"
    return "._*" if name.startswith("._") else name
