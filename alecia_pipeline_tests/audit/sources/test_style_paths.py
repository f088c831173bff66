import pytest

from alecia_pipeline.audit.sources.imports import Import
from alecia_pipeline.audit.sources.style_paths import locate

FILES = {"a/foo.css", "a/_part.scss", "a/theme/_index.scss", "b.css", "top.css"}


@pytest.mark.parametrize(
    ("path", "specifier", "expected"),
    [
        ("a/x.css", "foo.css", ("./foo.css", False)),
        ("a/x.scss", "part", ("./_part.scss", False)),
        ("a/x.scss", "theme", ("./theme/_index.scss", False)),
        ("a/x.css", "../b.css", ("./../b.css", False)),
        ("x.css", "top.css", ("./top.css", False)),
        ("a/x.css", "tailwindcss", ("tailwindcss", False)),
        ("a/x.css", "@x/y/z.css", ("@x/y/z.css", False)),
        ("a/x.css", "./none.css", ("./none.css", False)),
        ("a/x.css", "none/z.css", ("none/z.css", True)),
        ("a/x.css", "known/z.css", ("known/z.css", False)),
        ("a/x.scss", "none", ("none", True)),
        ("a/x.vue", "./none", ("./none", True)),
    ],
)
def test_a_file_beside_comes_first(path: str, specifier: str, expected: tuple[str, bool]) -> None:
    item = locate(path, Import(specifier, 3, "style"), FILES, {"known"})
    assert (item.specifier, item.optional) == expected
    assert item.line == 3


def test_what_is_optional_stays_so() -> None:
    for specifier in ("foo.css", "none.css"):
        assert locate("a/x.css", Import(specifier, 1, "style", optional=True), FILES, set()).optional
