from pathlib import Path

import pytest

from alecia_pipeline.adapters.sandbox import services
from alecia_pipeline.adapters.sandbox.services import ServiceImage
from alecia_pipeline.errors import OutsideError, UsageError


def test_the_list_is_read_with_arguments_and_unknown_notes(tmp_path: Path) -> None:
    path = tmp_path / "images.json"
    path.write_text('[{"env": "A", "name": "a", "context": "x", "needs": "a note", "args": {"PORT": "80"}}]')
    assert services.read_list(path) == [ServiceImage(env="A", name="a", context="x", args={"PORT": "80"})]


def test_a_missing_list_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="describes no service images"):
        services.read_list(tmp_path / "images.json")


@pytest.mark.parametrize("text", ["{", '{"a": 1}', '[{"env": "A"}]'])
def test_a_malformed_list_is_a_usage_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "images.json"
    path.write_text(text)
    with pytest.raises(UsageError, match="cannot be read") as caught:
        services.read_list(path)
    assert caught.value.where == str(path)


def test_caddy_is_the_one_installed_with_the_project() -> None:
    assert services.caddy_binary().is_file()


def test_a_missing_caddy_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    with pytest.raises(OutsideError, match="caddy program"):
        services.caddy_binary()
