import base64
import json
from pathlib import Path
from typing import Any

import pytest

from alecia_pipeline.adapters.registry import stored_login
from alecia_pipeline.adapters.registry_login import Login, read_login
from alecia_pipeline.errors import UsageError
from alecia_pipeline.redaction import Secret

AUTH = base64.b64encode(b"bot:pass:word").decode()


def config(tmp_path: Path, content: Any) -> Path:
    path = tmp_path / "config.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_reads_what_docker_login_stored(tmp_path: Path) -> None:
    path = config(tmp_path, {"auths": {"ghcr.io": {"auth": AUTH}}})
    assert read_login(path, "ghcr.io") == Login("bot", Secret("pass:word"))


@pytest.mark.parametrize("content", [{}, {"auths": {"other": {}}}, {"auths": {"ghcr.io": {}}}, {"credsStore": "x"}])
def test_no_login_is_fine(tmp_path: Path, content: Any) -> None:
    assert read_login(config(tmp_path, content), "ghcr.io") is None


def test_no_configuration_is_fine(tmp_path: Path) -> None:
    assert read_login(tmp_path / "config.json", "ghcr.io") is None


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        {"auths": {"ghcr.io": {}}, "credsStore": "desktop"},
        {"credHelpers": {"ghcr.io": "pass"}},
        {"auths": {"ghcr.io": {"identitytoken": "x"}}},
        {"auths": {"ghcr.io": {"auth": "%%%"}}},
        {"auths": {"ghcr.io": {"auth": base64.b64encode(b"nocolon").decode()}}},
    ],
)
def test_what_cannot_be_read_says_what_to_do(tmp_path: Path, content: Any) -> None:
    with pytest.raises(UsageError) as caught:
        read_login(config(tmp_path, content), "ghcr.io")
    assert caught.value.fix is not None
    assert "docker login ghcr.io" in caught.value.fix


def test_a_login_prints_no_password() -> None:
    assert "pass:word" not in repr(Login("bot", Secret("pass:word"))) + repr(Login("bot", Secret("pass:word")).basic())


def test_the_folder_is_dockers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config(tmp_path, {"auths": {"ghcr.io": {"auth": AUTH}}})
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    assert stored_login("ghcr.io", None) == Login("bot", Secret("pass:word"))
    monkeypatch.delenv("DOCKER_CONFIG")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert stored_login("ghcr.io", None) is None
    assert stored_login("ghcr.io", tmp_path) == Login("bot", Secret("pass:word"))
