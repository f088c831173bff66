"""A container of an image that was just built, started on the engine to see whether it answers, and taken away."""

import json
import re
import threading
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from alecia_pipeline.adapters.interruptible import Ended, InterruptedProgramError, run_interruptibly
from alecia_pipeline.adapters.oci_archive import oci_archive
from alecia_pipeline.adapters.process import is_running, this_process
from alecia_pipeline.errors import OutsideError
from alecia_pipeline.images.checks.boot import (
    LABEL,
    SHOWN_LINES,
    Outcome,
    Trial,
    cannot_ask,
    environment_file,
    run_command,
)
from alecia_pipeline.images.ports import Archive

LOAD_SECONDS = 300
ANSWER_SECONDS = 30
"""For one question to the engine, or to the app: compose's own default for a health check."""

PAUSE_SECONDS = 0.1

_REPLY = 500
"""Characters of an answer's end."""

_IMAGES_FAULT = re.compile(
    r"exec:|exec format|unable to find (?:user|group)|no matching entries|chdir|no such file|permission denied"
)
"""Why a container was not started although the engine is sound."""


@dataclass(frozen=True)
class Engine:
    """The engine that the docker client leads to. `docker_config`: the client's settings; default: its own.

    Several trials at a time from several threads.
    """

    docker_config: Path | None = None
    _cancelled: threading.Event = field(default_factory=threading.Event)
    _aside: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, thread_name_prefix="forget"))

    def cancel(self) -> None:
        """End every trial that runs, and start no other."""
        self._cancelled.set()

    def close(self) -> None:
        """Wait until what trials left is gone. There is none after that."""
        self._aside.shutdown()

    def attempt(self, trial: Trial, archive: Archive) -> Outcome:
        """Load an image, start it, and see what becomes of it. Raises OutsideError when the engine does not take it.

        The container is gone afterwards, however this ends. The image stays until the next one of its app is tried:
        what they share, the base above all, need not be unpacked again.
        """
        self._sweep()
        with self._container(trial, archive) as (name, started):
            self._aside.submit(self._forget_others, trial.image)  # it takes a second or two
            return self._watch(trial, name, started)

    def _load(self, trial: Trial, archive: Archive, known: frozenset[str]) -> str:
        """Hand an image over, without the blobs that are known there; return why that failed, empty when it did not."""
        stream = oci_archive(archive, trial.image, known)
        loaded = self._docker("load", "--quiet", seconds=LOAD_SECONDS, stdin=stream)
        inspected = self._docker("image", "inspect", "--format={{.Id}}", trial.image)
        # An engine names an image by its manifest, one without containerd's store by its config.
        if inspected.out.strip() in {archive.digest, archive.blobs[0].digest}:
            return ""
        return loaded.text or inspected.text or "it did not take the image"

    def _forget_others(self, image: str) -> None:
        """Remove the app's earlier images; one that a container uses at this moment stays until the next time."""
        listed = self._docker("images", "--format={{.Repository}}:{{.Tag}}", image.partition(":")[0])
        others = [name for name in listed.out.split() if name != image]
        if others:
            self._docker("rmi", *others)

    @contextmanager
    def _container(self, trial: Trial, archive: Archive) -> Iterator[tuple[str, float]]:
        name = f"alecia-check-{trial.app}-{uuid.uuid4().hex[:12]}"
        with TemporaryDirectory(prefix="alecia-check-") as folder:
            variables = Path(folder) / "environment"
            variables.write_text(environment_file(trial.service.environment), errors="surrogateescape")
            command = run_command(trial, name, this_process(), str(variables))
            try:
                yield name, self._started(trial, archive, name, command)
            finally:
                self._remove(name)

    def _started(self, trial: Trial, archive: Archive, name: str, command: Sequence[str]) -> float:
        """Return when the container was started, in seconds of the clock.

        First without the base's layers, which the engine has: that takes 0.1 s in place of 1.5. It may have forgotten
        them, or another command, trying the same app, may have removed the image before it was used: then with all.
        """
        refusal = ""
        for known in (trial.base, frozenset[str]()):
            refusal = self._load(trial, archive, known)
            started = time.monotonic()
            run = None if refusal else self._docker(*command[1:])
            if run and (not run.status or not self._docker("container", "inspect", name).status):
                return started
            refusal = run.text if run else refusal
        raise _refused(trial.image, refusal)

    def _watch(self, trial: Trial, name: str, started: float) -> Outcome:
        reply = ""
        while True:
            state = self._state(name)
            seconds = time.monotonic() - started
            if state["Status"] != "running":
                return self._ended(name, state, seconds)
            if trial.question:
                answer = self._docker("exec", name, *trial.question)
                reply = answer.text[-_REPLY:]
                if answer.status == 0:
                    return Outcome("answered", time.monotonic() - started, reply=reply)
                if cannot_ask(answer.status) and not trial.service.health:
                    return Outcome("unasked", seconds)
            if seconds > trial.patience:
                return Outcome("silent", seconds, reply=reply, log=self._log(name))
            self._cancelled.wait(PAUSE_SECONDS)

    def _ended(self, name: str, state: dict[str, Any], seconds: float) -> Outcome:
        error = str(state.get("Error") or "")
        if state["Status"] == "created" and not _IMAGES_FAULT.search(error):
            raise _refused(name, error or "the container was not started")
        log = (*self._log(name), *error.splitlines())
        return Outcome("out of memory" if state.get("OOMKilled") else "ended", seconds, int(state["ExitCode"]), log=log)

    def _state(self, name: str) -> dict[str, Any]:
        inspected = self._docker("container", "inspect", "--format={{json .State}}", name)
        if inspected.status:
            raise _refused(name, inspected.text)
        found: dict[str, Any] = json.loads(inspected.out)
        return found

    def _log(self, name: str) -> tuple[str, ...]:
        return tuple(self._docker("logs", f"--tail={SHOWN_LINES}", name).text.splitlines())

    def _sweep(self) -> None:
        """Remove what a killed command left. Raises OutsideError when there is no engine."""
        form = f'--format={{{{.ID}}}} {{{{.Label "{LABEL}"}}}}'
        listed = self._docker("ps", "--all", f"--filter=label={LABEL}", form)
        if listed.status:
            raise _refused("docker ps", listed.text)
        for line in listed.out.splitlines():
            container, _, owner = line.partition(" ")
            if not is_running(owner):
                self._remove(container)

    def _remove(self, container: str) -> None:
        """Take a container away, also when all was cancelled."""
        with suppress(OSError):
            words = ("docker", "rm", "--force", "--volumes", container)
            run_interruptibly(words, self._settings, threading.Event(), seconds=ANSWER_SECONDS)

    @property
    def _settings(self) -> dict[str, str]:
        return {"DOCKER_CONFIG": str(self.docker_config)} if self.docker_config else {}

    def _docker(self, *words: str, seconds: float = ANSWER_SECONDS, stdin: Iterable[bytes] = ()) -> Ended:
        try:
            return run_interruptibly(("docker", *words), self._settings, self._cancelled, seconds=seconds, stdin=stdin)
        except InterruptedProgramError as error:
            raise _refused("docker", "the run was interrupted") from error
        except OSError as error:
            raise _refused("docker", str(error)) from error


def _refused(where: str, why: str) -> OutsideError:
    return OutsideError(
        "the engine does not start the image",
        where=where,
        why=why or "it gave no reason",
        fix="`docker info` says whether the engine is sound; without one: apps.<app>.checks.boot: false",
    )
