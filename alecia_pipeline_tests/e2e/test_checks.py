"""Image checks on a real engine: what must be refused is, what answers is tagged, and no container is left."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import yaml

from alecia_pipeline.adapters.sandbox.sandbox import Sandbox
from alecia_pipeline.adapters.trial import Engine
from alecia_pipeline.config import BuilderConfig, Config
from alecia_pipeline.images.checks.boot import LABEL, Outcome, Trial
from alecia_pipeline.images.checks.check import NAMES, Check
from alecia_pipeline.images.ports import Archive
from alecia_pipeline.images.reference import image_repository, key_tag
from alecia_pipeline.operations.building import ImageBuilder
from alecia_pipeline.operations.planning import make_plan
from alecia_pipeline.operations.registries import open_registry
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.release.model import ImageResult
from alecia_pipeline_tests.box import open_box, sample_files
from alecia_pipeline_tests.conftest import Repository, git, write
from alecia_pipeline_tests.monorepo import mini
from alecia_pipeline_tests.shop import Shop, wait_until

pytestmark = pytest.mark.engine

VALUE = "5f2a9c7d1e3b8a604c1d"

SERVER = """\
const http = require("http");
http.createServer((request, response) => {
  response.statusCode = request.url === "/health" ? 200 : 404;
  response.end(process.env.DATABASE_URL);
}).listen(3000);
"""
DOCKERFILE = """\
FROM node:20-alpine
WORKDIR /app
COPY apps/cms/server.js apps/cms/package.json ./
USER node
EXPOSE 3000
HEALTHCHECK CMD ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:3000/health"]
CMD ["node", "server.js"]
"""
WITHOUT_HEALTH_CHECK = "\n".join(line for line in DOCKERFILE.splitlines() if "HEALTH" not in line)
CONFIG = "apps: {cms: {package: '@mini/cms', checks: {boot_seconds: 3}}}\n"
COMPOSE = """\
services:
  cms: {image: cms, environment: {DATABASE_URL: "postgres://a:${DB_PASSWORD}@db/a"}, volumes: ["data:/data"]}
"""


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    return open_box()


@pytest.fixture
def runner(sandbox: Sandbox, repository: Repository, tmp_path: Path) -> Runner:
    status = sandbox.status()
    files = {"alecia.yaml": CONFIG, "apps/cms/Dockerfile": DOCKERFILE, "apps/cms/server.js": SERVER}
    repo = repository(mini({**files, "apps/website/Dockerfile": None, "docker-compose.production.yml": COMPOSE}))
    registry = f"{status.registry}/checks-{os.getpid()}-{tmp_path.name[:40].lower().strip('_')}"
    builder = BuilderConfig(contexts=sandbox.build_contexts(), docker_config=str(status.docker_config))
    return Runner(repo, Config(registry=registry, builder=builder), print)


def build(runner: Runner, dockerfile: str = DOCKERFILE, server: str = SERVER) -> ImageResult:
    write(runner.repo, {"apps/cms/Dockerfile": dockerfile, "apps/cms/server.js": server})
    git(runner.repo, "commit", "--quiet", "--all", "--allow-empty", "--message=change")
    with ImageBuilder(runner, make_plan(runner)) as images:
        return images.result("cms")


def checks(result: ImageResult) -> dict[str, Check]:
    return {check.what: check for check in result.checks}


def is_tagged(runner: Runner, result: ImageResult) -> bool:
    name = runner.config.registry or ""
    with open_registry(runner, name) as registry:
        return registry.digest(image_repository(name, "cms"), key_tag(result.key)) is not None


def containers() -> list[str]:
    """Return the containers of this process's trials."""
    form = f'{{{{.Label "{LABEL}"}}}} {{{{.Names}}}}'
    listed = subprocess.run(
        ["docker", "ps", "--all", f"--filter=label={LABEL}", "--format", form],
        capture_output=True,
        text=True,
        check=True,
    )
    return [line for line in listed.stdout.splitlines() if f":{os.getpid()}:" in line]


def test_an_app_that_answers_is_tagged(runner: Runner) -> None:
    result = build(runner)
    found = checks(result)
    assert found["boots"].found.startswith("answered on /health after ")
    assert [found[what].verdict for what in NAMES] == ["passed", "passed", "passed", "not judged", "not judged"]
    assert is_tagged(runner, result)
    assert containers() == []
    again = build(runner)
    assert (again.reused, again.checks) == (True, ())


