"""The build as a value: what docker buildx is told."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from alecia_pipeline.redaction import Secret

EPOCH = 315532800
"""1980-01-01 in Unix seconds, the date of every file in every image: older dates break zip tools, and a commit's
date would give each commit another image."""

PLATFORM = "linux/amd64"

BUILD_ID = "BUILD_ID"
"""Build argument that gets 16 digits of the build key, where a Dockerfile declares it (Next.js wants a build id)."""

BUILD_ID_DIGITS = 16

_VARIABLE = "ALECIA_BUILD_SECRET_"


@dataclass(frozen=True, slots=True)
class BuildCommand:
    """One program call. `environment` is added to the runner's, and `secrets` to that: name -> value.

    The context goes in over standard input.
    """

    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, Secret] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LayerCache:
    """Where other builders' steps are found, and where this one's are left for them: references in a registry."""

    read: str | None = None
    write: str | None = None


NO_CACHE = LayerCache()
"""The builder's own steps alone."""


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """What to build. `contexts` are stand-ins for base images: name as written -> docker-image://….

    `docker_config` is the folder with the docker client's logins, where it is not the client's own; `cold`: take no
    step from any cache; `secrets`: id -> value; `cache`: the registry's.
    """

    dockerfile: str
    target: str | None
    build_args: Mapping[str, str]
    contexts: Mapping[str, str]
    builder: str | None
    docker_config: str | None = None
    cold: bool = False
    secrets: Mapping[str, Secret] = field(default_factory=dict)
    cache: LayerCache = NO_CACHE


def build_command(request: BuildRequest, *, folder: str) -> BuildCommand:
    """Return the command that reads the context from standard input and writes an OCI layout into a folder.

    A folder, because blobs that are there already (the base's) are not sent again: 2 to 3 s of 23 for a website. Not a
    push, and the layers as plain tar: what makes two builds equal (one date everywhere) and small (zstd) is done
    afterwards, and the engine's own driver could not rewrite dates on the way to a registry.
    """
    argv = ["docker", "buildx", "build", "--progress=plain", "--provenance=false", f"--platform={PLATFORM}"]
    argv += [f"--file={request.dockerfile}"]
    argv += [f"--builder={request.builder}"] if request.builder else []
    argv += [f"--target={request.target}"] if request.target else []
    argv += ["--no-cache"] if request.cold else _cache_options(request.cache)
    argv += [f"--build-arg={name}={value}" for name, value in sorted(request.build_args.items())]
    argv += [f"--build-context={name}={source}" for name, source in sorted(request.contexts.items())]
    secrets = {f"{_VARIABLE}{number}": each for number, each in enumerate(sorted(request.secrets))}
    argv += [f"--secret=id={each},env={name}" for name, each in secrets.items()]
    argv += [f"--output=type=oci,dest={folder},tar=false,compression=uncompressed"]
    environment = {"SOURCE_DATE_EPOCH": str(EPOCH)}
    environment |= {"DOCKER_CONFIG": request.docker_config} if request.docker_config else {}
    values = {name: request.secrets[each] for name, each in secrets.items()}
    return BuildCommand(argv=(*argv, "-"), environment=environment, secrets=values)


def _cache_options(cache: LayerCache) -> list[str]:
    """Return where steps come from and go to: those of every stage, and a failure to write them is none of the build's.

    As an image manifest, since some registries take no other; zstd level 1, at a third of gzip's time.
    """
    kept = "mode=max,image-manifest=true,oci-mediatypes=true,compression=zstd,compression-level=1,ignore-error=true"
    options = [f"--cache-from=type=registry,ref={cache.read}"] if cache.read else []
    return options + ([f"--cache-to=type=registry,ref={cache.write},{kept}"] if cache.write else [])
