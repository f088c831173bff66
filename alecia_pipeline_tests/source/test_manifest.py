import pytest

from alecia_pipeline.errors import UsageError
from alecia_pipeline.source.manifest import MAX_BYTES, Manifest, parse_manifest, stated_name


def test_every_part_is_read() -> None:
    manifest = parse_manifest(
        b"""{"name": "@a/web", "version": "1.0.0", "packageManager": "pnpm@9.8.0",
        "dependencies": {"a": "^1"}, "devDependencies": {"a": "^2", "d": "1"}, "optionalDependencies": {"o": "1"},
        "peerDependencies": {"p": "1"}, "scripts": {"build": "x"}, "bin": "x.js", "exports": {".": "./x.js"},
        "imports": {"#x": "./x.js"}, "private": true}""",
        "apps/web/package.json",
    )
    assert (manifest.name, manifest.version, manifest.package_manager) == ("@a/web", "1.0.0", "pnpm@9.8.0")
    assert manifest.scripts == {"build": "x"}
    assert (manifest.bin, manifest.exports, manifest.imports) == ("x.js", {".": "./x.js"}, {"#x": "./x.js"})
    assert manifest.raw["private"] is True
    assert manifest.declared() == {"a": "^1", "d": "1", "o": "1", "p": "1"}
    assert manifest.declared("devDependencies", "peerDependencies") == {"a": "^2", "d": "1", "p": "1"}


def test_an_empty_one_declares_nothing() -> None:
    assert parse_manifest(b"{}", "package.json") == Manifest("package.json")


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"[]", "must be a JSON object"),
        (b'{"name": 1}', "name must be a string"),
        (b'{"dependencies": ["a"]}', "dependencies must be a mapping"),
        (b'{"devDependencies": {"a": 1}}', r"devDependencies\.a must be a string"),
        (b"{", "is not valid JSON"),
        (b"{}" + b" " * MAX_BYTES, "is too large for a manifest"),
    ],
)
def test_a_bad_one_is_one_clear_error(data: bytes, what: str) -> None:
    with pytest.raises(UsageError, match=what) as caught:
        parse_manifest(data, "p/package.json")
    assert (caught.value.where or "").startswith("p/package.json")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('{"name": "@a/web", "dependencies": {', "@a/web"),
        ('{"author": {"name": "Ann"}, "files": [{"name": "x"}], "name" : "web",}', "web"),
        ('{"description": "a \\"name\\": b {", "name": "web", ]', "web"),
        ('{\n<<<<<<< HEAD\n"name": "web",\n=======\n"name": "site",\n>>>>>>> b\n}', None),
        ('{\n<<<<<<< HEAD\n"version": "1",\n=======\n"version": "2",\n>>>>>>> b\n"name": "web"\n}', "web"),
        ('{"version: "1", "name": "web"}', None),
        ('{"name": 3}', None),
        ("", None),
        ("\udcff".encode(errors="surrogateescape").decode(errors="replace"), None),
    ],
)
def test_the_name_is_told_from_a_manifest_that_does_not_parse_where_it_is_clear(text: str, name: str | None) -> None:
    assert stated_name(text.encode()) == name
