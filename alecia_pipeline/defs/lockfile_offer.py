"""What the asset `lockfile` offers when it is stale: the regenerated file as a diff, from pnpm in a container."""

import os
import warnings
from collections.abc import Mapping
from pathlib import Path

import dagster as dg
from dagster_docker import PipesDockerClient

from alecia_pipeline.adapters.engine import ensure_image, remove_labelled
from alecia_pipeline.adapters.pnpm import IN_CONTAINER, laid_out
from alecia_pipeline.audit.manifests.regeneration import Regeneration
from alecia_pipeline.errors import AleciaError, OutsideError
from alecia_pipeline.operations.outcome import Fact, Markdown
from alecia_pipeline.source.lockfile import LOCKFILE

LABEL = "alecia-lockfile-run"
"""Label of the container; its value is the run's id. The Pipes client leaves its containers behind."""

_FOLDER = "/repo"


def offer(context: dg.AssetExecutionContext, wanted: Regeneration, docker_config: Path | None) -> Mapping[str, Fact]:
    """Return the facts `regenerated` and `difference`, or why there is none: a missing engine stops no release."""
    try:
        written = _regenerated(context, wanted, docker_config)
    except AleciaError as error:
        return not_regenerated(error)
    except Exception as error:  # noqa: BLE001 - engine, network and Pipes fail in many ways; an offer may not
        return not_regenerated(_did_not_run(wanted, error))
    return {"regenerated": True, "difference": Markdown(wanted.difference(written) or "pnpm writes the same file")}


def _did_not_run(wanted: Regeneration, error: Exception) -> OutsideError:
    return OutsideError(
        "pnpm did not run", where=wanted.image, why=str(error), fix="`alecia doctor` says whether the engine answers"
    )


def not_regenerated(error: AleciaError) -> Mapping[str, Fact]:
    """Return the facts of an offer that could not be made."""
    return {"regenerated": False, "difference": f"not regenerated: {error.what}: {error.why or 'no reason given'}"}


def _regenerated(context: dg.AssetExecutionContext, wanted: Regeneration, docker_config: Path | None) -> bytes:
    ensure_image(wanted.image, docker_config)
    with laid_out(wanted) as folder:
        try:
            with warnings.catch_warnings():
                # The Pipes client's own class calls a preview of its own base; a user can do nothing about it.
                warnings.simplefilter("ignore", dg.PreviewWarning)
                _run_pnpm(context, wanted, folder)
        finally:
            remove_labelled(f"{LABEL}={context.run.run_id}")
        return (folder / LOCKFILE).read_bytes()


def _run_pnpm(context: dg.AssetExecutionContext, wanted: Regeneration, folder: Path) -> None:
    """Run the container to its end. It gets the folder and nothing else of this machine: no login, no secret."""
    done = PipesDockerClient().run(
        context=context,
        image=wanted.image,
        command=wanted.command(_FOLDER),
        container_kwargs={
            "labels": {LABEL: context.run.run_id},
            "environment": dict(IN_CONTAINER),
            "user": f"{os.getuid()}:{os.getgid()}",
            "volumes": {str(folder): {"bind": _FOLDER, "mode": "rw"}},
            "working_dir": IN_CONTAINER["HOME"],
            "cap_drop": ["ALL"],
            "security_opt": ["no-new-privileges"],
        },
    )
    ends = done.get_custom_messages()
    if not ends or not ends[-1]["ok"]:
        why = ends[-1]["text"] if ends else "it said nothing"
        raise OutsideError("pnpm failed", where=wanted.image, why=why, fix="run `pnpm install --lockfile-only`")
