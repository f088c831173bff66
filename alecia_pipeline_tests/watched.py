"""`alecia ui` on a bare repository that one pushes to, asked as its web page asks it: over GraphQL."""

import contextlib
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from alecia_pipeline_tests.conftest import free_port, git
from alecia_pipeline_tests.shop import Shop, wait_until

LOCATION = "alecia_pipeline.definitions"
_REPOSITORY = f'repositoryName: "__repository__", repositoryLocationName: "{LOCATION}"'
_RUN = "runId status jobName tags { key value } assetSelection { path }"
_MADE = "events { __typename ... on MaterializationEvent { assetKey { path } } }"
_TICKS = "ticks(limit: 50) { tickId status skipReason runIds }"


@dataclass(frozen=True)
class Watched:
    """The bare repository, and Dagster watching it."""

    shop: Shop
    bare: Path
    url: str

    def ask(self, query: str) -> dict[str, Any]:
        """Return what GraphQL answers."""
        answer = httpx.post(f"{self.url}/graphql", json={"query": query}, timeout=60).raise_for_status().json()
        assert "errors" not in answer, answer
        found: dict[str, Any] = answer["data"]
        return found

    def push(self) -> str:
        """Push the shop's head and return it."""
        git(self.shop.repo, "push", "--quiet", "--force", str(self.bare), "HEAD:refs/heads/main")
        return git(self.shop.repo, "rev-parse", "HEAD").strip()

    def ticks(self, sensor: str = "staging_push") -> list[dict[str, Any]]:
        """Return the ended ticks of a sensor, oldest first."""
        found = self.ask(
            f"{{ sensorOrError({_selector(sensor)}) {{ ... on Sensor {{ sensorState {{ {_TICKS} }} }} }} }}"
        )
        ticks: list[dict[str, Any]] = found["sensorOrError"].get("sensorState", {}).get("ticks", [])
        return [tick for tick in reversed(ticks) if tick["status"] != "STARTED"]

    def tick_that_says(self, text: str) -> dict[str, Any]:
        """Wait for a tick whose reason to skip holds a text; a failed tick is an error."""
        found: list[dict[str, Any]] = []

        def seen() -> bool:
            ticks = self.ticks()
            failed = [tick for tick in ticks if tick["status"] == "FAILURE"]
            assert not failed, failed
            found.extend(tick for tick in ticks if text in (tick["skipReason"] or ""))
            return bool(found)

        wait_until(seen, 90, f"a tick that says {text!r}")
        return found[0]

    def start_sensor(self) -> None:
        """Switch the push sensor on, as its page does."""
        self.ask(f"mutation {{ startSensor({_selector('staging_push')}) {{ __typename }} }}")

    def stop_sensor(self) -> None:
        """Switch the push sensor off."""
        state = self.ask(
            f"{{ sensorOrError({_selector('staging_push')}) {{ ... on Sensor {{ sensorState {{ id }} }} }} }}"
        )
        identity = state["sensorOrError"]["sensorState"]["id"]
        self.ask(f'mutation {{ stopSensor(id: "{identity}") {{ __typename }} }}')

    def runs(self, commit: str) -> list[dict[str, Any]]:
        """Return the runs of a commit that Dagster launched, newest first; those of the command line are left out."""
        found = self.ask(f"{{ runsOrError(limit: 50) {{ ... on Runs {{ results {{ {_RUN} }} }} }} }}")
        runs: list[dict[str, Any]] = found["runsOrError"]["results"]
        tags = [(run, {tag["key"]: tag["value"] for tag in run["tags"]}) for run in runs]
        return [run for run, of in tags if of.get("alecia/commit") == commit and "alecia/process" not in of]

    def run_of(self, commit: str) -> dict[str, Any]:
        """Wait for a run of a commit, and return it; more than one is an error."""
        wait_until(lambda: bool(self.runs(commit)), 90, f"a run of {commit[:12]}")
        (run,) = self.runs(commit)
        return run

    def status(self, run: str) -> str:
        """Return the status of a run."""
        found: str = self.ask(f'{{ runOrError(runId: "{run}") {{ ... on Run {{ status }} }} }}')["runOrError"]["status"]
        return found

    def ended(self, run: str) -> str:
        """Wait until a run has ended and return its status."""
        wait_until(lambda: self.status(run) in {"SUCCESS", "FAILURE", "CANCELED"}, 400, f"the end of run {run}")
        return self.status(run)

    def terminate(self, run: str) -> None:
        """Cancel a run, as its button does."""
        done = self.ask(f'mutation {{ terminateRun(runId: "{run}") {{ __typename }} }}')
        assert done["terminateRun"]["__typename"] == "TerminateRunSuccess", done

    def made(self, run: str) -> set[str]:
        """Return the assets that a run materialized."""
        found = self.ask(f'{{ logsForRun(runId: "{run}", limit: 1000) {{ ... on EventConnection {{ {_MADE} }} }} }}')
        events = found["logsForRun"]["events"]
        return {"/".join(e["assetKey"]["path"]) for e in events if e["__typename"] == "MaterializationEvent"}


def _selector(sensor: str) -> str:
    return f'sensorSelector: {{{_REPOSITORY}, sensorName: "{sensor}"}}'


def selection(run: dict[str, Any]) -> set[str]:
    """Return the assets that a run selects."""
    return {"/".join(key["path"]) for key in run["assetSelection"] or ()}


@contextlib.contextmanager
def watching(shop: Shop, bare: Path) -> Iterator[Watched]:
    """Clone the shop into a bare repository and start `alecia ui` on it."""
    git(shop.repo, "clone", "--quiet", "--bare", str(shop.repo), str(bare))
    port = free_port()
    process = shop.start("ui", "--repo", str(bare), "--port", str(port))
    try:
        watched = Watched(shop, bare, f"http://127.0.0.1:{port}")
        wait_until(lambda: _answers(watched, process), 120, "Dagster's UI")
        yield watched
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def _answers(watched: Watched, process: subprocess.Popen[bytes]) -> bool:
    assert process.poll() is None, f"alecia ui ended with {process.returncode}"
    with contextlib.suppress(httpx.TransportError):
        return bool(watched.ticks())
    return False
