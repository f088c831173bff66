"""Dagster's own home: one folder per user, shared by the UI and by the commands that record runs."""

import os
from collections.abc import Iterable
from importlib import resources
from pathlib import Path

import dagster as dg

from alecia_pipeline.adapters.state import state_folder

INSTANCE_FILE = "dagster.yaml"


def dagster_home() -> Path:
    """Return the home, made and configured where it was not: `$DAGSTER_HOME`, else a folder of the user's state."""
    named = os.environ.get("DAGSTER_HOME")
    home = Path(named) if named else state_folder() / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    if not (home / INSTANCE_FILE).exists():
        template = resources.files("alecia_pipeline.defs").joinpath(INSTANCE_FILE)
        (home / INSTANCE_FILE).write_bytes(template.read_bytes())
    return home


def open_instance() -> dg.DagsterInstance:
    """Open the instance of the home; use it as a context manager."""
    return dg.DagsterInstance.from_config(str(dagster_home()))


def limit_pools(instance: dg.DagsterInstance, environments: Iterable[str]) -> None:
    """Let one run at a time act on an environment; the plain Materialize button respects pools, not tags."""
    for environment in environments:
        instance.event_log_storage.set_concurrency_slots(environment, 1)
