"""Images of a repository's third-party services, for networks where no image hub answers.

`infrastructure/images/images.json` lists them: name, folder, build arguments, and the variable by which the
compose file takes the image. Each is built on the sandbox's base images and pushed as `<registry>/services/<name>`.
"""

import json
import shutil
import sys
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from alecia_pipeline.adapters.sandbox import assets, containers
from alecia_pipeline.adapters.sandbox.authority import Authority
from alecia_pipeline.adapters.sandbox.packages import Report
from alecia_pipeline.adapters.sandbox.registry import Registry
from alecia_pipeline.errors import OutsideError, UsageError

LIST = Path("infrastructure") / "images" / "images.json"
CADDY = "caddy"
PARALLEL = 2
"""Two builds at a time: one downloads while the other unpacks."""


class ServiceImage(BaseModel):
    """One entry of `images.json`; `env` is the compose variable that names the image."""

    model_config = ConfigDict(frozen=True)

    env: str
    name: str
    context: str
    args: dict[str, str] = {}


def read_list(path: Path) -> list[ServiceImage]:
    """Return the entries of an `images.json`. Raises UsageError where it is missing or malformed."""
    try:
        return TypeAdapter(list[ServiceImage]).validate_json(path.read_bytes())
    except FileNotFoundError as error:
        raise UsageError(
            "The repository describes no service images",
            where=str(path),
            why="the file is not there",
            fix="see examples/alepanel/infrastructure/images",
        ) from error
    except ValidationError as error:
        raise UsageError(
            "The list of service images cannot be read",
            where=str(path),
            why=str(error),
            fix="see examples/alepanel/infrastructure/images",
        ) from error


def caddy_binary() -> Path:
    """Return the `caddy` program that is installed with this project. Raises OutsideError if it is not."""
    beside = Path(sys.executable).with_name(CADDY)
    if beside.is_file():
        return beside
    raise OutsideError(
        "The caddy program is not installed",
        where=str(beside),
        why="the stand-in for Caddy's image is made from it",
        fix="make install",
    )


class ServiceImages:
    """Builds service images that the registry does not hold yet; their tags are digests of what they are made of."""

    def __init__(self, registry: Registry, authority: Authority, bases: Mapping[str, str]) -> None:
        self._registry = registry
        self._authority = authority
        self._bases = bases

    def ensure(self, repository: Path, report: Report) -> dict[str, str]:
        """Return each service's image by its variable: `{"REDIS_IMAGE": "<registry>/services/redis@sha256:…"}`.

        Raises UsageError where the repository has no list of them, OutsideError where a build fails.
        """
        path = repository / LIST
        images = read_list(path)
        with ThreadPoolExecutor(PARALLEL) as pool:
            references = pool.map(lambda image: self._ensure_one(image, path.parent, report), images)
            return {image.env: reference for image, reference in zip(images, references, strict=True)}

    def _ensure_one(self, image: ServiceImage, root: Path, report: Report) -> str:
        folder = root / image.context
        repository, tag = f"services/{image.name}", self._tag(image, folder)
        digest = self._registry.digest(repository, tag)
        if digest is None:
            report(f"building {repository}")
            local = f"{containers.LOCAL}/{repository}:{tag}"
            self._build(local, image, folder)
            digest = self._registry.push(local, repository, tag)
        return f"{self._registry.server}/{repository}@{digest}"

    def _tag(self, image: ServiceImage, folder: Path) -> str:
        parts: list[Path | str] = [folder, *self._bases.values(), json.dumps(image.args)]
        if image.name == CADDY:
            parts += [caddy_binary(), self._authority.certificate_file, assets.folder("services")]
        return assets.digest(*parts)

    def _build(self, local: str, image: ServiceImage, folder: Path) -> None:
        contexts = {name: f"docker-image://{base}" for name, base in self._bases.items()}
        if image.name != CADDY:
            containers.build(local, folder, folder / "Dockerfile", contexts=contexts, arguments=image.args)
            return
        with tempfile.TemporaryDirectory() as name:
            context = Path(name) / "context"
            shutil.copytree(folder, context)
            shutil.copy2(caddy_binary(), context / CADDY)
            containers.build(local, context, context / "Dockerfile", contexts=contexts, arguments=image.args)
        self._add_authority(local)

    def _add_authority(self, local: str) -> None:
        """Root Caddy's own authority in the sandbox's, so that one certificate file verifies every site."""
        recipe = assets.folder("services") / "caddy-authority.Dockerfile"
        with tempfile.TemporaryDirectory() as name:
            shutil.copy2(self._authority.certificate_file, Path(name) / "root.crt")
            shutil.copy2(self._authority.key_file, Path(name) / "root.key")
            containers.build(local, Path(name), recipe, contexts={"plain": f"docker-image://{local}"})
