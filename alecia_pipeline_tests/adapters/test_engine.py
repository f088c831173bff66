"""The engine through its SDK; with a real engine it is tested in defs/test_lockfile_offer.py."""

import pytest

from alecia_pipeline.adapters.engine import ensure_image, remove_labelled
from alecia_pipeline.errors import OutsideError


def test_an_engine_that_is_not_there_is_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "nowhere://engine")
    with pytest.raises(OutsideError, match="the Docker engine refuses") as caught:
        ensure_image("node:20-alpine", None)
    assert caught.value.where == "node:20-alpine"
    assert "alecia doctor" in (caught.value.fix or "")
    with pytest.raises(OutsideError):
        remove_labelled("a=b")
