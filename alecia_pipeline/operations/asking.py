"""Which of a plan's images the registry has."""

import functools
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from alecia_pipeline.adapters.registry_http import ATTEMPTS, SilentRegistryError
from alecia_pipeline.images.ports import ImageRegistry
from alecia_pipeline.images.reference import image_repository, key_tag
from alecia_pipeline.operations.registries import open_registry
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.release.plan import Keyed, Known

QUESTIONS_AT_A_TIME = 8


@dataclass(frozen=True)
class Question:
    """The apps whose images are asked for in the registry `name`, and what is known of them before."""

    runner: Runner
    name: str
    keyed: Sequence[Keyed]
    known: Mapping[str, Known]

    def ask(self, registry: ImageRegistry | None) -> Mapping[str, Known]:
        """Ask for every image, patiently. Raises OutsideError when the registry refuses or is silent."""
        return self._ask(registry, ATTEMPTS)

    def ask_once(self, registry: ImageRegistry | None) -> Mapping[str, Known]:
        """Ask once; a registry that does not answer leaves the images unknown, which is logged."""
        try:
            return self._ask(registry, 1)
        except SilentRegistryError as error:
            self.runner.log(f"warning: {error.what}, so every image counts as unknown: {error.why}")
            unknown = f"{error.what}, so no image is known"
            return {name: replace(known, unknown=unknown) for name, known in self.known.items()}

    def _ask(self, registry: ImageRegistry | None, attempts: int) -> Mapping[str, Known]:
        if registry is None:
            with open_registry(self.runner, self.name, attempts) as opened:
                return self._ask(opened, attempts)
        with ThreadPoolExecutor(QUESTIONS_AT_A_TIME) as pool:
            images = pool.map(functools.partial(_image, registry, self.name), self.keyed)
        found = {app.app.name: image for app, image in zip(self.keyed, images, strict=True)}
        told = {name: replace(self.known[name], image=image, unknown=None) for name, image in found.items()}
        return {**self.known, **told}


def _image(registry: ImageRegistry, name: str, keyed: Keyed) -> str | None:
    repository = image_repository(name, keyed.app.name)
    digest = registry.digest(repository, key_tag(keyed.key))
    return repository.at(digest) if digest else None
