import pytest

from alecia_pipeline.audit.resolution.specifier import parse_specifier, types_package


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        ("./a", "relative", None),
        ("..", "relative", None),
        ("fs/promises", "builtin", None),
        ("node:test", "builtin", None),
        ("react", "package", "react"),
        ("react/jsx-runtime", "package", "react"),
        ("@scope/name/deep/file.js", "package", "@scope/name"),
        ("#internal", "imports", None),
        ("virtual:pwa", "other", None),
        ("https://esm.sh/react", "other", None),
        ("@/components/avatar", "other", None),
        ("~/lib", "other", None),
        ("$lib/a", "other", None),
        ("raw-loader!./a.txt", "relative", None),
        ("pkg/worker?url", "package", "pkg"),
    ],
)
def test_a_specifier_is_classified(text: str, kind: str, name: str | None) -> None:
    specifier = parse_specifier(text)
    assert (specifier.kind, specifier.name) == (kind, name)


def test_types_packages_are_named_as_definitely_typed_does() -> None:
    assert types_package("pg") == "@types/pg"
    assert types_package("@hapi/boom") == "@types/hapi__boom"
