"""Where a command of a RUN may leave files that nobody can name: the simulation then says nothing about them."""

from collections.abc import Iterator

from alecia_pipeline.audit.dockerfile.commands import ShellCommand, pnpm_call
from alecia_pipeline.audit.dockerfile.filesystem import normal

_HARMLESS = frozenset({
    "[", "[[", "addgroup", "adduser", "apk", "apt", "apt-get", "awk", "cat", "chgrp", "chmod", "chown", "command",
    "corepack", "date", "dpkg", "echo", "esac", "exit", "export", "false", "fc-cache", "fi", "done", "find", "grep",
    "groupadd", "groupmod", "id", "ldconfig", "locale-gen", "ls", "microdnf", "mkdir", "printenv", "printf",
    "pwd", "rm", "rmdir", "sed", "sha256sum", "sleep", "test", "touch", "true", "uname", "unset",
    "update-ca-certificates", "useradd", "usermod", "which", "whoami", "yum", "dnf",
})  # fmt: skip
"""They bring no file of a repository: what they write are system folders, or what is there already."""

_ASKS = frozenset({"-e", "--eval", "-p", "--print", "-v", "--version"})
_TO_LAST_WORD = frozenset({"cp", "mv", "ln", "install", "rsync"})
_PACKAGE_MANAGERS = frozenset({"npm", "pnpm", "yarn", "bun", "turbo", "nx"})


def unknown_places(command: ShellCommand, folder: str) -> Iterator[str]:
    """Yield the folders (or files) below which a command, run in `folder`, may have put anything."""
    for at, word in enumerate(command.words):
        if word in {">", ">>"} and at + 1 < len(command.words):
            yield normal(folder, command.words[at + 1])
        elif word.startswith(">") and word.strip(">"):
            yield normal(folder, word.strip(">"))
    yield from _by_program(command, folder)


def _by_program(command: ShellCommand, folder: str) -> Iterator[str]:
    program, words = command.program, [word for word in command.words[1:] if not word.startswith("-")]
    if is_prune(command):
        yield normal(folder, _option(command, "--out-dir") or "out")
    elif program in _TO_LAST_WORD:
        yield normal(folder, words[-1]) if words else folder
    elif program == "tee":
        yield from (normal(folder, word) for word in words)
    elif program in _PACKAGE_MANAGERS:
        yield from _by_package_manager(command, folder)
    elif program not in _HARMLESS and not (program == "node" and _ASKS & set(command.words)):
        yield "/"


def _by_package_manager(command: ShellCommand, folder: str) -> Iterator[str]:
    """Installing brings packages only; deploying fills its target; every other call runs a script of somebody."""
    call = pnpm_call(command)
    if call and call.subcommand == "deploy" and call.arguments:
        yield normal(folder, call.arguments[-1])
    elif any(not word.startswith("-") for word in command.words[1:]) and not _installs(command):
        yield folder


def _installs(command: ShellCommand) -> bool:
    return bool({"install", "i", "ci", "add", "fetch", "config", "setup", "cache", "store"} & set(command.words))


def is_prune(command: ShellCommand) -> bool:
    """Tell whether a command is `turbo prune`, however turbo is started."""
    tools = [word.partition("@")[0] for word in command.words]
    return "turbo" in tools and "prune" in tools[tools.index("turbo") :]


def _option(command: ShellCommand, name: str) -> str | None:
    for at, word in enumerate(command.words):
        if word == name:
            return next(iter(command.words[at + 1 :]), None)
        if word.startswith(f"{name}="):
            return word.partition("=")[2]
    return None
