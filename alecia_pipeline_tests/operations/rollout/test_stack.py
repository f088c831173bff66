"""Third-party services, Caddy and what a release refuses, on a real VPS."""

import base64
import json
from dataclasses import replace
from pathlib import Path

import pytest

from alecia_pipeline.config import Config, EnvironmentConfig
from alecia_pipeline.errors import OutsideError, RefusedError, UsageError
from alecia_pipeline.operations import hosts
from alecia_pipeline.operations.confirming import confirm_release, revert_release
from alecia_pipeline.operations.hosts import connect
from alecia_pipeline.operations.inspecting import history, live_release, logs, verify_app
from alecia_pipeline.operations.releasing import switch_release
from alecia_pipeline.operations.rollback import switch_back
from alecia_pipeline.operations.stacks import apply_stack
from alecia_pipeline.operations.staging import stage_app
from alecia_pipeline_tests.conftest import git, write
from alecia_pipeline_tests.operations.rollout.conftest import CADDYFILE, COMPOSE, Site, changed

pytestmark = pytest.mark.engine


def commit(site: Site, files: dict[str, str]) -> None:
    write(site.runner.repo, files)
    git(site.runner.repo, "add", "--all")
    git(site.runner.repo, "commit", "--quiet", "--message=change")


def cache_version(site: Site) -> str:
    identity = site.containers()["cache"]
    return site.ssh(f"docker exec {identity} sh -c 'echo $VERSION; cat /etc/cache/cache.conf'")


def test_only_what_changed_is_recreated_and_rollback_brings_it_back(site: Site) -> None:
    live = live_release(site.runner, "staging")
    assert live is not None
    images = {name: app.image for name, app in live.apps.items()}
    live = site.release(**images)
    before = site.containers()
    commit(
        site,
        {
            "compose.yaml": COMPOSE.replace("VERSION: cache", "VERSION: newer"),
            "infra/cache/cache.conf": "size 2\n",
            "infra/caddy/Caddyfile": CADDYFILE + 'http://more.{$DOMAIN}:8080 {\n\trespond `{"version": "routed"}`\n}\n',
        },
    )
    record = site.release(**images)
    assert record.moved == ()
    assert (cache_version(site), site.answer("more")) == ("newer\nsize 2", "routed")
    assert {name for name, one in site.containers().items() if before[name] != one} == {"cache"}
    back = switch_back(site.runner, "staging")
    confirm_release(site.runner, "staging", back.id)
    assert cache_version(site) == "cache\nsize 1"
    assert back.caddy_sha256 == live.caddy_sha256


def test_the_live_release_and_the_one_before_always_stay(site: Site) -> None:
    few = changed(site, keep=1)
    record = few.release(web=site.images.second if site.answer("web") == "first" else site.images.first)
    kept = [one.id for one in history(site.runner, "staging").releases]
    assert kept == [record.id, record.parent]
    assert site.ssh("ls releases").split() == sorted([*kept, "live"])


def test_a_caddy_configuration_that_caddy_does_not_take_changes_nothing(site: Site) -> None:
    live = live_release(site.runner, "staging")
    assert live is not None
    commit(site, {"infra/caddy/Caddyfile": CADDYFILE + ":8081 {\n\ttls /nowhere/cert.pem /nowhere/key.pem\n}\n"})
    with pytest.raises(Exception, match="the switch to"):
        site.switch(web=live.apps["web"].image)
    assert (live_release(site.runner, "staging"), site.answer("web")) == (live, site.answer("web"))
    commit(site, {"infra/caddy/Caddyfile": CADDYFILE})


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("infra/caddy/Caddyfile", "{$CADDY_TOKEN}:8080 {\n\trespond x\n}\n", "CADDY_TOKEN in clear"),
        ("infra/caddy/Caddyfile", "a.test {\n\tnonsense\n}\n", "does not accept the Caddyfile"),
        ("compose.yaml", "services: [", "compose.yaml is not valid YAML"),
        ("compose.yaml", COMPOSE.replace("image: ${CACHE_IMAGE}", "build: ."), "'cache' has no image"),
    ],
)
def test_bad_input_stops_before_the_host_is_touched(site: Site, file: str, text: str, message: str) -> None:
    before, good = site.containers(), (site.runner.repo / file).read_text()
    commit(site, {file: text})
    with pytest.raises(UsageError, match=message):
        apply_stack(site.runner, "staging", "HEAD")
    commit(site, {file: good})
    assert site.containers() == before


