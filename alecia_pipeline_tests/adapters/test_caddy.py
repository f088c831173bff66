import pytest

from alecia_pipeline.adapters.caddy import adapt
from alecia_pipeline.errors import OutsideError, UsageError
from alecia_pipeline_tests.trees import DictTree

TREE = DictTree({"infra/Caddyfile": "import sites/*\n", "infra/sites/a": "{$NAME} {\n reverse_proxy web:3000\n}\n"})


def test_imports_and_values_are_put_in() -> None:
    adapted = adapt(TREE, "infra/Caddyfile", {"NAME": "a.test"})
    route = adapted["apps"]["http"]["servers"]["srv0"]["routes"][0]
    assert route["match"] == [{"host": ["a.test"]}]


def test_a_file_in_the_root_is_copied_alone() -> None:
    tree = DictTree({"Caddyfile": "a.test\nrespond x\n", "other": "y"})
    assert "srv0" in adapt(tree, "Caddyfile", {})["apps"]["http"]["servers"]


def test_what_caddy_does_not_accept_is_its_own_words() -> None:
    with pytest.raises(UsageError, match="does not accept") as caught:
        adapt(DictTree({"Caddyfile": "a.test {\n nonsense\n}\n"}), "Caddyfile", {})
    assert caught.value.why
    assert "nonsense" in caught.value.why
    assert "alecia-caddy-" not in caught.value.why


def test_a_missing_file() -> None:
    with pytest.raises(UsageError, match="not in the commit"):
        adapt(TREE, "Caddyfile", {})


def test_a_missing_binary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(OutsideError, match="no caddy binary"):
        adapt(TREE, "infra/Caddyfile", {})
