"""One SSH connection: the host key is pinned before login, output never deadlocks, a dead link is noticed.

docs/facts.md has the measurements behind each choice.
"""

import base64
import contextlib
import hashlib
import logging
import shlex
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import paramiko

from alecia_pipeline.adapters.forward import forwarded
from alecia_pipeline.config import HostConfig
from alecia_pipeline.errors import OutsideError, RefusedError, UsageError
from alecia_pipeline.rollout.ports import Command, Completed

# paramiko logs the tracebacks of errors that it also raises; ours say what, where, why and fix.
logging.getLogger("paramiko").addHandler(logging.NullHandler())
logging.getLogger("paramiko").propagate = False

CONNECT_SECONDS = 10.0
PROBE_SECONDS = 5.0
SILENCE_SECONDS = 10.0
"""After so long without output the link is probed: a black-holed one is not noticed otherwise."""

KEY_TYPES = (
    ("ssh-ed25519",),
    ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"),
    ("rsa-sha2-512", "rsa-sha2-256"),
)
"""A host has a key per type and the pin names one of them, so each is asked for in turn."""


class SshLink:
    """A logged-in connection. Every method raises OutsideError when the outcome on the host is unknown."""

    def __init__(self, transport: paramiko.Transport, where: str) -> None:
        self._transport = transport
        self.where = where

    def run(self, command: Command, *, stdin: bytes = b"", timeout: float = 60) -> Completed:
        """Run a command to its end, at most `timeout` seconds. A non-zero status is returned, not raised."""
        channel = self._open()
        exchange = _Exchange(channel, stdin)
        try:
            channel.exec_command(shlex.join(command.argv))
            exchange.start()
            self._await(exchange, time.monotonic() + timeout, command)
        except (paramiko.SSHException, OSError, EOFError) as error:
            raise self._lost(str(error)) from error
        finally:
            channel.close()
        if channel.exit_status < 0:
            raise self._lost(f"no exit status of `{command.argv[0]}`: connection lost or killed remotely")
        return Completed(channel.exit_status, exchange.output("stdout"), exchange.output("stderr"))

    def stream(self, command: Command) -> Iterator[str]:
        """Yield the lines of a command's standard output as they come; leaving the loop closes the channel."""
        channel = self._open()
        try:
            # A terminal: the remote side ends as soon as the channel does (docs/facts.md).
            channel.get_pty(width=10_000)
            channel.exec_command(shlex.join(command.argv))
            with channel.makefile("r") as lines:
                for line in lines:
                    yield line.rstrip("\r\n")
        except (paramiko.SSHException, OSError) as error:
            raise self._lost(str(error)) from error
        finally:
            channel.close()

    @contextlib.contextmanager
    def forward(self, address: str, port: int) -> Iterator[int]:
        """Forward a free port of 127.0.0.1 to `address:port` as the host reaches it; yield the port."""
        with forwarded(self._transport, (address, port)) as local:
            yield local

    @property
    def alive(self) -> bool:
        """Whether the connection still answers, as far as is known without asking."""
        return self._transport.is_active()

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()

    def _open(self) -> paramiko.Channel:
        try:
            return self._transport.open_session(timeout=PROBE_SECONDS)
        except (paramiko.SSHException, OSError, EOFError) as error:
            raise self._lost(str(error) or type(error).__name__) from error

    def _await(self, exchange: "_Exchange", deadline: float, command: Command) -> None:
        while not exchange.wait(min(SILENCE_SECONDS, max(0.0, deadline - time.monotonic()))):
            if time.monotonic() >= deadline:
                raise self._lost(f"`{command.argv[0]}` did not end in time")
            self._open().close()

    def _lost(self, why: str) -> OutsideError:
        return OutsideError(
            "the connection to the host failed; what ran there may have finished or not",
            where=self.where,
            why=why,
            fix="run it again: it looks at the real state first",
        )


