"""Secrets in clear among the files of a commit."""

import shlex
from collections.abc import Iterable

from alecia_pipeline.audit.finding import Finding
from alecia_pipeline.audit.snapshot import Snapshot
from alecia_pipeline.source.secret_forms import is_sample, may_hold_secrets, secrets_in


def findings(snapshot: Snapshot) -> Iterable[Finding]:
    """Return every place with a secret in clear."""
    for path, entry in snapshot.tree.entries.items():
        if entry.is_file and may_hold_secrets(path) and not is_sample(path):
            for line, what in secrets_in(path, snapshot.tree.read(path)):
                yield _finding(snapshot, path, line, what)


def _finding(snapshot: Snapshot, path: str, line: int, message: str) -> Finding:
    owner = snapshot.workspace.owner(path)
    quoted = shlex.quote(path)
    return Finding(
        rule="secret-file",
        package=owner.manifest.name,
        dir=owner.dir,
        file=path,
        line=line,
        message=message,
        fix=f"git rm --cached {quoted} && echo {quoted} >> .gitignore  # and replace it: it stays in the history",
    )
