from pathlib import Path

import paramiko

from alecia_pipeline.adapters.sandbox.ssh_keys import KeyPair


def test_paramiko_reads_the_pair_and_agrees_on_the_fingerprint(tmp_path: Path) -> None:
    pair = KeyPair(tmp_path / "id")
    assert KeyPair(tmp_path / "id").fingerprint is None
    pair.ensure()
    read = paramiko.Ed25519Key.from_private_key_file(str(pair.private_file))
    assert pair.public == f"ssh-ed25519 {read.get_base64()}"
    assert pair.fingerprint == read.fingerprint
    assert pair.private_file.stat().st_mode & 0o777 == 0o600


def test_the_pair_is_made_once(tmp_path: Path) -> None:
    pair = KeyPair(tmp_path / "id")
    pair.ensure()
    first = pair.public
    pair.ensure()
    assert pair.public == first
