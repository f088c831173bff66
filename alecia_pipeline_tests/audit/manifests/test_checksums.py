"""Checksums against those that pnpm itself wrote; more of them are in pnpm_verdicts.json."""

import pytest

from alecia_pipeline.audit.manifests.checksums import file_agrees, value_agrees

HOOKS = b"module.exports = {}\n"


@pytest.mark.parametrize(
    "checksum",
    [
        "vu3m36kuevknlk2jrhyjclqd4a",
        "9eee0a2fa6d2bf1b01fd9ae6a92e0ad3b8f3b2e0b1dc5d1dd8e8a0d6de3c9f10",
        "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    ],
)
def test_another_content_has_another_checksum(checksum: str) -> None:
    assert not file_agrees(HOOKS, checksum)


def test_of_an_unknown_form_nothing_is_said() -> None:
    assert file_agrees(HOOKS, "blake3-x")
    assert value_agrees({"a": {}}, "blake3-x")


def test_windows_line_ends_do_not_count() -> None:
    checksum = "sha256-83GXrWIHSvGsEKzgqRmQaHtXE3Bl9lvjHeyDJxKArTo="
    assert file_agrees(b"a\nb\n", checksum) == file_agrees(b"a\r\nb\r\n", checksum)


def test_a_value_of_every_kind() -> None:
    value = {"a@1": {"peerDependenciesMeta": {"b": {"optional": True, "x": None, "n": 1.5}}}}
    assert not value_agrees(value, "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
    assert not value_agrees(value, "0" * 32)