NEXT_APPS = {"website", "colab"}


@pytest.mark.timeout(900)
def test_the_samples_five_images_pass(
    sandbox: Sandbox, runner: Runner, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))  # a master key of the test's own
    sample = Runner(repository(sample_files()), runner.config, print)
    plan = make_plan(sample)
    with ImageBuilder(sample, plan) as images:
        images.start(app.name for app in plan.apps)
        results = {app.name: images.result(app.name) for app in plan.apps}
    assert len(results) == 5
    for app, result in results.items():
        found = checks(result)
        assert {what for what, check in found.items() if check.verdict not in {"passed", "not judged"}} == set(), app
        assert {what for what, check in found.items() if check.verdict == "passed"} >= {"secrets", "user", "boots"}, app
        assert found["boots"].found.startswith("answered on "), app
        assert ("Next.js' own keys" in found["secrets"].found) == (app in NEXT_APPS), app
        assert result.accepted
    assert {app for app, result in results.items() if checks(result)["dependencies"].ok} >= NEXT_APPS


@dataclass
class Forgetful:
    """The real engine, told that it knows layers which it has never seen."""

    engine: Engine = field(default_factory=Engine)

    def attempt(self, trial: Trial, archive: Archive) -> Outcome:
        everything = frozenset(blob.digest for blob in archive.blobs[1:])
        return self.engine.attempt(replace(trial, base=everything), archive)

    def cancel(self) -> None:
        self.engine.cancel()

    def close(self) -> None:
        self.engine.close()


def test_an_engine_that_lacks_layers_gets_them(runner: Runner) -> None:
    with ImageBuilder(runner, make_plan(runner), engine=Forgetful()) as images:
        result = images.result("cms")
    assert checks(result)["boots"].found.startswith("answered on /health after ")


def test_an_image_that_runs_as_root(runner: Runner) -> None:
    result = build(runner, DOCKERFILE.replace("USER node\n", ""))
    assert checks(result)["user"].found == "no user is declared, so it runs as root"
    assert not is_tagged(runner, result)
    assert make_plan(runner).app("cms").action == "build"


def test_the_command_fails_and_says_how_to_mend_it(runner: Runner, tmp_path: Path) -> None:
    write(runner.repo, {"apps/cms/Dockerfile": DOCKERFILE.replace("USER node\n", "")})
    git(runner.repo, "commit", "--quiet", "--all", "--message=root")
    config = tmp_path / "runner.yaml"
    config.write_text(yaml.safe_dump(runner.config.model_dump(mode="json", exclude_unset=True)))
    said = Shop(runner.repo, config, open_box(), tmp_path / "state").failure("build", "cms", status=1)
    assert "error: image/cms did not pass: user\n  where: image/cms\n  why: no user is declared" in said
    assert "  fix: add `USER node`" in said
    assert make_plan(runner).app("cms").action == "build"


def test_a_secret_in_a_file_that_a_later_layer_deletes(runner: Runner) -> None:
    leaking = DOCKERFILE.replace("USER", f"RUN echo API_KEY={VALUE} > .env\nRUN rm .env\nUSER")
    found = checks(build(runner, leaking))["secrets"]
    assert ".env:1 (layer " in found.found
    assert "API_KEY stands here in clear; a later layer deletes the file" in found.found
    assert "history, RUN: API_KEY stands there in clear" in found.found
    assert VALUE not in found.found


def test_a_secret_in_the_environment_and_its_history(runner: Runner) -> None:
    result = build(runner, DOCKERFILE.replace("USER", f"ENV API_KEY={VALUE}\nUSER"))
    assert checks(result)["secrets"].found.splitlines() == [
        "ENV API_KEY: its value stands there in clear",
        "history, ENV: API_KEY stands there in clear",
    ]
    assert not is_tagged(runner, result)


