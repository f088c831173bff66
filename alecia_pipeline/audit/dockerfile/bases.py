"""Images that a Dockerfile takes by a tag: what they are changes from day to day, so no build can be repeated."""

from collections.abc import Iterable, Iterator

from alecia_pipeline.audit.dockerfile.builds import Build
from alecia_pipeline.audit.dockerfile.layout import is_known
from alecia_pipeline.audit.finding import Finding
from alecia_pipeline.audit.snapshot import Snapshot
from alecia_pipeline.source.base_lock import BASE_LOCK, read_base_lock
from alecia_pipeline.source.dockerfile import Instruction, Stage, executed, global_variables, origins, stages_needed
from alecia_pipeline.source.words import expand

_EMPTY = "scratch"


def findings(snapshot: Snapshot) -> Iterable[Finding]:
    """Return every image that is taken by a tag and that alecia.lock does not pin, once per Dockerfile."""
    pinned = read_base_lock(snapshot.tree).images
    for build in snapshot.builds:
        seen: set[str] = set()
        for image, line in _images(build):
            if image not in seen and "@sha256:" not in image and image not in pinned:
                yield _finding(build, image, line)
            seen.add(image)


def _finding(build: Build, image: str, line: int) -> Finding:
    tag = image.rpartition("/")[2].partition(":")[2]
    what = f"the tag {tag}" if tag and tag != "latest" else "whatever is newest"
    fix = f"`alecia lock` pins it in {BASE_LOCK}, or FROM {image}@sha256:…"
    return build.finding("docker-base-unpinned", line, f"{image} is {what}, not a digest", fix=fix)


def _images(build: Build) -> Iterator[tuple[str, int]]:
    """Yield the images of others, and the lines that name them; what a build argument decides is left out."""
    dockerfile, build_args = build.dockerfile, build.app.config.build_args
    variables = global_variables(dockerfile, build_args)
    for stage in stages_needed(dockerfile, build.app.target, build_args):
        own = {name for earlier in dockerfile.stages[: stage.index] for name in (earlier.name, str(earlier.index))}
        for text, line in _named(executed(dockerfile, stage, variables), stage):
            image = expand(text, variables)
            if is_known(text, variables) and image.lower() not in own and image not in {"", _EMPTY}:
                yield image, line


def _named(instructions: Iterable[Instruction], stage: Stage) -> Iterator[tuple[str, int]]:
    yield stage.base, stage.line
    for instruction in instructions:
        yield from ((image, instruction.line) for image in origins(instruction))
