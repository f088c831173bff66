from pathlib import Path

import pytest

from alecia_pipeline.adapters.sandbox import hosts
from alecia_pipeline.adapters.sandbox.hosts import HostNames
from alecia_pipeline.errors import OutsideError

BEFORE = "127.0.0.1 localhost\n::1 localhost # kept\n"


def test_names_are_added_once_and_removed_without_a_trace() -> None:
    added = hosts.with_names(BEFORE, ["a.localhost", "b.localhost"], "mark")
    assert added == f"{BEFORE}127.0.0.1 a.localhost # mark\n127.0.0.1 b.localhost # mark\n"
    assert hosts.with_names(added, ["b.localhost"], "mark") == added
    assert hosts.without_names(added, "mark") == BEFORE


def test_lines_of_another_marker_stay() -> None:
    both = hosts.with_names(hosts.with_names(BEFORE, ["a.localhost"], "one"), ["a.localhost"], "two")
    assert hosts.without_names(both, "one") == hosts.with_names(BEFORE, ["a.localhost"], "two")


def test_only_names_that_lead_elsewhere_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosts, "resolves", lambda name: name == "known.localhost")
    path = tmp_path / "hosts"
    path.write_text(BEFORE)
    names = HostNames("mark", path)
    names.ensure(["known.localhost"])
    assert path.read_text() == BEFORE
    names.ensure(["known.localhost", "new.localhost"])
    assert path.read_text() == f"{BEFORE}127.0.0.1 new.localhost # mark\n"
    names.remove()
    names.remove()
    assert path.read_text() == BEFORE


def test_a_name_that_another_sandbox_leads_here_gets_a_line_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hosts, "resolves", lambda _: True)
    path = tmp_path / "hosts"
    path.write_text(hosts.with_names(BEFORE, ["a.localhost"], "theirs"))
    HostNames("ours", path).ensure(["a.localhost"])
    HostNames("theirs", path).remove()
    assert path.read_text() == hosts.with_names(BEFORE, ["a.localhost"], "ours")


def test_a_hosts_file_that_may_not_be_written_gives_the_command(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "hosts"
    path.write_text(BEFORE)

    def refuse(*_: object) -> int:
        raise PermissionError

    monkeypatch.setattr(hosts, "resolves", lambda _: False)
    monkeypatch.setattr(Path, "write_text", refuse)
    with pytest.raises(OutsideError, match="not writable") as caught:
        HostNames("mark", path).ensure(["a.localhost", "b.localhost"])
    assert caught.value.fix == f"echo '127.0.0.1 a.localhost b.localhost' | sudo tee -a {path}"


@pytest.mark.engine
def test_the_system_resolver_is_asked() -> None:
    assert hosts.resolves("localhost")
    assert not hosts.resolves("no-such-name.invalid")
