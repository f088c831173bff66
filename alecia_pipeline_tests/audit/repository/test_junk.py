import pytest

from alecia_pipeline.audit.repository.junk import findings
from alecia_pipeline_tests.audit.snapshots import snapshot


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("._a", "._*"),
        ("apps/web/._b.ts", "._*"),
        (".DS_Store", ".DS_Store"),
        ("a/Thumbs.db", "Thumbs.db"),
        ("a/desktop.ini", "desktop.ini"),
        ("x/__MACOSX/y", "__MACOSX/"),
        ("src/.main.ts.swp", ".*.sw[nop]"),
    ],
)
def test_what_a_desktop_or_an_editor_leaves_is_junk(path: str, pattern: str) -> None:
    (finding,) = findings(snapshot({path: b"\0"}))
    assert (finding.rule, finding.file, finding.line) == ("junk-file", path, None)
    assert finding.fix
    assert pattern in finding.fix.split("echo ")[1]


@pytest.mark.parametrize("path", ["a.swp", "DS_Store.ts", "apps/web/desktop.init", "._/a", ".swap"])
def test_what_only_looks_so_is_none(path: str) -> None:
    assert list(findings(snapshot({path: "x"}))) == []
