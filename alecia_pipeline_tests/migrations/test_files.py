import hashlib
from collections.abc import Mapping

import pytest

from alecia_pipeline.errors import UsageError
from alecia_pipeline.migrations.files import MigrationFile, collect_migrations
from alecia_pipeline.source.tree import SYMLINK
from alecia_pipeline_tests.trees import DictTree


def collect(files: Mapping[str, str], **modes: int) -> tuple[MigrationFile, ...]:
    tree = DictTree(
        {f"db/{name}": text for name, text in files.items()}, modes={f"db/{k}": m for k, m in modes.items()}
    )
    return collect_migrations(tree, "db")


def test_files_come_in_order_with_their_checksums() -> None:
    files = collect(
        {"0010_b.sql": "DROP TABLE a", "0002_a.sql": "CREATE TABLE a ()", "readme.md": "", "x/0001_c.sql": ""}
    )
    assert [file.name for file in files] == ["0002_a.sql", "0010_b.sql"]
    assert files[0].checksum == hashlib.sha256(b"CREATE TABLE a ()").hexdigest()
    assert [file.additive for file in files] == [True, False]
    assert [file.alone for file in files] == [None, None]


def test_macos_files_are_no_migrations() -> None:
    assert [file.name for file in collect({"._0001_a.sql": "\0", "0001_a.sql": "SELECT 1"})] == ["0001_a.sql"]


@pytest.mark.parametrize(
    ("files", "where", "why"),
    [
        ({"readme.md": ""}, "db", "no .sql file"),
        ({"first.sql": "SELECT 1"}, "db/first.sql", "<number>_<name>.sql"),
        ({"0001_a.sql": "SELECT 1", "0001_b.sql": "SELECT 1"}, "db/0001_b.sql", "same number"),
        ({"10_a.sql": "SELECT 1", "9_b.sql": "SELECT 1"}, "db/9_b.sql", "by number before"),
        ({"0001_a.sql": "version https://git-lfs.github.com/spec/v1\n"}, "db/0001_a.sql", "LFS"),
        ({"0001_a.sql": " -- later\n"}, "db/0001_a.sql", "no statement"),
        ({"0001_a.sql": "COMMIT"}, "db/0001_a.sql:1", "one transaction"),
        ({"0001_a.sql": "SELECT 1; VACUUM"}, "db/0001_a.sql:1", "cannot run in a transaction"),
    ],
)
def test_what_cannot_be_applied_is_refused_before_anything_runs(files: dict[str, str], where: str, why: str) -> None:
    with pytest.raises(UsageError) as caught:
        collect(files)
    assert caught.value.where == where
    assert why in str(caught.value.why)


def test_a_symlink_is_no_migration() -> None:
    tree = DictTree({"db/0001_a.sql": "../x"}, modes={"db/0001_a.sql": SYMLINK})
    with pytest.raises(UsageError, match="cannot be used"):
        collect_migrations(tree, "db")
