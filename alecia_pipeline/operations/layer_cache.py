"""The layer cache in the registry: an empty builder finds there what others have installed."""

from alecia_pipeline.errors import OutsideError
from alecia_pipeline.images.cache import cache_tag
from alecia_pipeline.images.cache_records import READABLE, records_of, shortened, with_records
from alecia_pipeline.images.command import NO_CACHE, LayerCache
from alecia_pipeline.images.ports import Builder, ImageRegistry, Manifest
from alecia_pipeline.images.reference import Repository
from alecia_pipeline.operations.registries import docker_config
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.release.plan import Keyed


def layer_cache(
    runner: Runner, keyed: Keyed, repository: Repository, builder: Builder, registry: ImageRegistry
) -> LayerCache:
    """Return what a build of an app reads, or, where its cache is not there yet, writes. Never a reason to fail."""
    if runner.config.builder.cache == "none":
        return NO_CACHE
    tag = cache_tag(keyed.context, keyed.fields)
    try:
        there = registry.manifest(repository, tag)
        if there and _cut(repository, tag, there, registry):
            runner.log(f"{keyed.app.name} | the layer cache had more records than BuildKit reads: cut to those of use")
    except OutsideError as error:
        runner.log(f"{keyed.app.name} | warning: built without the layer cache: {error.what}: {error.why}")
        return NO_CACHE
    reference = f"{repository}:{tag}"
    return LayerCache(read=reference) if there else written_cache(runner, keyed.app.name, reference, builder)


def _cut(repository: Repository, tag: str, manifest: Manifest, registry: ImageRegistry) -> bool:
    """Cut the records of a cache that has more than BuildKit reads; return whether there was something to cut."""
    long = records_of(manifest.data)
    if long is None or long.size <= READABLE:
        return False
    short = shortened(registry.blob(repository, long.digest))
    if short is None or len(short) >= long.size:
        return False
    records = registry.put_blob(repository, short)
    registry.put_manifest(repository, tag, with_records(manifest.data, records), manifest.media_type)
    return True


def written_cache(runner: Runner, label: str, reference: str, builder: Builder) -> LayerCache:
    """Return the cache that a build writes; none, which is logged, where the builder cannot. Every builder reads."""
    logins = docker_config(runner)
    refused = builder.refuses_cache(runner.config.builder.name, str(logins) if logins else None)
    if refused:
        runner.log(f"{label} | no layer cache is written to the registry: {refused}")
        return NO_CACHE
    return LayerCache(write=reference)
