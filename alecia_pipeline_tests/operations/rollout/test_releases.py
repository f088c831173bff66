"""Releases on a real VPS: what moves, what does not, and what a broken one leaves."""

import signal
import subprocess
import sys
import threading

import pytest

from alecia_pipeline.config import PublicConfig, SmokeProbe
from alecia_pipeline.errors import RefusedError, ReleaseFailedError
from alecia_pipeline.operations.confirming import confirm_release, revert_release
from alecia_pipeline.operations.hosts import connect, leased, prepare_host
from alecia_pipeline.operations.inspecting import history, live_release, logs, repair, status, unlock, verify_app
from alecia_pipeline.operations.releasing import switch_release
from alecia_pipeline.operations.rollback import switch_back
from alecia_pipeline.operations.stages.gates import AuditGates
from alecia_pipeline.operations.stages.images import BuiltImages
from alecia_pipeline.operations.stages.plans import Plans
from alecia_pipeline.operations.stages.releases import HostReleases
from alecia_pipeline.operations.staging import stage_app
from alecia_pipeline_tests.load import Outcome, send_until
from alecia_pipeline_tests.operations.rollout.conftest import Site, changed

pytestmark = pytest.mark.engine

KILLED_RUNNER = """
import pickle, sys
runner, images, facts = pickle.load(sys.stdin.buffer)
from alecia_pipeline.operations.releasing import switch_release
print(switch_release(runner, "staging", "HEAD", images, facts).id, flush=True)
sys.stdin = open(0)
input()
"""

END_TIMER = """
for process in /proc/[0-9]*; do
    words=$(tr '\\0' ' ' <$process/cmdline 2>/dev/null) || continue
    case $words in *'timer '{root}' '{release}*) kill ${{process#/proc/}} ;; esac
done
"""
"""A reboot ends the host's timer."""


def test_no_request_fails_while_an_app_moves(site: Site) -> None:
    before = site.containers()
    finished = threading.Event()
    outcomes: list[Outcome] = []
    requests = (("GET", "/", b""), ("POST", "/contact", b"x" * 500))
    load = threading.Thread(
        target=lambda: outcomes.append(send_until(site.target("web"), requests, finished.is_set, at_least=2_000))
    )
    load.start()
    try:
        record = site.release(web=site.images.second)
    finally:
        finished.set()
        load.join()
    assert outcomes[0].failures == []
    assert outcomes[0].sent >= 2_000
    assert {kind for kind, _ in outcomes[0].answered} == {"GET new", "GET kept-alive", "POST new", "POST kept-alive"}
    assert (record.moved, site.answer("web")) == (("web",), "second")
    kept = {service: one for service, one in before.items() if not service.startswith("web-")}
    assert kept.items() <= site.containers().items()


def test_the_same_release_again_touches_nothing(site: Site) -> None:
    before, live = site.containers(), live_release(site.runner, "staging")
    assert live is not None
    again = site.release(**{name: app.image for name, app in live.apps.items()})
    assert (again.id, site.containers()) == (live.id, before)


def test_the_project_is_the_users_own(site: Site) -> None:
    before = site.containers()
    site.ssh("docker compose -f releases/live/compose.yaml up -d --wait")
    assert site.containers() == before
    assert "cache" in site.ssh("docker compose -f releases/live/compose.yaml ps --services")


def test_an_image_that_never_becomes_healthy_leaves_the_old_one_serving(site: Site) -> None:
    before, version = site.containers(), site.answer("shop")
    with pytest.raises(ReleaseFailedError, match="shop did not pass its staging") as caught:
        stage_app(site.runner, "staging", "HEAD", "shop", site.images.sick)
    assert "unhealthy" in str(caught.value)
    assert (site.answer("shop"), site.containers()) == (version, before)


def test_a_switch_stages_what_is_missing_and_fails_before_anything_moves(site: Site) -> None:
    live, before = live_release(site.runner, "staging"), site.containers()
    with pytest.raises(ReleaseFailedError, match="did not pass its staging"):
        switch_release(site.runner, "staging", "HEAD", site.app_images(shop=site.images.sick), site.facts())
    assert (live_release(site.runner, "staging"), site.containers()) == (live, before)


def test_an_exclusive_app_that_fails_gets_its_old_version_back(site: Site) -> None:
    before = site.containers()
    with pytest.raises(ReleaseFailedError, match="the switch to"):
        site.switch(jobs=site.images.sick)
    assert (site.answer("jobs"), site.containers()) == ("first", before)


def test_an_exclusive_app_is_handed_over_and_back(site: Site) -> None:
    before = site.containers()
    record = site.switch(jobs=site.images.second)
    assert site.answer("jobs") == "second"
    assert before.keys() - site.containers().keys() == {s for s in before if s.startswith("jobs-")}
    revert_release(site.runner, "staging", record.id, "tried it")
    assert (site.answer("jobs"), site.containers()) == ("first", before)
    revert_release(site.runner, "staging", record.id, "again")


def test_rollback_brings_the_digests_before_back(site: Site) -> None:
    live = live_release(site.runner, "staging")
    assert live is not None
    site.release(shop=site.images.second)
    record = switch_back(site.runner, "staging")
    confirm_release(site.runner, "staging", record.id)
    digests = {name: app.digest for name, app in record.apps.items()}
    assert digests == {name: app.digest for name, app in live.apps.items()}
    assert (record.moved, site.answer("shop")) == (("shop",), "first")
    assert status(site.runner, "staging").release == record.id


