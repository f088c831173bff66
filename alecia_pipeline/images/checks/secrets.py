"""Whether an image gives away a secret: in a file of any layer, in its environment, its labels, its history."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from alecia_pipeline.images.checks.check import SECRETS, Check
from alecia_pipeline.images.checks.layers import Contents
from alecia_pipeline.images.checks.needles import Known, Needles
from alecia_pipeline.source.secret_forms import assigned_secrets, is_secret

SHOWN = 10
"""Places told by name; the rest is counted."""

NEXT_NAMES = frozenset({"NEXT_SERVER_ACTIONS_ENCRYPTION_KEY", "__NEXT_PREVIEW_MODE_ID"}) | {
    f"__NEXT_PREVIEW_MODE_{use}_KEY" for use in ("SIGNING", "ENCRYPTION")
}
"""Next.js' own keys of an app: it writes them into the image anyway."""

_FIX = (
    "take it out where it comes in (.dockerignore, COPY, ARG, ENV); a build takes it by `RUN --mount=type=secret`. "
    "Then replace it: the image was pushed. What only looks like one: apps.<app>.checks.not_secret"
)


@dataclass(frozen=True)
class Described:
    """What an image says of itself, and what it has of that from its base: two configs, as OCI defines them."""

    config: Mapping[str, Any]
    base: Mapping[str, Any]

    def run(self, key: str) -> Any:
        """Return a member of the settings that a container starts with, None where there is none."""
        return (self.config.get("config") or {}).get(key)

    @property
    def environment(self) -> tuple[str, ...]:
        """The variables, as NAME=value, that the base has not."""
        inherited = set((self.base.get("config") or {}).get("Env") or ())
        return tuple(each for each in self.run("Env") or () if each not in inherited)

    @property
    def labels(self) -> Mapping[str, str]:
        """The labels that the base has not."""
        inherited = (self.base.get("config") or {}).get("Labels") or {}
        return {name: value for name, value in (self.run("Labels") or {}).items() if inherited.get(name) != value}

    @property
    def history(self) -> tuple[str, ...]:
        """The instructions above the base's. BuildKit changes the dates of the base's own, and nothing else."""
        own, base = (_instructions(config) for config in (self.config, self.base))
        return own[len(base) :] if own[: len(base)] == base else own


def _instructions(config: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(step.get("created_by", "")) for step in config.get("history") or ())


def judge_secrets(contents: Contents, described: Described, needles: Needles) -> Check:
    """Return the verdict. No value is ever told."""
    places = [*dict.fromkeys((*_in_files(contents), *_in_config(described, needles)))]
    if not places:
        return Check(what=SECRETS, ok=True, found=_clean(contents))
    more = [f"and {len(places) - SHOWN} more"] if len(places) > SHOWN else []
    return Check(what=SECRETS, ok=False, found="\n".join([*places[:SHOWN], *more]), fix=_FIX)


def _clean(contents: Contents) -> str:
    own = f"; Next.js' own keys, made for this app alone, in {', '.join(sorted(contents.next_keys))}"
    return f"none in {len(contents.files):,} paths and the history" + (own if contents.next_keys else "")


def _in_files(contents: Contents) -> Iterator[str]:
    for seen in contents.sightings:
        place = seen.path if seen.line is None else f"{seen.path}:{seen.line}"
        left = "" if seen.path in contents.files else "; a later layer deletes the file, and this one still has it"
        yield f"{place} (layer {seen.layer}): {seen.what}{left}"


def _in_config(described: Described, needles: Needles) -> Iterator[str]:
    for variable in described.environment:
        name, _, value = variable.partition("=")
        yield from _told(f"ENV {name}", name, value, needles)
    for name, value in described.labels.items():
        yield from _told(f"LABEL {name}", name, value, needles)
    for instruction in described.history:
        place = f"history, {instruction.partition(' ')[0]}"
        yield from (f"{place}: {name} stands there in clear" for name in _assigned(instruction))
        yield from _known(place, instruction, needles)
    for key in ("Cmd", "Entrypoint"):
        yield from _known(key.upper(), "\n".join(map(str, described.run(key) or ())), needles)


def _told(place: str, name: str, value: str, needles: Needles) -> Iterator[str]:
    if name not in NEXT_NAMES and is_secret(name, value):
        yield f"{place}: its value stands there in clear"
    yield from _known(place, value, needles)


def _assigned(instruction: str) -> Iterator[str]:
    return (name for name in assigned_secrets(instruction) if name not in NEXT_NAMES)


def _known(place: str, text: str, needles: Needles) -> Iterator[str]:
    data = text.encode(errors="surrogateescape")
    for found in needles.find(data, len(data), shapes=True):
        yield f"{place}: " + (f"the value of {found.name}" if isinstance(found, Known) else f"it holds {found}")
