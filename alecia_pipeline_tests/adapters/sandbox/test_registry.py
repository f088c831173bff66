import base64
import json
from pathlib import Path

import bcrypt
import pytest

from alecia_pipeline.adapters.sandbox import registry
from alecia_pipeline.adapters.sandbox.authority import Authority
from alecia_pipeline.adapters.sandbox.registry import Registry
from alecia_pipeline.errors import OutsideError


@pytest.fixture
def trust(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "certs.d"
    monkeypatch.setattr(registry, "TRUSTED_BY_ENGINE", folder)
    return folder


def make(directory: Path, port: int = 5443) -> Registry:
    authority = Authority(directory)
    authority.ensure()
    return Registry(directory, "trial", port, authority)


def test_login_and_files_are_made_once_and_kept_private(tmp_path: Path, trust: Path) -> None:
    one = make(tmp_path / "state")
    one.ensure_files()
    login = one.login()
    one.ensure_files()
    assert make(tmp_path / "state").login() == login
    for path in (one.credentials_file, one.docker_config / "config.json"):
        assert path.stat().st_mode & 0o077 == 0
    assert login.password.reveal() not in repr(login)
    settings = json.loads((one.docker_config / "config.json").read_text())
    token = base64.b64decode(settings["auths"][one.server]["auth"]).decode()
    assert token == f"alecia:{login.password.reveal()}"


def test_another_port_keeps_the_password(tmp_path: Path, trust: Path) -> None:
    before = make(tmp_path / "state").login()
    moved = make(tmp_path / "state", port=6000)
    assert moved.login() == before
    assert json.loads(moved.credentials_file.read_text())["server"] == "ghcr.alecia.localhost:6000"


def test_the_password_file_holds_a_hash_and_keeps_it(tmp_path: Path, trust: Path) -> None:
    one = make(tmp_path / "state")
    line = one._htpasswd()
    assert one._htpasswd() == line
    user, _, digest = line.strip().partition(b":")
    assert user == b"alecia"
    assert bcrypt.checkpw(one.login().password.reveal().encode(), digest)


def test_the_users_own_plugins_are_still_found(tmp_path: Path, trust: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plugins = tmp_path / ".docker" / "cli-plugins"
    plugins.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(tmp_path))
    one = make(tmp_path / "state")
    one.ensure_files()
    settings = json.loads((one.docker_config / "config.json").read_text())
    assert settings["cliPluginsExtraDirs"] == [str(plugins)]


def test_the_engine_trusts_the_authority_until_told_otherwise(tmp_path: Path, trust: Path) -> None:
    one = make(tmp_path / "state")
    one.ensure_files()
    trusted = trust / one.server / "ca.crt"
    assert trusted.read_bytes() == (tmp_path / "state" / "ca.crt").read_bytes()
    one.untrust()
    assert not trusted.parent.exists()


def test_what_another_sandbox_trusts_is_left_alone(tmp_path: Path, trust: Path) -> None:
    first, second = make(tmp_path / "first"), make(tmp_path / "second")
    first.ensure_files()
    second.untrust()
    assert (trust / first.server / "ca.crt").is_file()


def test_without_rights_the_command_to_run_is_shown(
    tmp_path: Path, trust: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = make(tmp_path / "state")
    one.login()
    make_folder = Path.mkdir

    def refuse(path: Path, *args: object, **options: bool) -> None:
        if path.is_relative_to(trust):
            raise PermissionError
        make_folder(path, parents=options["parents"], exist_ok=options["exist_ok"])

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(OutsideError, match="does not trust") as caught:
        one.ensure_files()
    assert (caught.value.fix or "").startswith("sudo install -D -m 644")