def test_the_host_goes_back_by_itself_when_the_runner_is_killed_after_the_switch(site: Site) -> None:
    image, version, live = site.images.second, site.answer("shop"), live_release(site.runner, "staging")
    stage_app(site.runner, "staging", "HEAD", "shop", image)
    identity = _killed_after_switch(site, image)
    assert site.answer("shop") == "second"
    with pytest.raises(RefusedError, match="neither confirmed nor reverted yet"):
        switch_release(site.runner, "staging", "HEAD", site.app_images(shop=image), site.facts())
    site.ssh(f"until grep -q state=reverted journal/release-{identity}.state; do sleep 0.2; done", timeout=60)
    assert (site.answer("shop"), live_release(site.runner, "staging")) == (version, live)
    with pytest.raises(ReleaseFailedError, match=r"cannot be confirmed"):
        confirm_release(site.runner, "staging", identity)
    assert "reverted by itself" in next(r.why for r in history(site.runner, "staging").releases if r.id == identity)
    assert site.release(shop=image).moved == ("shop",)


def _killed_after_switch(site: Site, image: str) -> str:
    import pickle  # noqa: PLC0415 - for this one hand-over

    runner = site.runner.__class__(site.runner.repo, site.runner.config, print)
    with subprocess.Popen([sys.executable, "-c", KILLED_RUNNER], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as run:
        assert run.stdin
        assert run.stdout
        pickle.dump((runner, site.app_images(shop=image), site.facts()), run.stdin)
        run.stdin.flush()
        lines = iter(run.stdout.readline, b"")
        identity = next(line for line in lines if line[:2] == b"20").decode().strip()
        run.send_signal(signal.SIGKILL)
    return identity


def test_one_run_at_a_time(site: Site) -> None:
    with connect(site.runner, "staging") as host, leased(host) as fence:
        with pytest.raises(RefusedError, match="another run is at work"):
            site.release(web=site.images.first)
        assert status(site.runner, "staging").holder
        assert unlock(site.runner, "staging")
        with pytest.raises(RefusedError, match="another run took over"):
            host.step("late", "echo acted", fence=fence)
    assert status(site.runner, "staging").holder is None


def test_a_release_left_open_by_a_reboot_is_reverted_by_the_next_run(site: Site) -> None:
    version = site.answer("web")
    record = site.switch(web=site.images.first if version == "second" else site.images.second)
    site.ssh(END_TIMER.format(root=site.root, release=record.id))
    site.ssh(f"sed -i 's/^boot=.*/boot=another/' journal/release-{record.id}.state")
    assert site.release(shop=site.images.first).parent != record.id
    assert site.answer("web") == version
    assert any("was never confirmed; going back" in line for line in site.lines)


def test_repair_goes_back_from_an_open_release(site: Site) -> None:
    version = site.answer("web")
    assert repair(site.runner, "staging").action == "nothing"
    record = site.switch(web=site.images.first if version == "second" else site.images.second)
    done = repair(site.runner, "staging")
    assert (done.action, done.release, site.answer("web")) == ("reverted", record.id, version)


def test_a_service_moves_when_a_value_it_refers_to_changes(site: Site) -> None:
    live = live_release(site.runner, "staging")
    assert live is not None
    site.ssh("sed -i '/GREETING/d' .env; echo GREETING=bonjour >>.env")
    record = site.release(web=live.apps["web"].image)
    assert record.moved == ("web",)
    assert record.apps["web"].digest == live.apps["web"].digest


def test_the_environment_can_be_looked_at(site: Site) -> None:
    report = prepare_host(site.runner, "staging")
    assert report.disk_free > 0
    current = status(site.runner, "staging")
    assert (current.state, current.reverts_in) == ("confirmed", None)
    assert all(service.healthy for service in current.services)
    assert verify_app(site.runner, "staging", "web") == current.apps["web"]
    kept = history(site.runner, "staging").releases
    assert kept[0].id >= kept[-1].id
    assert sum(one.live for one in kept) == 1
    assert list(logs(site.runner, "staging", "caddy", follow=False, lines=2))
    follower = logs(site.runner, "staging", "caddy", follow=True)
    assert next(follower)
    follower.close()


def releases_of(site: Site) -> HostReleases:
    """Return the releases of an environment whose public smoke asks a port that speaks no TLS."""
    public = PublicConfig(address=site.address, https_port=site.port)
    runner = changed(site, smoke=(SmokeProbe(host="{domain}"),), public=public).runner
    return HostReleases(runner, AuditGates(runner), BuiltImages(runner, Plans(runner)))


def test_a_failed_smoke_of_a_confirmed_release_says_so_and_moves_nothing(site: Site) -> None:
    before, current = site.containers(), status(site.runner, "staging")
    assert current.state == "confirmed"
    with pytest.raises(ReleaseFailedError, match="nothing was switched in this run") as caught:
        releases_of(site).judge("staging", None)
    assert "https://demo.test/: " in str(caught.value)
    assert (site.containers(), status(site.runner, "staging")) == (before, current)


def test_a_failed_smoke_of_an_open_release_reverts_it(site: Site) -> None:
    version = site.answer("web")
    record = site.switch(web=site.images.first if version == "second" else site.images.second)
    with pytest.raises(ReleaseFailedError, match="what was live before serves again"):
        releases_of(site).judge("staging", record.id)
    assert (site.answer("web"), status(site.runner, "staging").release) == (version, record.parent)
