import pytest

from alecia_pipeline.source.tree import SYMLINK
from alecia_pipeline_tests.audit.snapshots import snapshot


def test_only_source_of_the_workspace_is_read() -> None:
    files = {
        "apps/web/src/a.ts": "",
        "apps/web/src/b.css": "",
        "apps/web/dist/a.js": "",
        "apps/web/src/build/c.ts": "",
        "apps/web/public/d.js": "",
        "apps/web/lib.min.js": "",
        "apps/web/__fixtures__/e.ts": "",
        "apps/web/node_modules/x/f.js": "",
        "apps/web/template/package.json": '{"name": "made"}',
        "apps/web/template/src/g.ts": "",
        "apps/web/broken/package.json": "{",
        "apps/web/broken/h.ts": "",
        "apps/web/esm/package.json": '{"type": "module"}',
        "apps/web/esm/i.js": "",
        "apps/web/link.ts": "src/a.ts",
    }
    scanned = [source.path for source in snapshot(files, {"apps/web/link.ts": SYMLINK}).sources]
    assert scanned == ["apps/web/esm/i.js", "apps/web/src/a.ts", "apps/web/src/build/c.ts"]


@pytest.mark.parametrize(
    ("path", "role"),
    [
        ("apps/web/src/a.ts", "source"),
        ("apps/web/src/a.test.tsx", "test"),
        ("apps/web/tests/a.ts", "test"),
        ("apps/web/next.config.ts", "config"),
        ("apps/web/.eslintrc.cjs", "config"),
        ("apps/web/scripts/seed.ts", "config"),
        ("tools.ts", "config"),
    ],
)
def test_each_file_has_a_role(path: str, role: str) -> None:
    (source,) = snapshot({path: ""}).sources
    assert source.role == role
