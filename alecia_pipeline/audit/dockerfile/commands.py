"""Shell text of RUN instructions and scripts as commands, as far as the audit must understand them."""

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

_SEPARATOR = re.compile(r"\\\n|(\"(?:[^\"\\]|\\.)*\"|'[^']*')|(&&|\|\||;|\n|\||&)", re.DOTALL)
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=.*", re.DOTALL)
_PNPM = re.compile(r"pnpm(@\S+)?")

_RUNNERS = frozenset({"npx", "pnpx", "bunx"})
"""They fetch what is not installed, and start it."""

_WRAPPERS = _RUNNERS | {
    "env", "exec", "sudo", "corepack", "time", "-y", "--yes", "-q", "--quiet", "if", "then", "else", "elif", "while",
    "until", "do", "set", "!", "{", "(",
}  # fmt: skip
_VALUE_FLAGS = frozenset(
    {"-F", "--filter", "-C", "--dir", "--store-dir", "--reporter", "--loglevel", "--workspace-concurrency", "--prefix"}
)
_FILTERS = frozenset({"--filter", "-F", "--filter-prod"})


@dataclass(frozen=True, slots=True)
class ShellCommand:
    """One simple command: `folder` is where `cd`s before it led (relative to the start), `env` its own variables.

    `fetched`: started by npx and its like, which fetch what is not installed.
    """

    words: tuple[str, ...]
    folder: str = "."
    env: Mapping[str, str] = field(default_factory=dict)
    fetched: bool = False

    @property
    def program(self) -> str:
        """The name of what runs, without path and version."""
        return self.words[0].rpartition("/")[2].partition("@")[0] if self.words else ""


def parse_commands(text: str) -> Iterator[ShellCommand]:
    """Yield the commands of a shell text in order. Text that no shell could parse is split at white space."""
    folder = "."
    for part in _split(text):
        words = _words(part)
        env: dict[str, str] = {}
        fetched = False
        while words and (words[0] in _WRAPPERS or _ASSIGNMENT.fullmatch(words[0])):
            name, equals, value = words.pop(0).partition("=")
            fetched = fetched or name in _RUNNERS
            if equals:
                env[name] = value
        if len(words) > 1 and words[0] == "cd":
            folder = words[1] if words[1].startswith("/") else f"{folder}/{words[1]}"
        elif words:
            yield ShellCommand(tuple(words), folder, env, fetched)


def _split(text: str) -> list[str]:
    parts = [""]
    at = 0
    for match in _SEPARATOR.finditer(text):
        parts[-1] += text[at : match.start()] + (match[1] or ("" if match[2] else " "))
        at = match.end()
        if match[2]:
            parts.append("")
    parts[-1] += text[at:]
    return parts


def _words(part: str) -> list[str]:
    try:
        return shlex.split(part.strip().strip("()"), comments=True)
    except ValueError:
        return part.split()


@dataclass(frozen=True, slots=True)
class PnpmCall:
    """A call of pnpm: `options` before the subcommand, `arguments` after it."""

    command: ShellCommand
    subcommand: str
    options: tuple[str, ...]
    arguments: tuple[str, ...]

    @property
    def flags(self) -> tuple[str, ...]:
        """Every option of the call, before and after the subcommand."""
        return (*self.options, *(word for word in self.arguments if word.startswith("-")))

    @property
    def is_install(self) -> bool:
        """Whether it installs the workspace (not a tool, not one more package)."""
        return (
            self.subcommand in {"install", "i"} and not {"-g", "--global"} & set(self.flags) and not self._positional()
        )

    def _positional(self) -> list[str]:
        return [word for word in without_values(self.arguments) if not word.startswith("-")]

    def value(self, *names: str) -> str | None:
        """Return the value of an option, in any of its spellings."""
        words = (*self.options, *self.arguments)
        for index, word in enumerate(words):
            name, equals, value = word.partition("=")
            if name in names:
                return value if equals else next(iter(words[index + 1 :]), None)
        return None


def pnpm_call(command: ShellCommand) -> PnpmCall | None:
    """Return the command as a call of pnpm, or None when it is something else."""
    if not command.words or not _PNPM.fullmatch(command.words[0]):
        return None
    words = command.words[1:]
    at = 0
    while at < len(words) and words[at].startswith("-"):
        at += 2 if words[at] in _VALUE_FLAGS else 1
    if at >= len(words):
        return None
    return PnpmCall(command, words[at], words[:at], words[at + 1 :])


def filter_values(command: ShellCommand) -> Iterator[tuple[int, str]]:
    """Yield where a filter of pnpm or turbo stands among the words of a command, and its value (may be empty)."""
    for index, word in enumerate(command.words):
        name, equals, value = word.partition("=")
        if name in _FILTERS:
            yield index, value if equals else next(iter(command.words[index + 1 :]), "")


def without_values(words: tuple[str, ...]) -> Iterator[str]:
    """Yield words without those that are the value of the option before them."""
    skip = False
    for word in words:
        if not skip:
            yield word
        skip = word in _VALUE_FLAGS


def is_production(call: PnpmCall, env: Mapping[str, str | None], *, obeys_node_env: bool = True) -> bool:
    """Tell whether an install leaves devDependencies out: by flag, else by NODE_ENV (up to pnpm 9; tried)."""
    for word in reversed(call.flags):
        name, _, value = word.partition("=")
        if name in {"--prod", "--production", "-P"}:
            return value != "false"
        if name in {"--dev", "-D", "--no-prod"}:
            return False
    return obeys_node_env and {**env, **call.command.env}.get("NODE_ENV") == "production"
