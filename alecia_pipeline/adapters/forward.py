"""A local port that leads through an SSH connection to an address only the host can reach."""

import contextlib
import socket
import threading
from collections.abc import Iterator

import paramiko

OPEN_SECONDS = 10.0

_CLOSED = (OSError, EOFError, paramiko.SSHException)
"""What paramiko raises when the connection ends under a write: the client's last words may come after it."""


@contextlib.contextmanager
def forwarded(transport: paramiko.Transport, target: tuple[str, int]) -> Iterator[int]:
    """Listen on a free port of 127.0.0.1, pipe each connection to `target` by direct-tcpip, yield the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_serve, args=(listener, transport, target), daemon=True, name="ssh-forward")
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            # close() alone does not wake a thread that waits in accept(); shutdown does.
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _serve(listener: socket.socket, transport: paramiko.Transport, target: tuple[str, int]) -> None:
    while True:
        try:
            client, peer = listener.accept()
        except OSError:
            return
        threading.Thread(target=_bridge, args=(client, transport, target, peer), daemon=True).start()


def _bridge(
    client: socket.socket, transport: paramiko.Transport, target: tuple[str, int], peer: tuple[str, int]
) -> None:
    with client:
        try:
            channel = transport.open_channel("direct-tcpip", target, peer, timeout=OPEN_SECONDS)
        except _CLOSED:
            return  # the client sees a closed connection, as from a port that nobody listens on
        back = threading.Thread(target=_pipe, args=(channel, client), daemon=True)
        back.start()
        _pipe(client, channel)
        back.join()
        with contextlib.suppress(*_CLOSED):
            channel.close()


def _pipe(source: socket.socket | paramiko.Channel, sink: socket.socket | paramiko.Channel) -> None:
    with contextlib.suppress(*_CLOSED):
        while chunk := source.recv(65536):
            sink.sendall(chunk)
    with contextlib.suppress(*_CLOSED):
        sink.shutdown(socket.SHUT_WR)
