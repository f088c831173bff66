"""What a release would do beside images: SQL files that are new, and compose services that change."""

from collections.abc import Collection, Mapping
from typing import Any

from alecia_pipeline.source.documents import as_mapping
from alecia_pipeline.source.tree import Entry, Tree
from alecia_pipeline.source.yaml_document import load_yaml


def new_migrations(
    folder: str, tree: Tree, before: Tree | None, applied: Collection[str] | None = None
) -> tuple[str, ...]:
    """Return, in order, the SQL files of `folder` that `before` has not, or has with other content.

    `applied`: the names of the files that a database has seen, where that is known: they say which are new.
    """
    old = before.entries if before else {}

    def is_new(entry: Entry) -> bool:
        if applied is None or entry.path in old:
            return old.get(entry.path) != entry
        return entry.path.rpartition("/")[2] not in applied

    return tuple(
        path
        for path, entry in tree.entries.items()
        if path.startswith(f"{folder}/") and path.endswith(".sql") and is_new(entry)
    )


def changed_services(compose: str, tree: Tree, before: Tree | None) -> tuple[str, ...]:
    """Return, sorted, the services that are new or defined otherwise. Raises UsageError for a bad compose file."""
    old, new = _services(compose, before), _services(compose, tree)
    return tuple(sorted(name for name in new if old.get(name) != new[name]))


def _services(compose: str, tree: Tree | None) -> Mapping[str, Any]:
    if tree is None or compose not in tree.entries:
        return {}
    document = as_mapping(load_yaml(tree.read(compose), compose), compose, "the document")
    return as_mapping(document.get("services"), compose, "services")
