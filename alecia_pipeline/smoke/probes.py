"""Which requests show that an environment works: every host name that Caddy serves, and the configured probes."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from alecia_pipeline.config import EnvironmentConfig

HTTPS_LISTENER = ":443"


@dataclass(frozen=True, slots=True)
class Probe:
    """One GET over HTTPS and what it must answer. `status` empty: any answer that is no error (see `verdict`)."""

    host: str
    path: str = "/"
    status: tuple[int, ...] = ()
    contains: str | None = None


def plan_probes(hosts: Iterable[str], environment: EnvironmentConfig) -> tuple[Probe, ...]:
    """Return the configured probes, and one of `/` for every served host name that none of them asks.

    A wildcard stands for no name that could be asked; its sites need a configured probe.
    """
    configured = tuple(
        Probe(probe.host.replace("{domain}", environment.domain), probe.path, probe.status, probe.contains)
        for probe in environment.smoke
    )
    asked = {probe.host for probe in configured}
    others = sorted({host for host in hosts if "*" not in host} - asked)
    return (*configured, *(Probe(host) for host in others))


def served_hosts(caddy: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the host names that Caddy's JSON configuration serves over HTTPS, sorted.

    Servers on other ports are left out: they redirect to HTTPS, or carry calls between containers.
    """
    servers = caddy.get("apps", {}).get("http", {}).get("servers", {}).values()
    public = [server for server in servers if any(at.endswith(HTTPS_LISTENER) for at in server.get("listen", ()))]
    return tuple(sorted({host for server in public for host in _matched(server.get("routes", ()))}))


def _matched(routes: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the host names of the outermost matchers: the ones that certificates are made for."""
    for route in routes:
        for match in route.get("match", ()):
            yield from match.get("host", ())
