"""How the commands print: text for people, JSON to stdout and nothing else there, logs and errors to stderr."""

import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click
from pydantic import BaseModel

from alecia_pipeline.errors import AleciaError

if TYPE_CHECKING:
    from rich.console import Console

F = TypeVar("F", bound=Callable[..., Any])
"""A command's function, whose type a decorator must keep."""

FORMATS = ("text", "json")

PIPE_WIDTH = 160
"""Columns of a table where no terminal says how many there are."""


def format_option(*more: str) -> Callable[[F], F]:
    """Return the `--format` option, with formats beside text and json."""
    return click.option(
        "--format",
        "output",
        type=click.Choice((*FORMATS, *more)),
        default="text",
        show_default=True,
        help="Output form.",
    )


def stdout() -> "Console":
    """Return the console of results; colours only on a terminal."""
    from rich.console import Console  # noqa: PLC0415 - JSON is printed sooner without it

    width = None if sys.stdout.isatty() else PIPE_WIDTH
    return Console(file=sys.stdout, highlight=False, soft_wrap=True, width=width)


def log_line(line: str) -> None:
    """Print one line of progress to stderr."""
    click.echo(line, err=True)


def print_json(value: BaseModel | dict[str, Any]) -> None:
    """Print a value as one JSON document to stdout."""
    data = value.model_dump(mode="json", by_alias=True) if isinstance(value, BaseModel) else value
    click.echo(json.dumps(data, indent=2, ensure_ascii=False))


def print_error(error: AleciaError) -> None:
    """Print a handled error to stderr: what happened, then where, why and the fix."""
    from rich.console import Console  # noqa: PLC0415 - most commands print no error

    console = Console(file=sys.stderr, highlight=False, soft_wrap=True)
    console.print("error:", style="bold red", end=" ")
    console.print(error.what, markup=False)
    for label, text in error.details():
        console.print(f"  {label}:", style="bold", end=" ")
        console.print(text, markup=False)
