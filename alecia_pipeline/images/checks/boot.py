"""Whether an image starts and answers: the trial as values, and what its outcome says.

The container has no network, so that nothing it does is seen by anybody, no mount of this machine, and limits; all
else is as in production, a writable layer included. It is asked from inside: by the health check's command, else Node.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from alecia_pipeline.images.checks.check import BOOTS, Check, not_judged
from alecia_pipeline.images.checks.service import Service

LABEL = "alecia.check"
"""On every container of a trial; its value is the process that started it."""

MEMORY = "2g"
PROCESSES = 512
LOG_BYTES = "5m"

STEADY_SECONDS = 5.0
"""An app that nobody can ask is watched for so long."""

SHOWN_LINES = 20

_ASK = "fetch(process.argv[1]).then(r=>console.log(r.status),e=>{console.log(String(e.cause||e));process.exit(1)})"
_FIRST_FAULT = 500
_NO_PROGRAM = frozenset({126, 127})
"""What `docker exec` ends with where the program is not there, or is none."""

_BROKEN = re.compile(
    r"cannot find (?:module|package)|MODULE_NOT_FOUND|ERR_REQUIRE_ESM|ERR_UNKNOWN_FILE_EXTENSION|ERR_DLOPEN_FAILED"
    r"|SyntaxError|exec format error|executable file not found|could not find a production build"
    r"|permission denied|EACCES",
    re.IGNORECASE,
)
"""Faults that no database and no value would mend."""

_OUTSIDE = re.compile(
    r"EAI_AGAIN|ENOTFOUND|ECONNREFUSED|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|connection refused|network is unreachable"
    r"|name or service not known|name resolution|could not translate host name|no such host|getaddrinfo"
    r"|can't reach database",
    re.IGNORECASE,
)
"""What programs say when they want something over the network."""

_UNHEARD = re.compile(r"ECONNREFUSED|connection refused", re.IGNORECASE)
"""What who asks says where nobody listens: in a reply that is no word of the app's."""

_WANTS = re.compile(
    r"missing|required|undefined|not set|not defined|must be|must contain|invalid|expected", re.IGNORECASE
)
_VARIABLE = re.compile(r"\b(?!ERR_)[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b")

_FIX = "`docker run` starts it by hand; an app that cannot start alone: apps.<app>.checks.boot: false"


@dataclass(frozen=True)
class Trial:
    """One start. `image`: the name it is loaded under; `seconds`: how long it may take until it answers.

    `base`: digests of the layers that the engine has, most likely: it built on them.
    """

    app: str
    image: str
    service: Service
    seconds: float
    base: frozenset[str] = frozenset()

    @property
    def question(self) -> tuple[str, ...] | None:
        """The command to run inside: its status 0 is an answer. None where nothing can be asked."""
        if self.service.health:
            return self.service.health
        return ("node", "-e", _ASK, f"http://127.0.0.1:{self.service.port}/") if self.service.port else None

    @property
    def patience(self) -> float:
        """Seconds until the outcome is known at the latest."""
        return self.seconds if self.question else min(self.seconds, STEADY_SECONDS)


@dataclass(frozen=True)
class Outcome:
    """How a trial ended. `answered`: the question had status 0; `ended`: the container did, with `status`.

    `silent`: it runs on; `unasked`: it runs, and has no program to ask with. `reply`: what the question printed last;
    `log`: the container's last lines.
    """

    state: Literal["answered", "ended", "silent", "unasked", "out of memory"]
    seconds: float
    status: int = 0
    reply: str = ""
    log: tuple[str, ...] = ()