def test_a_value_of_the_runners_environment_in_base64(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NPM_TOKEN", VALUE)
    dockerfile = DOCKERFILE.replace("USER", "ARG T\nRUN printf %s user:$T | base64 > auth && rm -f /tmp/x\nUSER")
    write(runner.repo, {"alecia.yaml": CONFIG.replace("checks:", f"build_args: {{T: {VALUE}}}, checks:")})
    found = checks(build(runner, dockerfile))["secrets"].found
    assert "app/auth (layer " in found
    assert "the value of the environment variable NPM_TOKEN stands here" in found


def test_an_app_that_ends_at_once(runner: Runner) -> None:
    result = build(runner, server='require("left-pad");\n')
    boots = checks(result)["boots"]
    assert boots.refuses
    assert boots.found.startswith("it ended with 1 after ")
    assert "Error: Cannot find module 'left-pad'" in boots.found
    assert not is_tagged(runner, result)
    assert containers() == []


@pytest.mark.parametrize("dockerfile", [DOCKERFILE, WITHOUT_HEALTH_CHECK], ids=["health check", "none"])
def test_an_app_that_never_answers(runner: Runner, dockerfile: str) -> None:
    result = build(runner, dockerfile, 'console.log("waiting"); setInterval(() => {}, 1000);\n')
    boots = checks(result)["boots"]
    assert boots.refuses
    assert boots.found.splitlines()[0].startswith("it did not answer within 3 s")
    assert boots.found.splitlines()[-1] == "  waiting"
    assert not is_tagged(runner, result)
    assert containers() == []


def test_a_program_that_the_image_has_not(runner: Runner) -> None:
    boots = checks(build(runner, DOCKERFILE.replace('CMD ["node"', 'CMD ["nodee"')))["boots"]
    assert boots.refuses
    assert "nodee" in boots.found


def test_an_app_that_cannot_start_without_its_database(runner: Runner) -> None:
    needing = 'require("dns").lookup(new URL(process.env.DATABASE_URL).hostname, (error) => { throw error; });\n'
    result = build(runner, server=needing)
    boots = checks(result)["boots"]
    assert (boots.verdict, boots.severity) == ("not judged", "warning")
    assert "it needs something over the network: " in boots.found
    assert is_tagged(runner, result)


def test_an_app_without_a_health_check_is_asked_where_it_listens(runner: Runner) -> None:
    assert checks(build(runner, WITHOUT_HEALTH_CHECK))["boots"].found.startswith("answered 404 on / after ")


def test_a_package_that_did_not_come_along(runner: Runner) -> None:
    dockerfile = DOCKERFILE.replace(
        "USER", "RUN mkdir -p node_modules/@mini/x && ln -s ../../db node_modules/@mini/db\nUSER"
    )
    result = build(runner, dockerfile)
    found = checks(result)["dependencies"]
    assert (found.verdict, found.found) == ("warning", "@mini/db cannot be resolved from /app, of 1 dependencies")
    assert is_tagged(runner, result)


def test_the_size_is_compared_with_the_commit_before(runner: Runner) -> None:
    build(runner)
    grown = checks(build(runner, DOCKERFILE.replace("USER", "RUN head -c 60000000 /dev/urandom > large\nUSER")))["size"]
    assert grown.verdict == "warning"
    assert "MB (commit " in grown.found


INTERRUPTED = """\
import json, sys
from pathlib import Path
from alecia_pipeline.adapters.process import interrupt_on_signals
from alecia_pipeline.config import Config
from alecia_pipeline.operations.building import ImageBuilder
from alecia_pipeline.operations.planning import make_plan
from alecia_pipeline.operations.runner import Runner
interrupt_on_signals()
runner = Runner(Path(sys.argv[1]), Config.model_validate(json.loads(sys.argv[2])), print)
with ImageBuilder(runner, make_plan(runner)) as images:
    images.result("cms")
"""


def test_an_interrupted_run_takes_its_container_away(runner: Runner) -> None:
    write(
        runner.repo, {"alecia.yaml": CONFIG.replace("3", "300"), "apps/cms/server.js": "setInterval(() => {}, 1000);\n"}
    )
    git(runner.repo, "commit", "--quiet", "--all", "--message=change")
    command = [sys.executable, "-c", INTERRUPTED, str(runner.repo), json.dumps(runner.config.model_dump(mode="json"))]

    def started() -> list[str]:
        form = f'{{{{.Label "{LABEL}"}}}}'
        done = subprocess.run(
            ["docker", "ps", f"--filter=label={LABEL}", "--format", form], capture_output=True, text=True, check=True
        )
        return [line for line in done.stdout.splitlines() if f":{process.pid}:" in line]

    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        wait_until(lambda: bool(started()), 120, "the container of the trial")
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=240)
    assert "KeyboardInterrupt" in said
    assert started() == []
