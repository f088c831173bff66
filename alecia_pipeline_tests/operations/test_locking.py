from pathlib import Path

import pytest

from alecia_pipeline.config import BuilderConfig, Config, parse_config
from alecia_pipeline.errors import OutsideError
from alecia_pipeline.operations.locking import lock_bases
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.source.base_lock import parse_base_lock
from alecia_pipeline_tests.conftest import Repository
from alecia_pipeline_tests.monorepo import mini
from alecia_pipeline_tests.registry_server import HOST, RegistryServer, digest_of

OLD = "sha256:" + "0" * 64


@pytest.fixture
def server(server: RegistryServer, monkeypatch: pytest.MonkeyPatch) -> RegistryServer:
    """A registry that answers for every host, and a builder of a known version."""
    monkeypatch.setattr("alecia_pipeline.operations.locking.builder_version", lambda _: "docker 26.1.5")
    return server


def repo_of(repository: Repository, cms: str, lock: str | None = None) -> Path:
    website = {"apps/website/Dockerfile": "FROM scratch\n"}
    return repository(mini({"apps/cms/Dockerfile": cms, "alecia.lock": lock, **website}))


def locked(folder: Path) -> dict[str, str]:
    return dict(parse_base_lock((folder / "alecia.lock").read_bytes()).images)


def test_tags_get_the_digests_of_today(repository: Repository, server: RegistryServer) -> None:
    server.manifests["library/node", "20"] = b"node"
    server.manifests["acme/base", "latest"] = b"base"
    copies = f"COPY --from=x@{OLD} / /\nCOPY --from=a / /\n"
    folder = repo_of(repository, f"FROM node:20 AS a\nFROM ghcr.io/acme/base\n{copies}")
    change = lock_bases(Runner(folder, Config(), print), update=False)
    assert locked(folder) == {"node:20": digest_of(b"node"), "ghcr.io/acme/base": digest_of(b"base")}
    assert list(change.lines()) == [
        f"ghcr.io/acme/base: not pinned → {digest_of(b'base')}",
        f"node:20: not pinned → {digest_of(b'node')}",
        "builder: not pinned → docker 26.1.5",
    ]


@pytest.mark.parametrize(("update", "digest"), [(False, OLD), (True, digest_of(b"node"))])
def test_what_is_pinned_moves_only_on_request(
    repository: Repository, server: RegistryServer, update: bool, digest: str
) -> None:
    server.manifests["library/node", "20"] = b"node"
    lock = f"version: 1\nbuilder: docker 25\nimages:\n  node:20: {OLD}\n  gone:1: {OLD}\n"
    folder = repo_of(repository, "FROM node:20\n", lock)
    lines = list(lock_bases(Runner(folder, Config(), print), update=update).lines())
    assert locked(folder) == {"node:20": digest}
    assert f"gone:1: {OLD} → no longer used" in lines
    assert ("builder: docker 25 → docker 26.1.5" in lines) == update


def test_a_second_time_nothing_changes_and_no_registry_is_asked(repository: Repository, server: RegistryServer) -> None:
    server.manifests["library/node", "20"] = b"node"
    runner = Runner(repo_of(repository, "FROM node:20\n"), Config(), print)
    lock_bases(runner, update=False)
    asked = len(server.requests)
    assert list(lock_bases(runner, update=False).lines()) == []
    assert len(server.requests) == asked


def test_stand_ins_and_arguments_of_environments_count(repository: Repository, server: RegistryServer) -> None:
    server.manifests["base/node", "20"] = b"stand-in"
    server.manifests["library/node", "22"] = b"other"
    text = """
environments:
  live:
    domain: a.example
    caddyfile: Caddyfile
    hosts: [{address: a, user: u, identity_file: k, host_key: "SHA256:%s"}]
    build_args: {cms: {VERSION: "22"}}
"""
    config = parse_config((text % ("A" * 43)).encode())
    stand_in = BuilderConfig(contexts={"node:20": f"docker-image://{HOST}/base/node:20"})
    folder = repo_of(repository, "ARG VERSION=20\nFROM node:$VERSION\n")
    lock_bases(Runner(folder, config.model_copy(update={"builder": stand_in}), print), update=False)
    assert locked(folder) == {"node:20": digest_of(b"stand-in"), "node:22": digest_of(b"other")}


def test_a_file_that_is_not_valid_is_written_anew(repository: Repository, server: RegistryServer) -> None:
    server.manifests["library/node", "20"] = b"node"
    folder = repo_of(repository, "FROM node:20\n", "images: [")
    lock_bases(Runner(folder, Config(), print), update=False)
    assert locked(folder) == {"node:20": digest_of(b"node")}


def test_an_image_that_is_not_there_writes_nothing(repository: Repository, server: RegistryServer) -> None:
    folder = repo_of(repository, "FROM node:99\n")
    with pytest.raises(OutsideError, match="no image node:99"):
        lock_bases(Runner(folder, Config(), print), update=False)
    assert not (folder / "alecia.lock").exists()
