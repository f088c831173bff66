from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alecia_pipeline.errors import UsageError
from alecia_pipeline.source import lock_blocks
from alecia_pipeline.source.lock_blocks import LockBlocks
from alecia_pipeline.source.yaml_document import load_yaml
from alecia_pipeline_tests.monorepo import LOCKFILE

SAMPLE = (Path(__file__).parents[2] / "examples" / "alepanel" / "pnpm-lock.yaml").read_text()


def load(blocks: LockBlocks, text: str) -> object:
    return blocks.load(text.encode(), "pnpm-lock.yaml")


def whole(text: str) -> object:
    return load_yaml(text.encode(), "pnpm-lock.yaml")


@pytest.mark.parametrize("text", [SAMPLE, LOCKFILE, "lockfileVersion: '9.0'\n", ""])
def test_the_values_are_those_of_the_whole_file(text: str) -> None:
    blocks = LockBlocks()
    assert load(blocks, text) == whole(text)
    assert load(blocks, text) == whole(text)


def test_the_order_of_the_file_is_kept() -> None:
    found = load(LockBlocks(), SAMPLE)
    expected = whole(SAMPLE)
    assert isinstance(found, dict)
    assert isinstance(expected, dict)
    assert [list(found), *map(list, (found["packages"], found["importers"]))] == [
        list(expected),
        *map(list, (expected["packages"], expected["importers"])),
    ]


def test_only_new_blocks_are_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = LockBlocks()
    load(blocks, LOCKFILE)
    parsed: list[str] = []

    def spied(data: bytes, path: str) -> object:
        parsed.append(data.decode())
        return load_yaml(data, path)

    monkeypatch.setattr(lock_blocks, "load_yaml", spied)
    after = LOCKFILE.replace("sha512-react", "sha512-other")
    assert load(blocks, after) == whole(after)
    assert [text for text in parsed if "sha512" in text] == [
        "  react@19.0.0:\n    resolution: {integrity: sha512-other}\n"
    ]


UNUSUAL = {
    "comment": LOCKFILE.replace("packages:\n", "# merged\npackages:\n"),
    "two documents": f"a: 1\n---\n{LOCKFILE}",
    "alias": LOCKFILE.replace("{integrity: sha512-pg}", "&pg {integrity: x}").replace(
        "{integrity: sha512-react}", "*pg"
    ),
    "carriage returns": LOCKFILE.replace("\n", "\r\n"),
    "merge key": LOCKFILE.replace("resolution: {integrity: sha512-pg}", "<<: {integrity: x}"),
    "quoted key": LOCKFILE.replace("  pg@8.0.0:", '  "pg@8.0.0":'),
    "text over lines": LOCKFILE.replace("{integrity: sha512-pg}", '"a\n\n  b: c"'),
    "flow section": LOCKFILE.replace("snapshots:\n", "settings2: {}\n\nsnapshots:\n"),
    "no blank lines": LOCKFILE.replace("\n\n", "\n"),
}


@pytest.mark.parametrize("name", UNUSUAL)
def test_what_pnpm_does_not_write_is_read_as_a_whole(name: str) -> None:
    blocks = LockBlocks()
    load(blocks, LOCKFILE)
    assert load(blocks, UNUSUAL[name]) == whole(UNUSUAL[name])


BROKEN = {
    "a block twice": LOCKFILE.replace("snapshots:\n\n", "snapshots:\n\n  pg@8.0.0: {}\n\n"),
    "a section twice": f"{LOCKFILE}\nsettings:\n  autoInstallPeers: true\n",
    "another block of the same key": LOCKFILE.replace(
        "snapshots:\n\n", "snapshots:\n\n  pg@8.0.0: {optional: true}\n\n"
    ),
    "conflict": LOCKFILE.replace("snapshots:\n", "<<<<<<< HEAD\nsnapshots:\n"),
    "text without an end": LOCKFILE.replace("{integrity: sha512-pg}", '"open'),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_fails_as_the_whole_does(name: str) -> None:
    blocks = LockBlocks()
    load(blocks, LOCKFILE)
    with pytest.raises(UsageError) as expected:
        whole(BROKEN[name])
    with pytest.raises(UsageError) as caught:
        load(blocks, BROKEN[name])
    assert (caught.value.where, caught.value.why) == (expected.value.where, expected.value.why)


@given(st.lists(st.sampled_from(LOCKFILE.splitlines(keepends=True)), max_size=30))
def test_lines_in_any_order_are_read_alike(lines: list[str]) -> None:
    blocks = LockBlocks()
    load(blocks, LOCKFILE)
    text = "".join(lines)
    try:
        expected = whole(text)
    except UsageError:
        with pytest.raises(UsageError):
            load(blocks, text)
    else:
        assert load(blocks, text) == expected


def test_a_full_memory_forgets_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock_blocks, "BLOCKS_KEPT", 3)
    blocks = LockBlocks()
    for integrity in "abc":
        text = LOCKFILE.replace("sha512-react", integrity)
        assert load(blocks, text) == whole(text)


def test_notes_teach_another_process_what_this_one_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    data = LOCKFILE.encode()
    first = LockBlocks()
    document = first.load(data, "lock")
    second = LockBlocks()
    second.learn(data, "lock", first.notes(data, "lock"))
    parsed: list[bytes] = []

    def watched(text: bytes, path: str) -> object:
        parsed.append(text)
        return load_yaml(text, path)

    monkeypatch.setattr("alecia_pipeline.source.lock_blocks.load_yaml", watched)
    assert second.load(data, "lock") == document
    assert not any(b"resolution" in text for text in parsed)


@pytest.mark.parametrize("notes", [b"", b"[]", b'[["a", {}]]'])
def test_notes_of_another_lockfile_teach_nothing(notes: bytes) -> None:
    blocks = LockBlocks()
    blocks.learn(LOCKFILE.encode(), "lock", notes)
    assert blocks.load(LOCKFILE.encode(), "lock") == load_yaml(LOCKFILE.encode(), "lock")


def test_of_an_unusual_lockfile_there_are_no_notes() -> None:
    blocks = LockBlocks()
    data = b"# a comment\n" + LOCKFILE.encode()
    blocks.load(data, "lock")
    assert blocks.notes(data, "lock") == b""
