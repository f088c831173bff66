"""JSON of a commit as plain values. Hostile input (deep nesting, lone surrogates, huge numbers) is a UsageError."""

import json
import re
from collections.abc import Mapping
from typing import Any

from alecia_pipeline.errors import UsageError
from alecia_pipeline.source.text import decode

_SURROGATE = re.compile(r"\\ud[89a-f]", re.IGNORECASE)


def load_json(data: bytes, path: str) -> Any:
    """Parse JSON. Raises UsageError with path and line."""
    text = decode(data, path)
    try:
        value = json.loads(text)
        if _SURROGATE.search(text):
            json.dumps(value, ensure_ascii=False).encode()  # a lone surrogate could not be printed or hashed later
    except json.JSONDecodeError as error:
        raise unparsable("JSON", path, f"{error.msg} (column {error.colno})", line=error.lineno) from error
    except RecursionError as error:
        raise unparsable("JSON", path, "nested too deeply") from error
    except ValueError as error:
        raise unparsable("JSON", path, str(error)) from error
    return value


def unparsable(language: str, path: str, why: str, line: int | None = None) -> UsageError:
    """Return the error for a file that does not parse, or does not hold what it must."""
    where = f"{path}:{line}" if line else path
    return UsageError(f"{path} is not valid {language}", where=where, why=why, fix="mend it, then run this again")


def as_mapping(value: Any, path: str, what: str) -> Mapping[str, Any]:
    """Return `value` (an absent one as empty) when it is a mapping. Raises UsageError naming `what` else."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise UsageError(
            f"{path}: {what} must be a mapping",
            where=path,
            why=f"it is {value!r:.60}",
            fix=f"write {what} as keys and values",
        )
    return value


def as_strings(value: Any, path: str, what: str) -> Mapping[str, str]:
    """Return `value` as a mapping of strings. Raises UsageError naming the key that is not one."""
    mapping = as_mapping(value, path, what)
    for key, text in mapping.items():
        if not isinstance(text, str):
            raise UsageError(
                f"{path}: {what}.{key} must be a string",
                where=path,
                why=f"it is {text!r:.60}",
                fix=f"write {what}.{key} in quotes",
            )
    return mapping
