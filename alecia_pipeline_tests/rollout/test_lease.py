import pytest

from alecia_pipeline.errors import OutsideError, RefusedError
from alecia_pipeline.rollout.agent import Agent
from alecia_pipeline.rollout.lease import lease, take_over
from alecia_pipeline.rollout.ports import Command, Completed
from alecia_pipeline_tests.rollout.fake_host import FakeHost, answer

AGENT = Agent("/srv/app", "abc")


def test_the_lease_is_taken_and_given_back() -> None:
    host = FakeHost([answer(stdout="7\n")])
    with lease(host, AGENT, "me@runner:1") as fence:
        assert fence == 7
    assert [argv[1:] for argv in host.commands] == [
        ("lease-take", "/srv/app", "me@runner:1"),
        ("lease-give", "/srv/app", "7"),
    ]


def test_a_held_lease_is_refused_with_its_holder() -> None:
    host = FakeHost([answer(3, "held by you@there:2, for 40 s more\n")])
    with pytest.raises(RefusedError, match="another run is at work") as caught, lease(host, AGENT, "me"):
        raise AssertionError
    assert "you@there:2" in str(caught.value)


def test_a_host_that_fails_is_not_a_refusal() -> None:
    with pytest.raises(OutsideError, match="cannot be taken"), lease(FakeHost([answer(1, "", "no room")]), AGENT, "me"):
        raise AssertionError


def test_a_connection_lost_at_the_end_does_not_hide_the_first_error() -> None:
    class Breaking(FakeHost):
        def run(self, command: Command, *, stdin: bytes = b"", timeout: float = 60) -> Completed:
            if "lease-give" in command.argv:
                raise OutsideError("the connection to the host failed")
            return super().run(command)

    with pytest.raises(ValueError, match="first"), lease(Breaking([answer(stdout="1")]), AGENT, "me"):
        raise ValueError("first")


def test_taking_over_names_the_former_holder() -> None:
    assert take_over(FakeHost([answer(stdout="you@there:2\n")]), AGENT) == "you@there:2"


def test_a_running_step_cannot_be_taken_over() -> None:
    with pytest.raises(RefusedError, match="cannot be taken over"):
        take_over(FakeHost([answer(1, "", "a step is still running")]), AGENT)
