"""Whether the public can reach an environment: its host names resolve, its certificates verify."""

from alecia_pipeline.adapters.dns import addresses
from alecia_pipeline.adapters.http import fetch_all
from alecia_pipeline.config import PublicConfig
from alecia_pipeline.errors import RefusedError
from alecia_pipeline.operations.check import Check
from alecia_pipeline.operations.runner import Runner
from alecia_pipeline.operations.smoking import live_probes
from alecia_pipeline.smoke.probes import Probe, plan_probes
from alecia_pipeline.smoke.verdict import Answer, Silence

LAST_DAYS = 14
"""A public authority's certificate lives 90 days and Caddy renews it 30 before its end: less means that this fails.

An authority of one's own (`public.ca_file`) may give 12 hours, so its certificates are not judged by days.
"""


def resolving(runner: Runner, environment: str) -> Check:
    """Check that every host name leads to the host. Where the configuration gives an address, DNS plays no part."""
    config = runner.config.environment(environment)
    if config.public.address:
        return Check(name="dns", verdict="ok", detail=f"not asked: public.address is {config.public.address}")
    names = _public_names(runner, environment)
    server = config.hosts[0].address
    found = addresses((server, *names))
    lost = [name for name in names if not found[name]]
    if lost:
        fix = f"add A records for {config.domain} and *.{config.domain} that lead to {server}"
        return Check(name="dns", verdict="failed", detail=f"these do not resolve: {', '.join(lost)}", fix=fix)
    stray = [f"{name} ({', '.join(sorted(found[name]))})" for name in names if not found[name] & found[server]]
    if stray:
        fix = "mend the A records, unless a proxy stands in front of the host"
        return Check(name="dns", verdict="warning", detail=f"not at {server}: {', '.join(stray)}", fix=fix)
    return Check(name="dns", verdict="ok", detail=f"{len(names)} names resolve to {server}")


def verified(runner: Runner, environment: str) -> Check:
    """Check that every served name answers over TLS with a certificate that verifies."""
    try:
        probes = [Probe(host) for host in sorted({probe.host for probe in live_probes(runner, environment)})]
    except RefusedError:
        fix = f"`alecia release --env {environment}`"
        return Check(name="tls", verdict="warning", detail="nothing is served yet", fix=fix)
    public = runner.config.environment(environment).public
    found = fetch_all(probes, public, patience=0)
    return judge_certificates({probe.host: one for probe, one in zip(probes, found, strict=True)}, public)


def judge_certificates(found: dict[str, Answer | Silence], public: PublicConfig) -> Check:
    """Return the verdict on what each host name answered."""
    silent = [f"{name}: {answer.reason}" for name, answer in found.items() if isinstance(answer, Silence)]
    if silent:
        fix = "`alecia logs caddy` shows why a certificate is missing; ports 80 and 443 must be open"
        return Check(name="tls", verdict="failed", detail="; ".join(silent), fix=fix)
    days = {name: one.certificate_days for name, one in found.items() if isinstance(one, Answer)}
    first, left = min(((name, left or 0.0) for name, left in days.items()), key=lambda pair: pair[1])
    detail = f"{len(found)} certificates verify; the first to end is that of {first}, in {left} days"
    if left < LAST_DAYS and public.ca_file is None:
        fix = "`alecia logs caddy` shows why it is not renewed"
        return Check(name="tls", verdict="warning", detail=detail, fix=fix)
    return Check(name="tls", verdict="ok", detail=detail)


def _public_names(runner: Runner, environment: str) -> list[str]:
    config = runner.config.environment(environment)
    try:
        probes = live_probes(runner, environment)
    except RefusedError:  # nothing is live: what is known from the configuration
        probes = plan_probes([config.domain], config)
    return sorted({probe.host for probe in probes})
