"""YAML of a commit as plain values, read as the JavaScript tools do (version 1.2: `on` is a string).

Values are built from libyaml's events, not by PyYAML's composer: that one overflows the C stack on deep nesting
(a crash, not an exception), takes duplicate keys silently, and lets an alias bomb through.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from alecia_pipeline.source.documents import unparsable
from alecia_pipeline.source.text import decode

MAX_DEPTH = 100
"""Real manifests and lockfiles nest less than 10 levels."""

MAX_NODES = 5_000_000
"""Values after aliases are expanded: an alias bomb is small on disk and endless in memory."""

_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMERIC = frozenset("0123456789+-.")
_QUOTED = (False, True)
"""What libyaml says of a scalar in quotes; an alias counts as one where it stands for a key."""

_RADIX = {"0o": 8, "0x": 16}


def load_yaml(data: bytes, path: str) -> Any:
    """Parse YAML; of several documents, the last one (pnpm 11 puts one about its own tools first).

    Keys are strings, merge keys are applied. Raises UsageError with path and line.
    """
    text = decode(data, path)
    try:
        return _Builder(iter(yaml.parse(text, Loader=yaml.CSafeLoader))).last_document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        why = ", ".join(part for part in (error.context, error.problem) if part)
        raise unparsable("YAML", path, why, line=mark.line + 1 if mark else None) from error
    except (yaml.YAMLError, ValueError) as error:
        raise unparsable("YAML", path, str(error).splitlines()[0]) from error


def _scalar(text: str) -> Any:
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMERIC:
        return text
    if _INT.fullmatch(text):
        return int(text, _RADIX.get(text[:2], 10))
    if _FLOAT.fullmatch(text):
        return float(text.replace(".inf", "inf").replace(".Inf", "inf").replace(".INF", "inf").replace(".nan", "nan"))
    return text


@dataclass
class _Builder:
    """Turns one stream of events into values; `sizes` remembers what each anchor expands to."""

    events: Iterator[Any]
    anchors: dict[str, tuple[Any, int]] = field(default_factory=dict)
    nodes: int = 0

    def last_document(self) -> Any:
        value = None
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                self.anchors.clear()
                value = self._value(next(self.events), 0)
        return value

    def _value(self, event: Any, depth: int) -> Any:
        self._count(event, 1)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        before = self.nodes
        if isinstance(event, yaml.ScalarEvent):
            value = _scalar(event.value) if event.implicit[0] else event.value
        elif depth >= MAX_DEPTH:
            raise _problem(event, "nested too deeply")
        elif isinstance(event, yaml.MappingStartEvent):
            value = self._mapping(depth)
        else:
            value = self._sequence(depth)
        if event.anchor:
            self.anchors[event.anchor] = (value, self.nodes - before + 1)
        return value

    def _count(self, event: Any, nodes: int) -> None:
        self.nodes += nodes
        if self.nodes > MAX_NODES:
            raise _problem(event, "too many values; aliases expand without end")

    def _alias(self, event: Any) -> Any:
        if event.anchor not in self.anchors:
            raise _problem(event, f"alias *{event.anchor} stands for nothing before it")
        value, size = self.anchors[event.anchor]
        self._count(event, size)
        return value

    def _sequence(self, depth: int) -> list[Any]:
        values = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            values.append(self._value(event, depth + 1))
        return values

    def _mapping(self, depth: int) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self._key(event)
            value = self._value(next(self.events), depth + 1)
            if key == "<<" and getattr(event, "implicit", _QUOTED)[0]:
                merged = {**_merge(value, event), **merged}
                continue
            if key in mapping:
                raise _problem(event, f"duplicate key {key!r}")
            mapping[key] = value
        return {**merged, **mapping} if merged else mapping

    def _key(self, event: Any) -> str:
        if isinstance(event, yaml.AliasEvent):
            key = self._alias(event)
        else:
            key = event.value if isinstance(event, yaml.ScalarEvent) else None
            if getattr(event, "anchor", None):
                self.anchors[event.anchor] = (key, 1)
        if not isinstance(key, str):
            raise _problem(event, "a key must be a plain word or text")
        return key


def _merge(value: Any, event: Any) -> dict[str, Any]:
    parts = value if isinstance(value, list) else [value]
    if not all(isinstance(part, dict) for part in parts):
        raise _problem(event, "<< needs a mapping, or a list of them")
    return {key: part[key] for part in reversed(parts) for key in part}


def _problem(event: Any, text: str) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=text, problem_mark=event.start_mark)
