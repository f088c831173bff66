import pytest

from alecia_pipeline.errors import UsageError
from alecia_pipeline.release.services import changed_services, new_migrations
from alecia_pipeline_tests.trees import DictTree

BEFORE = DictTree({"sql/1.sql": "a", "sql/2.sql": "b", "c.yml": "services: {db: {image: x}, web: {image: y}}"})


def test_migrations_are_all_without_a_past() -> None:
    assert new_migrations("sql", BEFORE, None) == ("sql/1.sql", "sql/2.sql")


def test_migrations_are_those_that_are_new_or_other() -> None:
    after = DictTree({"sql/1.sql": "a", "sql/2.sql": "B", "sql/3.sql": "c", "sql/notes.md": "", "sq/4.sql": ""})
    assert new_migrations("sql", after, BEFORE) == ("sql/2.sql", "sql/3.sql")


def test_services_are_those_defined_otherwise() -> None:
    after = DictTree({"c.yml": "services: {db: {image: x}, web: {image: z}, new: {}}"})
    assert changed_services("c.yml", after, BEFORE) == ("new", "web")


def test_without_a_past_all_services_are_new() -> None:
    assert changed_services("c.yml", BEFORE, None) == ("db", "web")


def test_no_compose_file_has_no_services() -> None:
    assert changed_services("other.yml", BEFORE, BEFORE) == ()


def test_a_bad_compose_file_is_one_clear_error() -> None:
    with pytest.raises(UsageError) as caught:
        changed_services("c.yml", DictTree({"c.yml": "services: [a]"}), None)
    assert caught.value.where == "c.yml"


def test_a_database_says_which_migrations_are_new() -> None:
    after = DictTree({"sql/1.sql": "a", "sql/2.sql": "B", "sql/3.sql": "c", "sql/4.sql": "d"})
    assert new_migrations("sql", after, BEFORE, ("1.sql", "2.sql", "3.sql")) == ("sql/2.sql", "sql/4.sql")
    assert new_migrations("sql", after, None, ("1.sql", "2.sql")) == ("sql/3.sql", "sql/4.sql")
    assert new_migrations("sql", after, None, ()) == ("sql/1.sql", "sql/2.sql", "sql/3.sql", "sql/4.sql")
