"""Where a build finds the steps of others. Nothing here may make it fail."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from alecia_pipeline.adapters.registry import Registry
from alecia_pipeline.adapters.registry_http import RegistryClient
from alecia_pipeline.config import BuilderConfig, Config
from alecia_pipeline.errors import OutsideError, ReleaseFailedError
from alecia_pipeline.images.cache import cache_tag
from alecia_pipeline.images.cache_records import READABLE, records_of, shortened
from alecia_pipeline.images.command import NO_CACHE, LayerCache
from alecia_pipeline.images.reference import image_repository
from alecia_pipeline.operations.layer_cache import layer_cache
from alecia_pipeline.operations.planning import CommitView, keyed_app, read_commit
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.operations.workshop import Made, Workshop
from alecia_pipeline.release.plan import Keyed
from alecia_pipeline_tests.conftest import Repository
from alecia_pipeline_tests.images.test_cache_records import manifest_of, served
from alecia_pipeline_tests.monorepo import mini
from alecia_pipeline_tests.operations.test_building import LocalBuilder
from alecia_pipeline_tests.registry_server import HOST, RegistryServer

PLACE = image_repository(f"{HOST}/mini", "cms")
LOST = ReleaseFailedError("the build of cms failed", why="ERROR: could not fetch content descriptor: not found")
BROKEN = ReleaseFailedError(
    "the build of cms failed", why='process "/bin/sh -c tsup" did not complete successfully: exit code: 1'
)


@pytest.fixture
def server() -> RegistryServer:
    return RegistryServer()


@pytest.fixture
def registry(server: RegistryServer) -> Iterator[Registry]:
    client = RegistryClient(HOST, None, transport=httpx.WSGITransport(server), pause=lambda _: None)
    with Registry(client) as connected:
        yield connected


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def runner(repository: Repository, lines: list[str]) -> Runner:
    return Runner(repository(mini()), Config(registry=f"{HOST}/mini"), lines.append)


@pytest.fixture
def view(runner: Runner) -> CommitView:
    return read_commit(runner, "HEAD")


@pytest.fixture
def keyed(runner: Runner, view: CommitView) -> Keyed:
    return keyed_app(runner, view, view.app("cms"), None)


def reference(keyed: Keyed) -> str:
    return f"{PLACE}:{cache_tag(keyed.context, keyed.fields)}"


def test_the_first_writes_it_and_the_others_read_it(
    runner: Runner, keyed: Keyed, server: RegistryServer, registry: Registry
) -> None:
    builder = LocalBuilder()
    assert layer_cache(runner, keyed, PLACE, builder, registry) == LayerCache(write=reference(keyed))
    server.manifests[PLACE.name, reference(keyed).rpartition(":")[2]] = b"a cache"
    assert layer_cache(runner, keyed, PLACE, builder, registry) == LayerCache(read=reference(keyed))


def test_records_that_are_too_many_to_read_are_cut(
    runner: Runner, keyed: Keyed, server: RegistryServer, registry: Registry, lines: list[str]
) -> None:
    tag = reference(keyed).rpartition(":")[2]
    for builds in (1, 4_000):
        records = registry.put_blob(PLACE, served(builds))
        server.manifests[PLACE.name, tag] = manifest_of(records)
        assert layer_cache(runner, keyed, PLACE, LocalBuilder(), registry) == LayerCache(read=reference(keyed))
    assert lines == ["cms | the layer cache had more records than BuildKit reads: cut to those of use"]
    cut = registry.manifest(PLACE, tag)
    found = records_of(cut.data) if cut else None
    assert found
    assert registry.blob(PLACE, found.digest) == shortened(served(4_000)) == shortened(served(1))


def test_records_of_another_form_stay(
    runner: Runner, keyed: Keyed, server: RegistryServer, registry: Registry, lines: list[str]
) -> None:
    tag = reference(keyed).rpartition(":")[2]
    manifest = manifest_of(registry.put_blob(PLACE, b" " * (READABLE + 1)))
    server.manifests[PLACE.name, tag] = manifest
    assert layer_cache(runner, keyed, PLACE, LocalBuilder(), registry) == LayerCache(read=reference(keyed))
    assert server.manifests[PLACE.name, tag] == manifest
    assert lines == []


def test_it_can_be_left_out(runner: Runner, keyed: Keyed, server: RegistryServer, registry: Registry) -> None:
    without = runner.config.model_copy(update={"builder": BuilderConfig(cache="none")})
    other = Runner(runner.repo, without, runner.sink)
    assert layer_cache(other, keyed, PLACE, LocalBuilder(), registry) == NO_CACHE
    assert server.requests == []


def test_a_builder_that_cannot_write_one_reads_it(
    runner: Runner, keyed: Keyed, server: RegistryServer, registry: Registry, lines: list[str]
) -> None:
    builder = LocalBuilder()
    builder.refusal = "it is too old"
    assert layer_cache(runner, keyed, PLACE, builder, registry) == NO_CACHE
    assert lines == ["cms | no layer cache is written to the registry: it is too old"]
    server.manifests[PLACE.name, reference(keyed).rpartition(":")[2]] = b"a cache"
    assert layer_cache(runner, keyed, PLACE, builder, registry) == LayerCache(read=reference(keyed))


def test_a_registry_that_refuses_leaves_the_build_alone(
    runner: Runner, keyed: Keyed, server: RegistryServer, registry: Registry, lines: list[str]
) -> None:
    server.scheme = "basic"
    assert layer_cache(runner, keyed, PLACE, LocalBuilder(), registry) == NO_CACHE
    assert [line.startswith("cms | warning: built without the layer cache: ") for line in lines] == [True]


class FailingBuilder(LocalBuilder):
    """Fails builds of cms as told, one after the other; `said`: what each was told of the layer cache."""

    def __init__(self, *errors: Exception) -> None:
        super().__init__(self._fail)
        self.errors = list(errors)
        self.said: list[str] = []

    def _fail(self, label: str) -> None:
        if label == "cms":
            self.said.append(" ".join(word for word in self.commands[label].argv if word.startswith("--cache-")))
            if self.errors:
                raise self.errors.pop(0)


Make = Callable[[LocalBuilder], Made]


@pytest.fixture
def make(runner: Runner, view: CommitView, keyed: Keyed, tmp_path: Path) -> Make:
    """Return what builds cms with a layer cache to read."""
    cache = LayerCache(read="r/cms:cache-1")
    return lambda builder: Workshop(runner, view, builder).make(keyed, {}, tmp_path, cache=cache)


def test_a_cache_that_lost_a_layer_is_done_without_and_written_anew(make: Make, lines: list[str]) -> None:
    builder = FailingBuilder(LOST)
    make(builder)
    first, second = builder.said
    assert first == "--cache-from=type=registry,ref=r/cms:cache-1"
    assert second.startswith("--cache-to=type=registry,ref=r/cms:cache-1,mode=max,")
    assert "cms | warning: the build is done again, without the layers of r/cms:cache-1" in lines


def test_a_builder_that_cannot_mend_it_builds_without(make: Make) -> None:
    builder = FailingBuilder(LOST)
    builder.refusal = "it is too old"
    make(builder)
    assert builder.said[1:] == [""]


@pytest.mark.parametrize("error", [BROKEN, OutsideError("there is no Docker engine to build with")])
def test_what_no_cache_can_have_caused_fails_at_once(make: Make, error: Exception) -> None:
    builder = FailingBuilder(error)
    with pytest.raises(type(error)):
        make(builder)
    assert len(builder.said) == 1


def test_the_second_failure_is_the_builds_own(make: Make) -> None:
    with pytest.raises(ReleaseFailedError) as caught:
        make(FailingBuilder(LOST, BROKEN))
    assert caught.value is BROKEN