@pytest.mark.parametrize(("key", "what"), [("compose", "compose file"), ("caddyfile", "Caddyfile")])
def test_files_that_the_commit_does_not_have(site: Site, key: str, what: str) -> None:
    with pytest.raises(UsageError, match=f"the {what} is not in the commit"):
        apply_stack(changed(site, **{key: "nowhere"}).runner, "staging", "HEAD")


def test_names_that_nothing_has(site: Site) -> None:
    with pytest.raises(UsageError, match="unknown app 'nobody'"):
        stage_app(site.runner, "staging", "HEAD", "nobody", site.images.first)
    with pytest.raises(UsageError, match="no such release"):
        switch_back(site.runner, "staging", "19700101-000000-00000000")
    with pytest.raises(UsageError, match="no service 'nobody'"):
        next(logs(site.runner, "staging", "nobody", follow=False))
    with pytest.raises(Exception, match="nobody is in no live release"):
        verify_app(site.runner, "staging", "nobody")
    with pytest.raises(Exception, match="is not on the host"):
        confirm_release(site.runner, "staging", "19700101-000000-00000000")
    with pytest.raises(Exception, match="cannot be reverted"):
        revert_release(site.runner, "staging", "19700101-000000-00000000", "why not")


def test_an_app_that_does_not_run_is_not_verified(site: Site) -> None:
    live = live_release(site.runner, "staging")
    assert live is not None
    site.ssh(f"docker stop -t 0 {site.containers()[live.apps['shop'].service]}")
    with pytest.raises(Exception, match="shop does not run"):
        verify_app(site.runner, "staging", "shop")
    site.release(shop=live.apps["shop"].image)
    assert verify_app(site.runner, "staging", "shop") == live.apps["shop"]


def test_an_image_that_no_registry_has(site: Site) -> None:
    missing = site.images.first[:-4] + "0000"
    with pytest.raises(OutsideError, match="an image cannot be pulled"):
        stage_app(site.runner, "staging", "HEAD", "web", missing)


def test_a_registry_that_refuses(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    registry = site.images.first.partition("/")[0]
    login = base64.b64encode(b"nobody:wrong-password").decode()
    (tmp_path / "config.json").write_text(json.dumps({"auths": {registry: {"auth": login}}}))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    with pytest.raises(OutsideError, match="cannot log in to the registry") as caught:
        stage_app(site.runner, "staging", "HEAD", "web", site.images.first[:-4] + "1111")
    assert "wrong-password" not in str(caught.value)


def test_the_lease_is_kept_while_its_holder_lives(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosts, "RENEW_SECONDS", 0.1)
    with connect(site.runner, "staging") as host, hosts.leased(host):
        site.ssh("sed -i s/until=.*/until=1/ fence; until ! grep -qx until=1 fence; do sleep 0.1; done", timeout=20)


def test_an_environment_without_its_file_is_told_how_to_get_one(site: Site) -> None:
    bare = changed(site, root=f"{site.root}/bare")
    with pytest.raises(RefusedError, match="environment file is not on the host"):
        apply_stack(bare.runner, "staging", "HEAD")
    with pytest.raises(RefusedError, match="nothing to roll back"):
        switch_back(bare.runner, "staging")
    bare.ssh("cp ../.env .")
    with pytest.raises(RefusedError, match="are not on the host yet"):
        switch_release(bare.runner, "staging", "HEAD", {}, site.facts())


def test_a_root_that_cannot_be_made(site: Site) -> None:
    with pytest.raises(OutsideError, match="cannot be made on the host") as caught:
        apply_stack(changed(site, root="/proc/alecia").runner, "staging", "HEAD")
    assert "sudo install" in str(caught.value)


def test_one_host_per_environment(tmp_path: Path, site: Site) -> None:
    environment = site.runner.config.environments["staging"]
    two = EnvironmentConfig.model_validate({**environment.model_dump(), "hosts": environment.hosts * 2})
    runner = replace(site.runner, repo=tmp_path, config=Config(environments={"staging": two}))
    with pytest.raises(UsageError, match="one host per environment"), connect(runner, "staging"):
        raise AssertionError
