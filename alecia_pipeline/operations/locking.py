"""Pin base images: what their tags are today goes into `alecia.lock`, so that planning never needs a network."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from alecia_pipeline.adapters.buildkit import builder_version
from alecia_pipeline.adapters.edits import replace_files
from alecia_pipeline.adapters.git import open_worktree, working_folder
from alecia_pipeline.errors import OutsideError, UsageError
from alecia_pipeline.images.bases import SCHEME
from alecia_pipeline.images.reads import dockerfile_reads
from alecia_pipeline.images.reference import image_name
from alecia_pipeline.operations.registries import registry_at
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.source.apps import App, commit_config, discover_apps
from alecia_pipeline.source.base_lock import BASE_LOCK, BaseLock, read_base_lock, render_base_lock
from alecia_pipeline.source.dockerfile import parse_dockerfile
from alecia_pipeline.source.links import read_file
from alecia_pipeline.source.tree import Tree
from alecia_pipeline.source.workspace import read_workspace


@dataclass(frozen=True)
class LockChange:
    """`alecia.lock` before and after."""

    before: BaseLock
    after: BaseLock

    def lines(self) -> Iterator[str]:
        """Yield what changes, an image a line."""
        old, new = self.before.images, self.after.images
        for name in sorted(old.keys() | new.keys()):
            if old.get(name) != new.get(name):
                yield f"{name}: {old.get(name, 'not pinned')} → {new.get(name, 'no longer used')}"
        if self.before.builder != self.after.builder:
            yield f"builder: {self.before.builder or 'not pinned'} → {self.after.builder}"


def lock_bases(runner: Runner, *, update: bool, resolve: Callable[[str], str] | None = None) -> LockChange:
    """Write `alecia.lock` into the working tree; images that are in it keep their digests unless `update`.

    Raises UsageError for files that do not parse, OutsideError when a registry does not name a digest; then nothing
    is written.
    """
    tree = open_worktree(runner.repo)
    before = _before(tree)
    kept = {} if update else before.images
    asked = resolve or (lambda name: _digest(runner, name))
    images = {name: kept.get(name) or asked(_source(runner, name)) for name in sorted(set(_tags(runner, tree)))}
    builder = (None if update else before.builder) or builder_version(runner.config.builder.name)
    after = BaseLock(images, builder)
    held = {BASE_LOCK: tree.read(BASE_LOCK)} if BASE_LOCK in tree.entries else {}
    if after != before or not held:
        replace_files(working_folder(runner.repo), held, {BASE_LOCK: render_base_lock(after)})
    return LockChange(before, after)


def _before(tree: Tree) -> BaseLock:
    """Return what is locked; nothing where the file is not valid, since it is about to be written anew."""
    try:
        return read_base_lock(tree)
    except UsageError:
        return BaseLock()


def _tags(runner: Runner, tree: Tree) -> Iterator[str]:
    """Yield every image that an app's Dockerfile takes by a tag, for any environment."""
    for app in discover_apps(tree, read_workspace(tree), commit_config(tree)):
        dockerfile = parse_dockerfile(read_file(tree, app.dockerfile), app.dockerfile)
        for arguments in _arguments(runner, app):
            bases = dockerfile_reads(dockerfile, app.target, arguments).bases
            yield from (name for name in bases if "@" not in name)


def _arguments(runner: Runner, app: App) -> Iterator[Mapping[str, str]]:
    yield app.config.build_args
    for environment in runner.config.environments.values():
        yield {**app.config.build_args, **environment.build_args.get(app.name, {})}


def _source(runner: Runner, name: str) -> str:
    return runner.config.builder.contexts.get(name, name).removeprefix(SCHEME)


def _digest(runner: Runner, name: str) -> str:
    image = image_name(name)
    with registry_at(runner, image.repository.host, image.login_host) as registry:
        found = registry.digest(image.repository, image.tag)
    if found is None:
        raise OutsideError(
            f"there is no image {name}",
            where=str(image.repository),
            why=f"the registry has no tag {image.tag}",
            fix="name an image that exists in FROM, or pin its digest there",
        )
    return found
