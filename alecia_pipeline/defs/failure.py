"""The one translation of errors into Dagster's failures: the fix in the metadata, no secret in the text."""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from alecia_pipeline.errors import AleciaError, ExitCode
from alecia_pipeline.redaction import Redactor

EXIT_CODE = "exit_code"
"""Metadata entry with which the command line exits."""


@contextmanager
def translated(redactor: Redactor) -> Iterator[None]:
    """Turn whatever is raised inside into a `dg.Failure` without secrets. Cancelling a run passes through."""
    try:
        yield
    except dg.Failure:
        raise
    except AleciaError as error:
        raise failure(error, redactor) from None
    except Exception as error:  # noqa: BLE001 - a bug's traceback is kept, but without the secrets it may quote
        text = redactor("".join(traceback.format_exception(error)))
        raise dg.Failure(text, metadata={EXIT_CODE: int(ExitCode.FAILED)}, allow_retries=False) from None


def failure(error: AleciaError, redactor: Redactor) -> dg.Failure:
    """Return the failure that says the same as `error`."""
    details = {label: dg.MetadataValue.text(redactor(text)) for label, text in error.details()}
    metadata = {**details, EXIT_CODE: dg.MetadataValue.int(int(error.exit_code))}
    return dg.Failure(redactor(error.what), metadata=metadata, allow_retries=False)
