"""Findings that follow from few files, remembered: they hold as long as all paths, and these files, are the same.

Which files these are is not written down anywhere, where it could be wrong: it is what was read to find them.
"""

import json
from collections.abc import Callable
from hashlib import blake2b

from alecia_pipeline.adapters.cache import Cache
from alecia_pipeline.adapters.program import audit_version
from alecia_pipeline.audit.finding import Finding
from alecia_pipeline.source.traced import Traced
from alecia_pipeline.source.tree import Tree


def remembered(cache: Cache, tree: Traced, find: Callable[[], tuple[Finding, ...]]) -> tuple[Finding, ...]:
    """Return what `find` does, from the cache when nothing that it reads of the tree has changed.

    `find` must read files through `tree` alone, and all that was read before it must have been, too. Only what was
    found in a commit is kept: a file of the working tree may be another by now.
    """
    key = _key(tree)
    kept = cache.get([key]).get(key)
    if kept:
        seen, findings = json.loads(kept)
        if all(tree.entries[path].oid == oid for path, oid in seen.items()):
            return tuple(Finding.model_validate(finding) for finding in findings)
    found = find()
    if tree.commit:
        findings = [finding.model_dump(mode="json") for finding in found]
        cache.put({key: json.dumps([tree.seen, findings], separators=(",", ":")).encode()})
    return found


def _key(tree: Tree) -> bytes:
    digest = blake2b(key=audit_version(), digest_size=16, person=b"findings")
    for entry in tree.entries.values():
        digest.update(f"{entry.mode:o} {entry.path}\0".encode())
    return digest.digest()
