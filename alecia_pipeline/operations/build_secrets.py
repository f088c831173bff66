"""The values of the secrets that a build mounts. They reach the builder in the environment, and nothing else."""

import os
import secrets
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

from alecia_pipeline.adapters.state import state_folder
from alecia_pipeline.config import SecretSource
from alecia_pipeline.errors import UsageError
from alecia_pipeline.images.app_key import APP_KEY, app_key
from alecia_pipeline.images.reads import Reads
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.operations.secret_sources import secret_value
from alecia_pipeline.redaction import Secret

KEY_BYTES = 32


def build_secrets(runner: Runner, app: str, reads: Reads) -> dict[str, Secret]:
    """Return id -> value for the secrets that a build of `app` mounts, and have the log mask them.

    One that is not configured is left out, and the log says so. Raises UsageError when the Dockerfile requires it, or
    when its value cannot be read.
    """
    found: dict[str, Secret] = {}
    for name in reads.secrets:
        source = runner.config.builder.secrets.get(name)
        if source:
            found[name] = secret_value(f"builder.secrets.{name}", source)
        elif name == APP_KEY:
            found[name] = app_key(_master(runner), app)
        elif name in reads.required:
            raise _missing(app, name)
        else:
            runner.log(f"{app} | the secret {name} is not configured (builder.secrets): the build gets none")
    runner.redactor.learn(found.values())
    return found


def _master(runner: Runner) -> Secret:
    source = runner.config.builder.app_key
    return secret_value("builder.app_key", source) if source else _own_master(state_folder() / "app-key")


def _own_master(path: Path) -> Secret:
    """Return this runner's master key, made when there is none. Of two runs at once, the first one's counts."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        with NamedTemporaryFile("w", dir=path.parent, prefix="app-key-") as made:  # 0600 from the start
            made.write(secrets.token_hex(KEY_BYTES))
            made.flush()
            os.fsync(made.fileno())
            with suppress(FileExistsError):
                os.link(made.name, path)
    return secret_value("builder.app_key", SecretSource(file=str(path)))


def _missing(app: str, name: str) -> UsageError:
    return UsageError(
        f"the build of {app} requires the secret {name}",
        where=f"builder.secrets.{name}",
        why="its Dockerfile mounts it with required=true, and no value is configured",
        fix=f"add `builder: {{secrets: {{{name}: {{env: NAME}}}}}}` to the runner's configuration",
    )
