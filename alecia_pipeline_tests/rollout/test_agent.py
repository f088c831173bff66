from alecia_pipeline.rollout.agent import Agent
from alecia_pipeline.rollout.ports import Completed

AGENT = Agent("/srv/app", "abc")


def test_commands_name_the_version_of_the_script_and_the_root() -> None:
    assert AGENT.command("snapshot").argv == ("/srv/app/bin/agent-abc", "snapshot", "/srv/app")


def test_a_step_is_launched_and_waited_for_by_its_token() -> None:
    assert AGENT.launch(3, "switch", "t0", 60.4).argv[1:] == ("launch", "/srv/app", "3", "switch", "t0", "60")
    assert AGENT.wait("t0", 20).argv[1:] == ("wait", "/srv/app", "t0", "20")


def test_output_is_text_whatever_its_bytes_are() -> None:
    assert Completed(0, b"a\xff", b"").text == "a\ufffd"
