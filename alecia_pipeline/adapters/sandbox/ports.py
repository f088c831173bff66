"""The loopback ports of the sandbox: fixed ones where they are free, so that addresses can be remembered."""

import json
import socket
from collections.abc import Collection
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from alecia_pipeline.adapters.sandbox import state
from alecia_pipeline.adapters.sandbox.hosts import LOOPBACK
from alecia_pipeline.adapters.sandbox.packages import Report


class Ports(BaseModel):
    """One loopback port for each service of the sandbox."""

    model_config = ConfigDict(frozen=True)

    registry: int = 5443
    ssh: int = 2222
    http: int = 8080
    https: int = 8443


def is_free(port: int) -> bool:
    """Return whether nothing listens on the loopback `port`."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def _any_free() -> int:
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        port: int = listener.getsockname()[1]
        return port


def load(path: Path) -> Ports:
    """Return the ports recorded in `path`, else the usual ones."""
    return Ports(**json.loads(path.read_text())) if path.is_file() else Ports()


def settle(path: Path, held: Collection[str], report: Report) -> Ports:
    """Return and record the ports to use: as recorded, else the usual ones, else free ones, saying which.

    `held` names the services whose containers run already: what listens there is the sandbox itself.
    """
    wanted = load(path).model_dump()
    for service, port in wanted.items():
        if service not in held and not is_free(port):
            wanted[service] = _any_free()
            report(f"port {port} ({service}) is taken by another program; using {wanted[service]} instead")
    state.write_changed(path, json.dumps(wanted))
    return Ports(**wanted)
