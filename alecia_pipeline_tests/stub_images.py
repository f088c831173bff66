"""Small images for tests of the rollout: built from the sandbox's base images, pushed to its registry."""

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from alecia_pipeline.adapters.sandbox.sandbox import Sandbox

SOURCES = Path(__file__).parent / "stub_app"


@dataclass(frozen=True)
class StubImages:
    """References by digest: an app in two versions, one that never becomes healthy, and Caddy."""

    first: str
    second: str
    sick: str
    caddy: str


def build_stub_images(sandbox: Sandbox, folder: Path) -> StubImages:
    """Build and push the images; unchanged ones come from the builder's cache."""
    shutil.copytree(SOURCES, folder, dirs_exist_ok=True)
    shutil.copy(Path(sys.executable).parent / "caddy", folder / "caddy")
    return StubImages(
        first=_build(sandbox, folder, "app:1", "Dockerfile", "VERSION=first"),
        second=_build(sandbox, folder, "app:2", "Dockerfile", "VERSION=second"),
        sick=_build(sandbox, folder, "app:3", "Dockerfile", "VERSION=sick", "FAIL=1"),
        caddy=_build(sandbox, folder, "caddy:1", "Caddy.Dockerfile"),
    )


def _build(sandbox: Sandbox, folder: Path, tag: str, dockerfile: str, *arguments: str) -> str:
    status = sandbox.status()
    name = f"{status.registry}/rollout-tests/{tag}"
    metadata = folder / "metadata.json"
    contexts = [f"--build-context={base}={place}" for base, place in sandbox.build_contexts().items()]
    subprocess.run(
        ["docker", "--config", str(status.docker_config), "buildx", "build", "--quiet", "--provenance=false", "--push",
         f"--tag={name}", f"--file={folder / dockerfile}", f"--metadata-file={metadata}", *contexts,
         *(f"--build-arg={argument}" for argument in arguments), str(folder)],
        check=True,
        capture_output=True,
    )  # fmt: skip
    digest = json.loads(metadata.read_text())["containerimage.digest"]
    return f"{name.rpartition(':')[0]}@{digest}"
