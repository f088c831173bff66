"""The report of a commit or of the working tree, made anew only when a file, or this program, has changed."""

from collections.abc import Callable
from hashlib import blake2b
from time import perf_counter

from alecia_pipeline.adapters.cache import Cache, default_cache
from alecia_pipeline.adapters.git import open_commit, open_worktree
from alecia_pipeline.adapters.program import audit_version
from alecia_pipeline.audit.finding import Audited, Report, Stats
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.source.tree import Tree

MAX_NAMED = 5
"""How many files are named that could not be read."""


def report(runner: Runner, rev: str | None, apps: tuple[str, ...] = ()) -> Report:
    """Audit a revision, or the working tree when `rev` is None; with `apps`, report only what concerns these.

    Raises UsageError for a folder that is no repository, an unknown revision or app, and inputs that do not parse.
    """
    started = perf_counter()

    def read() -> Tree:
        return open_worktree(runner.repo) if rev is None else open_commit(runner.repo, rev)

    tree = read()
    _name_absent(runner, tree)
    audited = _audited(default_cache(), tree, apps, read)
    stats = Stats(packages=audited.packages, files=audited.files, seconds=round(perf_counter() - started, 3))
    return Report(repo=str(runner.repo.resolve()), commit=tree.commit, findings=audited.findings, stats=stats)


def _name_absent(runner: Runner, tree: Tree) -> None:
    """Say which sources are passed over: a report of what was read is no report of these."""
    absent = [entry.path for entry in tree.entries.values() if entry.is_absent]
    if absent:
        from alecia_pipeline.audit.sources.forms import kind_of  # noqa: PLC0415 - hardly ever needed

        absent = [path for path in absent if kind_of(path)]
    for path in absent[:MAX_NAMED]:
        runner.log(f"not read, since this clone lacks its content: {path}")
    if absent:
        more = f"{len(absent) - MAX_NAMED} more; " if len(absent) > MAX_NAMED else ""
        runner.log(f"{more}`git fetch --refetch --no-filter` brings what is missing")


def _audited(cache: Cache, tree: Tree, apps: tuple[str, ...], read: Callable[[], Tree]) -> Audited:
    key = _key(tree, apps)
    kept = cache.get([key]).get(key)
    if kept:
        return Audited.model_validate_json(kept)
    from alecia_pipeline.operations.auditing import audit_tree  # noqa: PLC0415 - a third of the start-up time

    audited = audit_tree(tree, apps, cache)
    if tree.commit or _key(read(), apps) == key:  # else somebody wrote into the working tree meanwhile
        cache.put({key: audited.model_dump_json().encode()})
    return audited


def _key(tree: Tree, apps: tuple[str, ...]) -> bytes:
    digest = blake2b(repr(apps).encode(), key=audit_version(), digest_size=16)
    for entry in tree.entries.values():
        digest.update(f"{entry.mode:o} {entry.oid} {entry.path}\0".encode())
    return digest.digest()
