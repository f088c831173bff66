import json
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from alecia_pipeline.adapters.oci_layout import OciLayout
from alecia_pipeline.adapters.registry import Registry
from alecia_pipeline.adapters.registry_http import RegistryClient
from alecia_pipeline.config import Config
from alecia_pipeline.images.evidence import PROVENANCE_KIND, SBOM_KIND, read_bill, read_claims
from alecia_pipeline.images.reference import Repository as Place
from alecia_pipeline.operations.attaching import Pushed, attach_evidence, evidence_of, open_referrers
from alecia_pipeline.operations.planning import keyed_app, read_commit
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline_tests.conftest import Repository, git
from alecia_pipeline_tests.monorepo import mini
from alecia_pipeline_tests.oci_images import write_image
from alecia_pipeline_tests.registry_server import HOST, RegistryServer

CMS = Place(HOST, "mini/cms")
STARTED = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def image(server: RegistryServer, tmp_path: Path) -> str:
    archive = OciLayout(write_image(tmp_path / "image", b"base"))
    with Registry(RegistryClient(HOST, None, transport=httpx.WSGITransport(server))) as registry:
        registry.push(CMS, archive)
    return archive.digest


LOCKED = {"apps/cms", "packages/db"}


@pytest.mark.parametrize(
    ("config", "lockfile", "packages"),
    [("pruned", True, 2), ("full", True, 2), ("full", False, 0)],
)
def test_an_image_gets_its_evidence(
    repository: Repository, image: str, config: str, lockfile: bool, packages: int
) -> None:
    settings = f"apps: {{cms: {{dockerfile: apps/cms/Dockerfile, context: {config}}}}}\n"
    files = {name: data for name, data in mini({"alecia.yaml": settings}).items() if lockfile or "lock" not in name}
    repo = repository(files)
    git(repo, "remote", "add", "origin", "https://bot:s3cret@git.example/mini.git")
    runner = Runner(repo, Config(registry=f"{HOST}/mini"), lambda _: None)
    view = read_commit(runner, "HEAD")
    keyed = keyed_app(runner, view, view.app("cms"), None)
    with open_referrers(runner, f"{HOST}/mini") as referrers:
        pushed = Pushed(CMS, image, STARTED)
        digests = attach_evidence(evidence_of(runner, view, keyed, pushed), pushed, referrers)
        statement, bill = (referrers.attached(CMS, image, {kind})[0].content for kind in (PROVENANCE_KIND, SBOM_KIND))
    claims = read_claims([statement], image)
    assert claims.agrees
    assert (claims.commit, claims.app, claims.key) == (view.commit, "cms", keyed.key)
    assert b"https://git.example/mini.git" in statement
    assert b"s3cret" not in statement
    assert json.loads(statement)["predicate"]["runDetails"]["metadata"]["invocationId"].startswith("urn:uuid:")
    assert read_bill([bill], image).check.ok
    purls = [each["purl"] for each in json.loads(bill)["components"] if "purl" in each]
    assert len(purls) == packages
    assert len(set(digests)) == 2
