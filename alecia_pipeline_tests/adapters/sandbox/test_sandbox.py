import json
from pathlib import Path

import pytest

from alecia_pipeline.adapters.sandbox.sandbox import Sandbox
from alecia_pipeline.errors import OutsideError

CONTRACT = {
    "schema",
    "running",
    "domain",
    "https_port",
    "ssh_port",
    "ca_file",
    "registry",
    "vps_container",
    "ui_command",
}


def test_before_the_first_up_the_status_is_complete_and_not_running(tmp_path: Path) -> None:
    status = Sandbox(tmp_path / "state", "trial").status()
    document = json.loads(status.model_dump_json(by_alias=True))
    assert set(document) >= CONTRACT
    assert (document["schema"], document["running"], document["domain"]) == (1, False, "alecia.localhost")
    assert document["host_key_fingerprint"] is None
    assert not (tmp_path / "state").exists()


def test_before_the_first_up_there_is_nothing_to_build_on(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path / "state", "trial")
    for use in (sandbox.build_contexts, lambda: sandbox.build_service_images(tmp_path, print)):
        with pytest.raises(OutsideError, match="no base images yet") as caught:
            use()
        assert caught.value.fix == "alecia sandbox up"


def test_resetting_what_never_was_does_nothing(tmp_path: Path) -> None:
    said: list[str] = []
    Sandbox(tmp_path / "state", "trial").reset(said.append)
    assert said == []
