import pytest

from alecia_pipeline.errors import OutsideError, ReleaseFailedError
from alecia_pipeline.rollout.agent import Agent
from alecia_pipeline.rollout.switch import Rollout, Staging, look
from alecia_pipeline_tests.rollout.fake_host import FakeHost, answer

AGENT = Agent("/srv/app", "abc")


def scripts(host: FakeHost) -> dict[str, str]:
    assert {fence for _, _, fence in host.steps} == {5}
    return {name: script for name, script, _ in host.steps}


def test_every_step_is_one_call_of_the_agent_under_the_fence() -> None:
    host = FakeHost()
    rollout = Rollout(host, AGENT, 5)
    rollout.up("f.yaml", ["db", "my cache"])
    rollout.keep_static({"web": "i@sha256:1", "shop": "i@sha256:2"})
    rollout.switch("r2", "r1", 120)
    rollout.watch(4.6, ["web-1"])
    rollout.confirm("r2")
    rollout.revert("r2", "it is $(broken)")
    rollout.prune(["r0"], ["image@sha256:1"], {("web", "i@sha256:3"), ("web", "i@sha256:2")})
    assert scripts(host) == {
        "stack": "mend_half_created\nbring_up f.yaml 120 db 'my cache'\n",
        "switch": "switch_release r2 r1 120\n",
        "soak": "watch 5 web-1\n",
        "confirm": "confirm_release r2\n",
        "revert": "revert_release r2 'it is $(broken)'\n",
        "static": "keep_static shop i@sha256:2\nkeep_static web i@sha256:1\n",
        "prune": "prune_releases r0\nprune_static web/2 web/3\nprune_images image@sha256:1\n",
    }


def test_the_first_release_has_no_parent() -> None:
    host = FakeHost()
    Rollout(host, AGENT, 5).switch("r1", None, 60)
    assert scripts(host)["switch"] == "switch_release r1 '' 60\n"


@pytest.mark.parametrize(("port", "smoke"), [(3000, " 3000 /health web"), (None, "")])
def test_staging_smokes_an_app_whose_port_is_known(port: int | None, smoke: str) -> None:
    host = FakeHost()
    Rollout(host, AGENT, 5).stage(Staging("f.yaml", "web", "web-1", "i@sha256:1", port, "/health"))
    assert scripts(host)["stage-web"] == f"stage f.yaml web-1 i@sha256:1 120 3{smoke}\n"


def test_pulled_images_come_back_by_digest() -> None:
    host = FakeHost([answer(stdout="db:1 db@sha256:1\n")])
    assert Rollout(host, AGENT, 5).pull(["db:1"]) == {"db:1": "db@sha256:1"}


def test_swept_services_are_named() -> None:
    assert Rollout(FakeHost([answer(stdout="web-1\nweb-2\n")]), AGENT, 5).sweep(["web-3"]) == ("web-1", "web-2")


def test_static_files_are_counted() -> None:
    rollout = Rollout(FakeHost([answer(stdout="docs 0\nweb 12\n")]), AGENT, 5)
    assert rollout.keep_static({"web": "i@sha256:1", "docs": "i@sha256:2"}) == {"docs": 0, "web": 12}


def test_a_failed_step_tells_the_reason_without_the_progress() -> None:
    host = FakeHost([answer(1, stderr=" Container web Creating\nweb-1 is unhealthy\n")])
    with pytest.raises(ReleaseFailedError, match="the switch to r2 failed") as caught:
        Rollout(host, AGENT, 5).switch("r2", "r1", 60)
    assert caught.value.why == "web-1 is unhealthy"


def test_a_silent_failure_has_its_status_for_a_reason() -> None:
    with pytest.raises(OutsideError, match="cannot be pulled") as caught:
        Rollout(FakeHost([answer(7)]), AGENT, 5).pull(["db:1"])
    assert caught.value.why == "exit status 7"


def test_looking_reads_the_journal() -> None:
    host = FakeHost([answer(stdout="[now]\nuptime=1\nboot=b\nlive=r1\n"), answer(1, stderr="gone")])
    assert look(host, AGENT).live == "r1"
    with pytest.raises(OutsideError, match="journal cannot be read"):
        look(host, AGENT)
