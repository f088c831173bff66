"""Dagster's webserver and daemon as one child process on loopback."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import httpx

from alecia_pipeline.errors import OutsideError, UsageError

LOOPBACK = "127.0.0.1"
START_SECONDS = 120
STOP_SECONDS = 20
TAIL = 600
"""How many characters of the log an error quotes."""


def check_port(port: int) -> None:
    """Raise UsageError when something listens on the port already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            fix = "stop what listens there, or choose another one with --port"
            raise UsageError(f"port {port} is taken", where=LOOPBACK, why=str(error), fix=fix) from error


class DagsterServices:
    """`dagster dev`: webserver, daemon and one code server that both share, so that a reload reaches both.

    It never listens beyond loopback: the webserver has no login, and starts runs from a plain GET.
    """

    def __init__(self, module: str, home: Path, port: int, variables: Mapping[str, str]) -> None:
        self._url = f"http://{LOOPBACK}:{port}"
        command = [sys.executable, "-m", "dagster", "dev", "--host", LOOPBACK, "--port", str(port), "-m", module]
        command += ["--working-directory", str(home), "--log-level", "warning"]
        environment = {**os.environ, **variables, "DAGSTER_HOME": str(home), "PYTHONWARNINGS": "ignore"}
        # A group of its own: Ctrl-C reaches this process only, which stops the children in order.
        self.log = home / "ui.log"
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                command, env=environment, cwd=home, start_new_session=True, stdout=log, stderr=subprocess.STDOUT
            )

    @property
    def url(self) -> str:
        """Where the UI is."""
        return self._url

    def wait_ready(self) -> None:
        """Wait until the webserver answers. Raises OutsideError when it does not, or ended."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise self._failed(f"it ended with {self._process.returncode}")
            try:
                httpx.get(f"{self._url}/server_info", timeout=5).raise_for_status()
            except httpx.HTTPError:
                time.sleep(0.3)
            else:
                return
        raise self._failed(f"no answer in {START_SECONDS} s")

    def wait(self) -> int:
        """Wait until it ends by itself; return its status."""
        return self._process.wait()

    def stop(self) -> None:
        """Stop webserver, daemon and code server; no process of the group is left."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def _failed(self, why: str) -> OutsideError:
        last = self.log.read_text(encoding="utf-8", errors="replace").strip()[-TAIL:]
        return OutsideError("Dagster does not start", where=str(self.log), why=f"{why}: {last}", fix="read its log")
