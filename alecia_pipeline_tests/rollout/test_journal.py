import pytest

from alecia_pipeline.errors import OutsideError
from alecia_pipeline.rollout.journal import parse_snapshot

NOW = "[now]\nuptime=100\nboot=b1\nlive={live}\n"
FENCE = "[fence]\nnumber=7\nowner=me\nboot={boot}\nuntil={until}\n"
RELEASE = (
    "[release {id}]\nstate={state}\nparent={parent}\nboot=b1\ndeadline={deadline}\nat=2026-01-01T00:00:00Z\nwhy=a=b\n"
)


def release(identity: str, state: str, *, parent: str = "", deadline: int = 0) -> str:
    return RELEASE.format(id=identity, state=state, parent=parent, deadline=deadline)


def test_an_untouched_host() -> None:
    snapshot = parse_snapshot(NOW.format(live=""), "vps")
    assert (snapshot.live, snapshot.lease.fence, snapshot.lease.owner) == (None, 0, "")
    assert (snapshot.unfinished, snapshot.mending(), snapshot.seconds_left()) == (None, "nothing", 0)


def test_releases_in_order_with_their_states() -> None:
    text = NOW.format(live="r2") + release("r2", "confirmed", parent="r1") + release("r1", "reverted")
    snapshot = parse_snapshot(text, "vps")
    assert list(snapshot.releases) == ["r1", "r2"]
    assert (snapshot.releases["r2"].parent, snapshot.releases["r1"].parent) == ("r1", None)
    assert snapshot.releases["r1"].why == "a=b"
    assert snapshot.mending() == "nothing"


def test_an_unconfirmed_release_waits_for_the_hosts_timer_or_is_overdue() -> None:
    waiting = parse_snapshot(NOW.format(live="r1") + release("r1", "switched", deadline=130), "vps")
    assert (waiting.mending(), waiting.seconds_left()) == ("wait", 30)
    overdue = parse_snapshot(NOW.format(live="r1") + release("r1", "switching", deadline=100), "vps")
    assert (overdue.mending(), overdue.seconds_left()) == ("revert", 0)


def test_a_reboot_ended_the_timer() -> None:
    text = (NOW.format(live="r1") + release("r1", "switched", deadline=900)).replace("boot=b1\ndead", "boot=b0\ndead")
    assert parse_snapshot(text, "vps").mending() == "revert"


@pytest.mark.parametrize(
    ("boot", "until", "owner", "left"), [("b1", 130, "me", 30), ("b1", 100, "", 0), ("b0", 130, "", 0)]
)
def test_a_lease_holds_until_its_time_is_over_or_the_machine_restarts(
    boot: str, until: int, owner: str, left: int
) -> None:
    lease = parse_snapshot(NOW.format(live="") + FENCE.format(boot=boot, until=until), "vps").lease
    assert (lease.fence, lease.owner, lease.seconds_left) == (7, owner, left)


@pytest.mark.parametrize("text", ["", "[now]\nuptime=x\nboot=b\nlive=\n", NOW.format(live="") + release("r", "odd")])
def test_a_damaged_journal(text: str) -> None:
    with pytest.raises(OutsideError, match="journal on the host cannot be read"):
        parse_snapshot(text, "vps")
