"""What asks git while an image is built: a context has no .git, so the answer is an error, or a stand-in."""

import re
from collections.abc import Iterator

from alecia_pipeline.audit.dockerfile.builds import Build
from alecia_pipeline.audit.dockerfile.run_text import script_of
from alecia_pipeline.audit.inputs.build_files import variables
from alecia_pipeline.audit.sources.lines import Lines
from alecia_pipeline.source.dockerfile import mounts, stages_needed

_COMMANDS = "rev-parse|describe|rev-list|symbolic-ref|log|show|ls-files|name-rev"
_COMMAND = re.compile(rf"(?<![\w./-])git (?:-\S+ )*(?:{_COMMANDS})\b")
_OWN = re.compile(r"(?<![\w./-])git (?:-\S+ )*(?:clone|init|fetch)\b")
_PACKAGES = (
    "git-rev-sync|git-rev|simple-git|git-last-commit|git-repo-info|git-describe|isomorphic-git|last-commit-log"
    "|git-commit-info|git-revision-webpack-plugin|vite-plugin-git-revision|next-build-id"
)
_IN_CODE = re.compile(
    (
        rf"[\"'`](git (?:-\S+ )*(?:{_COMMANDS}))\b|[\"'](git)[\"']\s*,\s*\[\s*[\"'](?:{_COMMANDS})[\"']"
        rf"|[\"'`/](\.git/(?:HEAD|refs|logs|packed-refs))\b|(?:from\s*|\(\s*)[\"']({_PACKAGES})[\"']"
    ).encode()
)
_FROM_ENVIRONMENT = re.compile(rb"process\.env(?:\.|\[[\"'])([A-Z][A-Z0-9_]*)")
_COMMENT = re.compile(rb"^\s*(?://|\*|/\*|#)")
_AROUND = 300
"""Bytes before a question to git in which a variable may answer it."""


def in_dockerfile(build: Build) -> Iterator[tuple[int, str]]:
    """Yield (line, command) of the RUNs that ask git; not of a repository that the build itself fetches."""
    stages = stages_needed(build.dockerfile, build.app.target, build.app.config.build_args)
    scripts = [(each, script_of(each) or "") for stage in stages for each in stage.instructions]
    if any(_OWN.search(text) for _, text in scripts):
        return
    for instruction, text in scripts:
        command = in_script(text) if instruction.keyword == "RUN" else None
        if command and not any(".git" in (mount.source or "") for mount in mounts(instruction)):
            yield instruction.line, command


def in_script(text: str) -> str | None:
    """Return the first command of a script that asks git, unless a variable comes before it."""
    match = _COMMAND.search(text)
    return match[0] if match and not re.search(r"\$\{\w+:-\$\(\s*$", text[: match.start()]) else None


def in_code(data: bytes, build: Build) -> Iterator[tuple[int, str]]:
    """Yield (line, what) of the places that ask git, unless a variable that the Dockerfile sets comes first."""
    if b"git" not in data:
        return
    lines = Lines(data)
    known = variables(build)
    for match in _IN_CODE.finditer(data):
        start = data.rfind(b"\n", 0, match.start()) + 1
        around = data[max(0, match.start() - _AROUND) : match.end()]
        answered = {name.decode() for name in _FROM_ENVIRONMENT.findall(around)}
        if not _COMMENT.match(data[start : match.start()]) and not answered & known:
            yield lines.at(match.start()), next(filter(None, match.groups())).decode()
