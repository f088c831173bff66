"""Names as this machine resolves them."""

import socket
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

QUESTIONS_AT_A_TIME = 8


def addresses(names: Iterable[str]) -> dict[str, frozenset[str]]:
    """Return name -> IP addresses; none for a name that does not resolve. An address stands for itself."""
    asked = tuple(dict.fromkeys(names))
    with ThreadPoolExecutor(QUESTIONS_AT_A_TIME, thread_name_prefix="dns") as pool:
        return dict(zip(asked, pool.map(_addresses, asked), strict=True))


def _addresses(name: str) -> frozenset[str]:
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):  # UnicodeError: an empty or too long label
        return frozenset()
    return frozenset(str(address[0]) for *_, address in found)