def run_command(trial: Trial, name: str, owner: str, environment_file: str) -> tuple[str, ...]:
    """Return the command that starts the container. Values of variables are in the file, never on the command line."""
    service = trial.service
    entrypoint, *first = service.entrypoint or ("",)
    options = {
        "--name": name,
        "--label": f"{LABEL}={owner}",
        "--network": "none",
        "--pull": "never",
        "--memory": MEMORY,
        "--pids-limit": str(PROCESSES),
        "--log-driver": "json-file",
        "--log-opt": f"max-size={LOG_BYTES}",
        "--env-file": environment_file,
        "--user": service.user,
        "--workdir": service.workdir,
        "--entrypoint": entrypoint,
    }
    argv = ["docker", "run", "--detach", *(f"{option}={value}" for option, value in options.items() if value)]
    argv += [f"--volume={target}" for target in service.volumes]
    argv += [f"--tmpfs={target}" for target in service.tmpfs]
    return (*argv, trial.image, *first, *(service.command or ()))


def environment_file(environment: Mapping[str, str]) -> str:
    """Return the variables as `docker run --env-file` reads them. A value of several lines cannot be given so."""
    return "".join(f"{name}={value}\n" for name, value in environment.items() if "\n" not in value)


def cannot_ask(status: int) -> bool:
    """Tell by the status of a question whether the image has no program for it."""
    return status in _NO_PROGRAM


def judge_boot(trial: Trial, outcome: Outcome, path: str) -> Check:
    """Return the verdict. `path`: what the health check asks for."""
    took = f"after {outcome.seconds:.1f} s"
    if outcome.state == "answered":
        return _answered(trial, outcome, path, took)
    if outcome.state == "unasked" or (outcome.state == "silent" and not trial.question):
        why = f"it runs {took}; there is no health check, and nothing in the image to ask with"
        return not_judged(BOOTS, why, severity="info", fix="add HEALTHCHECK to its Dockerfile")
    reply = () if _UNHEARD.search(outcome.reply) else (outcome.reply,)
    wanted = _wanted(trial.service, (*outcome.log, *reply), ended=outcome.state == "ended")
    if wanted:
        return not_judged(BOOTS, f"it needs {wanted}", fix="let its health check answer without; or checks.boot: false")
    return Check(what=BOOTS, ok=False, found="\n".join([_failure(trial, outcome, took), *_tail(outcome.log)]), fix=_FIX)


def _answered(trial: Trial, outcome: Outcome, path: str, took: str) -> Check:
    if trial.service.health:
        return Check(what=BOOTS, ok=True, found=f"answered on {path} {took}")
    status = outcome.reply.strip()
    if status.isdecimal() and int(status) >= _FIRST_FAULT:
        why = f"it answers {status} on / {took}, and there is no health check that says where to ask"
        return not_judged(BOOTS, why, fix="add HEALTHCHECK to its Dockerfile")
    return Check(what=BOOTS, ok=True, found=f"answered {status} on / {took}; there is no health check")


def _failure(trial: Trial, outcome: Outcome, took: str) -> str:
    if outcome.state == "out of memory":
        return f"it took more than {MEMORY} of memory and was killed {took}"
    if outcome.state == "ended":
        return f"it ended with {outcome.status} {took}"
    asked = f": {outcome.reply.strip().splitlines()[-1]}" if outcome.reply.strip() else ""
    return f"it did not answer within {trial.seconds:.0f} s{asked}"


def _wanted(service: Service, lines: Iterable[str], *, ended: bool) -> str | None:
    """Return what the app lacks here and has in production, if its last words say so."""
    text = "\n".join(lines)
    if _BROKEN.search(text):
        return None
    for target in service.lacks:
        if target in text:
            return f"what is mounted at {target}"
    line = next((line.strip() for line in reversed(text.splitlines()) if _OUTSIDE.search(line)), None)
    if line:
        return f"something over the network: {line}"
    names = _named(service, text) if ended and _WANTS.search(text) else ()
    return f"real values: {', '.join(names)}" if names else None


def _named(service: Service, text: str) -> list[str]:
    """Return the variables that a text names and that have no real value here; each once, in their order."""
    found = dict.fromkeys(_VARIABLE.findall(text))
    return [name for name in found if name in service.made_up or not (service.complete or name in service.environment)]


def _tail(lines: tuple[str, ...]) -> list[str]:
    return [f"  {line}" for line in lines[-SHOWN_LINES:]] or ["  it wrote no log"]
