"""Containers and images through the `docker` command: made once, and made again only when what they are changes."""

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from alecia_pipeline.adapters.sandbox import commands, state
from alecia_pipeline.adapters.state import locked, state_folder

LOCAL = "alecia-sandbox"
"""Prefix of the images that the sandbox builds; their tags are digests of ingredients, so they outlive a reset."""

DEFINITION_LABEL = "alecia.sandbox.definition"


class ContainerFile(BaseModel):
    """A file put into a container before its first start, owned by root."""

    model_config = ConfigDict(frozen=True)

    path: str
    content: bytes
    mode: int = state.PUBLIC


class Container(BaseModel):
    """What a container is: image, `docker create` options, and files. Two equal definitions are one container."""

    model_config = ConfigDict(frozen=True)

    name: str
    image: str
    options: tuple[str, ...]
    files: tuple[ContainerFile, ...]

    @property
    def definition(self) -> str:
        """A digest of all that the container is, the files' contents included."""
        parts = [self.image, *self.options, *(f"{f.path} {f.mode}" for f in self.files)]
        text = "\0".join(parts).encode() + b"\0".join(f.content for f in self.files)
        return hashlib.sha256(text).hexdigest()


def environment(docker_config: Path) -> dict[str, str]:
    """Return this process's environment with a `docker` configuration folder of the sandbox's own."""
    return {**os.environ, "DOCKER_CONFIG": str(docker_config)}


def is_running(name: str) -> bool:
    """Return whether a container of that name runs."""
    return _inspect(name)[0]


def ensure(container: Container) -> bool:
    """Leave the container running as defined; return whether it had to be created or started."""
    running, definition = _inspect(container.name)
    if definition != container.definition:
        remove(container.name)
        _create(container)
        running = False
    if not running:
        commands.run(["docker", "start", container.name])
    return not running


def stop(name: str) -> None:
    """Stop a container if it runs; its own stop timeout bounds the wait."""
    if is_running(name):
        commands.run(["docker", "stop", name])


def remove(name: str) -> None:
    """Remove a container, running or not; nothing happens if there is none."""
    commands.run(["docker", "rm", "--force", name])


def ensure_network(name: str) -> None:
    """Create a bridge network if it is not there."""
    if not commands.succeeds(["docker", "network", "inspect", name]):
        commands.run(["docker", "network", "create", name])


def has_image(reference: str) -> bool:
    """Return whether the engine holds the image."""
    return commands.succeeds(["docker", "image", "inspect", "--format", "{{.Id}}", reference])


def build(
    reference: str,
    context: Path,
    dockerfile: Path,
    *,
    contexts: Mapping[str, str] | None = None,
    arguments: Mapping[str, str] | None = None,
) -> None:
    """Build one image into the engine. `contexts` maps image or context names to BuildKit build contexts.

    In OCI's media types: a layer that another build left in the cache as zstd has none in Docker's own, and the VPS
    then drops it on a pull ("number of layers and diffIDs don't match").
    """
    named = [word for name, source in (contexts or {}).items() for word in ("--build-context", f"{name}={source}")]
    argv = ["docker", "buildx", "build", "--provenance=false", "--output=type=image,oci-mediatypes=true"]
    argv += ["--tag", reference, "--file", str(dockerfile)]
    named += [word for name, value in (arguments or {}).items() for word in ("--build-arg", f"{name}={value}")]
    with _alone(reference):
        commands.run([*argv, *named, str(context)])


@contextmanager
def _alone(reference: str) -> Iterator[None]:
    """Build no image of this repository twice at once: sandboxes share an engine, which fails the later of two builds.

    Its words are "already exists", when it comes to the name that the other one has just given.
    """
    folder = state_folder() / "builds" / reference.rpartition(":")[0].replace("/", "-")
    with locked(folder, lambda _: None):
        yield


def push(local: str, reference: str, docker_config: Path) -> str:
    """Push a local image as `reference`; return the digest that the registry gave it."""
    commands.run(["docker", "tag", local, reference])
    commands.run(["docker", "push", "--quiet", reference], env=environment(docker_config))
    found = json.loads(commands.run(["docker", "image", "inspect", "--format", "{{json .RepoDigests}}", reference]))
    repository = reference.rpartition(":")[0]
    return next(str(entry).partition("@")[2] for entry in found if str(entry).startswith(f"{repository}@"))


def _inspect(name: str) -> tuple[bool, str]:
    """Return whether the container runs, and its definition; `(False, "")` if there is none."""
    template = f'{{{{.State.Running}}}} {{{{index .Config.Labels "{DEFINITION_LABEL}"}}}}'
    found = commands.run(["docker", "container", "ls", "--all", "--quiet", "--filter", f"name=^{name}$"]).strip()
    if not found:
        return False, ""
    running, _, definition = commands.run(["docker", "inspect", "--format", template, found]).strip().partition(" ")
    return running == "true", definition


def _create(container: Container) -> None:
    # It gets its name last: a container whose making was interrupted is never taken for a finished one.
    unfinished = f"{container.name}-unfinished"
    remove(unfinished)
    label = f"{DEFINITION_LABEL}={container.definition}"
    commands.run(["docker", "create", "--name", unfinished, "--label", label, *container.options, container.image])
    commands.run(["docker", "cp", "-", f"{unfinished}:/"], stdin=_archive(container.files))
    commands.run(["docker", "rename", unfinished, container.name])


def _archive(files: tuple[ContainerFile, ...]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for file in files:
            entry = tarfile.TarInfo(file.path.lstrip("/"))
            entry.size, entry.mode = len(file.content), file.mode
            archive.addfile(entry, io.BytesIO(file.content))
    return buffer.getvalue()
