import io
import json
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alecia_pipeline.images.dates import dated

EPOCH = 315532800
NAMES = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0/"), min_size=1, max_size=150)


def member(name: str, mtime: float = 0, **more: object) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.mtime = mtime
    for key, value in more.items():
        setattr(info, key, value)
    return info


def archive(members: dict[str, bytes], mtime: float, form: int = tarfile.PAX_FORMAT, **more: object) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as tar:
        for name, data in members.items():
            tar.addfile(member(name, mtime, size=len(data), **more), io.BytesIO(data))
    return out.getvalue()


def redated(data: bytes) -> bytes:
    return b"".join(dated(io.BytesIO(data), EPOCH))


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
def test_archives_that_differ_in_dates_become_equal(form: int) -> None:
    files = {"a": b"x" * 600, "b/c": b"", "d" * 90: b"y"}
    first, second = (redated(archive(files, mtime, form)) for mtime in (1_000_000_000, 1_700_000_000))
    assert first == second
    with tarfile.open(fileobj=io.BytesIO(first)) as tar:
        assert [(info.name, info.mtime, tar.extractfile(info).read()) for info in tar] == [  # type: ignore[union-attr]
            (name, EPOCH, data) for name, data in files.items()
        ]


def test_extended_headers_lose_their_dates_and_nothing_else() -> None:
    headers = {"mtime": "1700000000.5", "atime": "1", "SCHILY.xattr.user.a": "b\nc", "path": "long/" * 40}
    with tarfile.open(fileobj=io.BytesIO(redated(archive({"a": b"1"}, 5.5, pax_headers=headers)))) as tar:
        (info,) = tar
    assert info.pax_headers == {"SCHILY.xattr.user.a": "b\nc", "path": "long/" * 40}
    assert info.mtime == EPOCH


def test_an_extended_header_of_dates_alone_goes() -> None:
    assert redated(archive({"a": b"1"}, 5.5)) == redated(archive({"a": b"1"}, 5))


def test_links_folders_and_owners_stay() -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        tar.addfile(member("d", 9, type=tarfile.DIRTYPE, mode=0o755, uid=7, gname="g"))
        tar.addfile(member("l", 9, type=tarfile.SYMTYPE, linkname="../x"))
        tar.addfile(member("h", 9, type=tarfile.LNKTYPE, linkname="f"))
    with tarfile.open(fileobj=io.BytesIO(redated(out.getvalue()))) as tar:
        found = [(i.name, i.type, i.mode, i.uid, i.gname, i.linkname) for i in tar]
    assert found == [
        ("d", tarfile.DIRTYPE, 0o755, 7, "g", ""),
        ("l", tarfile.SYMTYPE, 0o644, 0, "", "../x"),
        ("h", tarfile.LNKTYPE, 0o644, 0, "", "f"),
    ]


def test_sizes_beyond_octal_digits_are_understood() -> None:
    header = bytearray(archive({"a": b"x" * 3}, 1)[:512])
    header[124:136] = b"\x80" + (3).to_bytes(11, "big")
    assert len(redated(bytes(header) + b"xxx".ljust(512, b"\0"))) == 2048


def test_a_size_in_an_extended_header_wins() -> None:
    data = archive({"a": b"x" * 700}, 1, pax_headers={"size": "700"})
    at = data.index(b"x" * 700) - 512
    cut = data[: at + 124] + b"00000000000\0" + data[at + 136 :]
    assert b"x" * 700 in redated(cut)


@pytest.mark.parametrize(
    "data",
    [
        b"x" * 100,
        archive({"a": b"x" * 600}, 1)[:1024],
        archive({"a": b""}, 1.5).replace(b"mtime=", b"mtime "),
        archive({"a": b""}, 1.5).replace(b"13 mtime", b"99 mtime"),
        archive({"a": b""}, 1.5).replace(b"13 mtime", b"xx mtime"),
    ],
)
def test_a_damaged_archive_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"damaged|midst"):
        redated(data)


@given(st.dictionaries(NAMES, st.binary(max_size=1500), max_size=5), st.integers(0, 2**33))
def test_contents_never_change(files: dict[str, bytes], mtime: int) -> None:
    again = redated(archive(files, mtime))
    assert redated(again) == again
    with tarfile.open(fileobj=io.BytesIO(again)) as tar:
        assert {i.name: tar.extractfile(i).read() for i in tar} == files  # type: ignore[union-attr]


MODULES = "layoutVersion: 5\nprunedAt: {}\nstoreDir: /pnpm/store/v3\n"
STATE = '{{"lastValidatedTimestamp":{},"projects":{{}}}}'


@pytest.mark.parametrize("folder", ["repo/node_modules", "long/" * 40 + "node_modules"])
@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT])
def test_the_time_of_an_install_goes_out_of_the_notes_of_pnpm(folder: str, form: int) -> None:
    if form == tarfile.USTAR_FORMAT and len(folder) > 200:
        folder = folder.removeprefix("long/" * 20)

    def layer(date: str, stamp: int) -> bytes:
        state = STATE.format(stamp).encode()
        notes = {
            ".modules.yaml": MODULES.format(date).encode(),
            ".pnpm-workspace-state.json": state,
            ".pnpm-workspace-state-v1.json": state,
        }
        return redated(archive({f"{folder}/{name}": data for name, data in notes.items()}, 5, form))

    first = layer("Sun, 22 Nov 2026 10:00:00 GMT", 1_795_341_600_123)
    assert first == layer("Tue, 01 Dec 2026 23:59:59 GMT", 1_796_169_599_999)
    with tarfile.open(fileobj=io.BytesIO(first)) as tar:
        contents = [tar.extractfile(info).read().decode() for info in tar]  # type: ignore[union-attr]
    assert contents[0] == MODULES.format("Tue, 01 Jan 1980 00:00:00 GMT")
    assert [json.loads(text)["lastValidatedTimestamp"] for text in contents[1:]] == [315532800000] * 2


def test_notes_in_json_are_known_too() -> None:
    note = b'{\n  "prunedAt": "Sun, 22 Nov 2026 10:00:00 GMT"\n}'
    changed = redated(archive({"node_modules/.modules.yaml": note}, 5))
    assert b'"prunedAt": "Tue, 01 Jan 1980 00:00:00 GMT"' in changed


@pytest.mark.parametrize("name", ["node_modules/a/modules.yaml", "src/.modules.yaml", "node_modules/.modules.yaml.bak"])
def test_other_files_keep_such_words(name: str) -> None:
    note = MODULES.format("Sun, 22 Nov 2026 10:00:00 GMT").encode()
    assert note in redated(archive({name: note}, 5))