class _Exchange:
    """Feeds stdin and drains stdout and stderr in threads of their own: unread output would stop the remote side."""

    def __init__(self, channel: paramiko.Channel, stdin: bytes) -> None:
        self._channel = channel
        self._stdin = stdin
        self._chunks: dict[str, list[bytes]] = {"stdout": [], "stderr": []}
        self._threads = [
            threading.Thread(target=self._drain, args=(name,), daemon=True, name=f"ssh-{name}") for name in self._chunks
        ]
        self._threads.append(threading.Thread(target=self._feed, daemon=True, name="ssh-stdin"))

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def wait(self, seconds: float) -> bool:
        """Wait for the end of both outputs and the exit status."""
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(t.is_alive() for t in self._threads) and self._channel.status_event.wait(
            max(0.0, deadline - time.monotonic())
        )

    def output(self, name: str) -> bytes:
        return b"".join(self._chunks[name])

    def _drain(self, name: str) -> None:
        receive = self._channel.recv if name == "stdout" else self._channel.recv_stderr
        with contextlib.suppress(OSError):
            while chunk := receive(65536):
                self._chunks[name].append(chunk)

    def _feed(self) -> None:
        # A program that ends without reading its input closes the channel under us: its exit status tells.
        with contextlib.suppress(OSError, paramiko.SSHException):
            self._channel.sendall(self._stdin)
            self._channel.shutdown_write()


def open_link(host: HostConfig) -> SshLink:
    """Connect and log in. Raises OutsideError (unreachable), RefusedError (other host key), UsageError (key file)."""
    where = f"{host.user}@{host.address}:{host.port}"
    key = _private_key(Path(host.identity_file).expanduser())
    transport = _pinned_transport(host, where)
    try:
        transport.auth_publickey(host.user, key)
    except paramiko.SSHException as error:
        transport.close()
        raise OutsideError(
            "the host does not accept the login",
            where=where,
            why=str(error),
            fix=f"add the public half of {host.identity_file} to ~{host.user}/.ssh/authorized_keys on the host",
        ) from error
    return SshLink(transport, where)


def fingerprint(key: paramiko.PKey) -> str:
    """Return a host key's fingerprint as `ssh-keygen -lf` prints it."""
    digest = hashlib.sha256(key.asbytes()).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def _pinned_transport(host: HostConfig, where: str) -> paramiko.Transport:
    seen = []
    for types in KEY_TYPES:
        transport = _transport(host, where, types)
        if transport is None:
            continue
        found = fingerprint(transport.get_remote_server_key())
        if found == host.host_key:
            return transport
        transport.close()
        seen.append(found)
    raise RefusedError(
        "the host shows another key than the pinned one",
        where=where,
        why=f"pinned {host.host_key}, shown {', '.join(seen) or 'none of a known type'}",
        fix="if the host was reinstalled, check `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` on it and pin that",
    )


def _transport(host: HostConfig, where: str, types: tuple[str, ...]) -> paramiko.Transport | None:
    """Return a connection with a host key of these types, or None where the host has none of them."""
    try:
        transport = paramiko.Transport(socket.create_connection((host.address, host.port), timeout=CONNECT_SECONDS))
        transport.get_security_options().key_types = types
        transport.start_client(timeout=CONNECT_SECONDS)
    except paramiko.ssh_exception.IncompatiblePeer:
        return None
    except (paramiko.SSHException, OSError, EOFError) as error:
        raise OutsideError(
            "the host cannot be reached",
            where=where,
            why=str(error) or type(error).__name__,
            fix="check address, port and firewall: `ssh -v` from this machine shows more",
        ) from error
    transport.set_keepalive(15)
    return transport


def _private_key(path: Path) -> paramiko.PKey:
    try:
        return paramiko.PKey.from_path(path)
    except (OSError, ValueError, paramiko.SSHException) as error:
        raise UsageError(
            "the private key cannot be used",
            where=str(path),
            why=str(error) or type(error).__name__,
            fix="environments.<env>.hosts[].identity_file must be a readable key without a passphrase",
        ) from error
