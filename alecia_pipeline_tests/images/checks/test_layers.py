import io
import tarfile

import pytest

from alecia_pipeline.images.checks import layers
from alecia_pipeline.images.checks.layers import Contents, Sighting
from alecia_pipeline.images.checks.needles import KnownSecrets, Needles, needles
from alecia_pipeline.redaction import Secret

KEY = "-----BEGIN PRIVATE KEY-----\n" + "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7" + "\n"
TOKEN = "AKIAZ2Y3X4W5V6U7T8S9"
VALUE = "5f2a9c7d1e3b8a604c1d"


def archive(files: dict[str, str], links: dict[str, str] | None = None, folders: tuple[str, ...] = ()) -> io.BytesIO:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as made:
        for name in folders:
            header = tarfile.TarInfo(name)
            header.type = tarfile.DIRTYPE
            made.addfile(header)
        for name, text in files.items():
            header = tarfile.TarInfo(name)
            header.size = len(text.encode())
            made.addfile(header, io.BytesIO(text.encode()))
        for name, target in (links or {}).items():
            header = tarfile.TarInfo(name)
            header.type, header.linkname = tarfile.SYMTYPE, target
            made.addfile(header)
    out.seek(0)
    return out


def contents(
    *stack: io.BytesIO, sought: Needles | None = None, first: int = 1, pardoned: tuple[str, ...] = ()
) -> Contents:
    found = Contents(pardoned=pardoned)
    for number, layer in enumerate(stack, start=first):
        found.add(number, layer, sought or Needles())
    return found


def seen(files: dict[str, str], sought: Needles | None = None) -> list[tuple[str, str]]:
    return [(each.path, each.what) for each in contents(archive(files), sought=sought).sightings]


def test_a_secret_of_a_deleted_file_is_seen() -> None:
    found = contents(archive({"app/.env": f"\nAPI_KEY={VALUE}\n"}), archive({"app/.wh..env": ""}), first=3)
    assert found.sightings == [Sighting(3, "app/.env", "API_KEY stands here in clear", 2)]
    assert found.files == {}


def test_files_links_and_folders_of_the_final_image() -> None:
    found = contents(
        archive({"./a/one": "", "a/two": "", "b/three": "", "c/four": ""}, {"l": "a/one"}, ("a/",)),
        archive({"a/.wh.one": "", "b/.wh..wh..opq": "", "b/new": "", ".wh.c": ""}),
    )
    assert found.files == {"a": None, "a/two": None, "l": "a/one", "b/new": None}


def test_a_layer_may_empty_the_whole_image() -> None:
    assert contents(archive({"a/b": ""}), archive({".wh..wh..opq": "", "c": ""})).files == {"c": None}


@pytest.mark.parametrize(
    ("path", "text", "what"),
    [
        ("app/dist/.env", f"API_KEY={VALUE}", "API_KEY stands here in clear"),
        ("app/tls/site.key", KEY, "this is a private key"),
        ("app/server.js", f"const key = `{KEY}`", "this holds a private key"),
        ("app/config.json", f'{{"id": "{TOKEN}"}}', "this holds a token"),
        ("app/package.json", f'{{"id": "{TOKEN}"}}', "this holds a token"),
        ("app/node_modules/@x/db/.env", f"API_KEY={VALUE}", "API_KEY stands here in clear"),
        ("app/credentials.json", f'{{"id": "{TOKEN}"}}', "this holds a token"),
        ("app/.env", f"id: {TOKEN}", "this holds a token"),
    ],
)
def test_secrets_by_their_form(path: str, text: str, what: str) -> None:
    assert seen({path: text}) == [(path, what)]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("app/.env.example", f"API_KEY={VALUE}"),
        ("app/.env.dist", f"API_KEY={VALUE}"),
        ("app/test/site.key", "-----BEGIN PRIVATE KEY-----\n"),
        ("app/node_modules/tls/server.key", KEY),
        ("app/node_modules/aws/index.js", f"// {TOKEN}"),
        ("app/server.js", 'if (text === "-----BEGIN PRIVATE KEY-----") {}'),
    ],
)
def test_what_is_no_secret(path: str, text: str) -> None:
    assert seen({path: text}) == []


def test_known_values_are_found_everywhere_and_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layers, "PIECE", 512)
    sought = needles(KnownSecrets(others=(("the environment variable T", Secret(VALUE)),)))
    path = "app/node_modules/x/index.js"
    assert seen({path: "." * 1000 + VALUE + "." * 1000 + VALUE}, sought) == [
        (path, "the value of the environment variable T stands here")
    ]


def test_next_js_may_have_a_build_secret_as_its_key_and_no_other() -> None:
    manifest = {"app/.next/server/server-reference-manifest.json": f'{{"encryptionKey": "{VALUE}"}}'}
    for_build = needles(KnownSecrets(build={"the build secret next_key": Secret(VALUE)}))
    found = contents(archive(manifest), sought=for_build)
    assert (found.sightings, found.next_keys) == ([], set(manifest))
    shared = needles(KnownSecrets(others=(("the environment variable AUTH_SECRET", Secret(VALUE)),)))
    assert [what for _, what in seen(manifest, shared)] == [
        "the value of the environment variable AUTH_SECRET stands here"
    ]
    assert [what for _, what in seen({"app/server.js": VALUE}, for_build)] == [
        "the value of the build secret next_key stands here"
    ]


def test_the_keys_that_next_js_makes_are_named_where_it_writes_them() -> None:
    files = {
        "app/.next/prerender-manifest.json": '{"preview":{"previewModeEncryptionKey":"9f8e7d6c"}}',
        "app/.next/server/server-reference-manifest.js": 'self.M="{\\"encryptionKey\\": \\"k3\\"}"',
        "app/.next/routes-manifest.json": "{}",
    }
    assert contents(archive(files)).next_keys == set(list(files)[:2])


def test_small_files_that_checks_read_are_kept() -> None:
    found = contents(
        archive({"app/package.json": "{}", "app/node_modules/x/package.json": "{}", "etc/passwd": "a:x:0"})
    )
    assert found.texts == {"app/package.json": b"{}", "etc/passwd": b"a:x:0"}


def test_a_large_file_is_searched_and_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layers, "MAX_BYTES", 10)
    files = {"app/package.json": f'{{"id": "{TOKEN}"}}', "app/.env": f"API_KEY={VALUE}", "app/all.pem": KEY}
    found = contents(archive(files))
    assert found.texts == {}
    assert [each.what for each in found.sightings] == ["this holds a token", "this holds a private key"]


def test_many_sightings_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layers, "MAX_SIGHTINGS", 2)
    assert len(seen({f"{number}.js": f" {TOKEN} {TOKEN}" for number in range(5)})) == 2


def test_pardoned_files_are_no_sightings_however_many_they_are() -> None:
    keys = {f"app/keys/{number}.pem": KEY for number in range(layers.MAX_SIGHTINGS + 10)}
    stack = archive({**keys, "app/keys/.env": f"API_KEY={VALUE}\n", "app/prod.pem": KEY})
    found = contents(stack, pardoned=("app/keys/*.pem", "app/keys/**"))
    # A star stands for no dot at the beginning of a name.
    assert [each.path for each in found.sightings] == ["app/keys/.env", "app/prod.pem"]


def test_what_is_no_archive_is_an_error() -> None:
    with pytest.raises(tarfile.TarError):
        contents(io.BytesIO(b"no archive" * 100))
