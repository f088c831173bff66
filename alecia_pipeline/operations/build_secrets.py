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
from alecia_pipeline.redaction import Secret

KEY_BYTES = 32

LARGEST = 100_000
"""Bytes of a value: Linux takes 131,072 for one variable of the environment (MAX_ARG_STRLEN)."""


def build_secrets(runner: Runner, app: str, reads: Reads) -> dict[str, Secret]:
    """Return id -> value for the secrets that a build of `app` mounts, and have the log mask them.

    One that is not configured is left out, and the log says so. Raises UsageError when the Dockerfile requires it, or
    when its value cannot be read.
    """
    found: dict[str, Secret] = {}
    for name in reads.secrets:
        source = runner.config.builder.secrets.get(name)
        if source:
            found[name] = _value(f"builder.secrets.{name}", source)
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
    return _value("builder.app_key", source) if source else _own_master(state_folder() / "app-key")


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
    return _value("builder.app_key", SecretSource(file=str(path)))


def _value(where: str, source: SecretSource) -> Secret:
    text = _from_file(where, Path(source.file).expanduser()) if source.file else os.environ.get(str(source.env), "")
    if not text:
        raise _unusable(where, source, "it is empty or not set")
    if "\0" in text or len(text.encode()) > LARGEST:
        raise _unusable(where, source, f"a value is text of at most {LARGEST:,} bytes")
    return Secret(text)


def _from_file(where: str, path: Path) -> str:
    try:
        return path.read_text()
    except OSError as error:
        raise _unusable(where, SecretSource(file=str(path)), str(error.strerror)) from error
    except UnicodeDecodeError as error:
        raise _unusable(where, SecretSource(file=str(path)), "it is not text") from error


def _unusable(where: str, source: SecretSource, why: str) -> UsageError:
    named = f"the file {source.file}" if source.file else f"the environment variable {source.env}"
    return UsageError(f"a build secret cannot be read from {named}", where=where, why=why, fix="set it for this runner")


def _missing(app: str, name: str) -> UsageError:
    return UsageError(
        f"the build of {app} requires the secret {name}",
        where=f"builder.secrets.{name}",
        why="its Dockerfile mounts it with required=true, and no value is configured",
        fix=f"add `builder: {{secrets: {{{name}: {{env: NAME}}}}}}` to the runner's configuration",
    )
