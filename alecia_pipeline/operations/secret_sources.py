"""The values of the runner's own secrets, from where its configuration says."""

import os
from pathlib import Path

from alecia_pipeline.config import SecretSource
from alecia_pipeline.errors import UsageError
from alecia_pipeline.redaction import Secret

LARGEST = 100_000
"""Bytes of a value: Linux takes 131,072 for one variable of the environment (MAX_ARG_STRLEN)."""


def secret_value(where: str, source: SecretSource) -> Secret:
    """Return the value of the setting `where`. Raises UsageError when it cannot be read, is empty, or is no text.

    What fails to decode or encode is no cause of the error: it would carry the value.
    """
    text = _from_file(where, Path(source.file).expanduser()) if source.file else os.environ.get(str(source.env), "")
    if not text:
        raise _unusable(where, source, "it is empty or not set")
    if not _can_be_passed_on(text):
        raise _unusable(where, source, f"a value is text of at most {LARGEST:,} bytes")
    return Secret(text)


def _can_be_passed_on(text: str) -> bool:
    try:
        return "\0" not in text and len(text.encode()) <= LARGEST
    except UnicodeEncodeError:  # bytes of the environment that are no UTF-8
        return False


def _from_file(where: str, path: Path) -> str:
    try:
        return path.read_text()
    except OSError as error:
        raise _unusable(where, SecretSource(file=str(path)), str(error.strerror)) from error
    except UnicodeDecodeError:
        raise _unusable(where, SecretSource(file=str(path)), "it is not text") from None


def _unusable(where: str, source: SecretSource, why: str) -> UsageError:
    named = f"the file {source.file}" if source.file else f"the environment variable {source.env}"
    return UsageError(f"a secret cannot be read from {named}", where=where, why=why, fix="set it for this runner")
