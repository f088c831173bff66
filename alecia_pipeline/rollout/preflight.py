"""What a host must have before anything is done on it."""

from alecia_pipeline.config import Model
from alecia_pipeline.errors import OutsideError

PREFLIGHT_SCRIPT = """\
cd "$1" || exit 1
echo "docker=$(docker version --format '{{.Server.Version}}' 2>&1 | tail -n 1)"
echo "compose=$(docker compose version --short 2>&1 | tail -n 1)"
echo "disk=$(df -Pk . | awk 'NR==2 {print $4}')"
echo "memory=$(awk '/^MemAvailable/ {print $2}' /proc/meminfo)"
echo "time=$(date +%s.%N)"
for tool in bash flock setsid sync timeout; do command -v "$tool" >/dev/null || echo "missing=$tool"; done
"""
"""Prints `key=value` lines; its one argument is the root folder of the releases."""

MIN_DISK_BYTES = 2_000_000_000
MIN_MEMORY_BYTES = 256_000_000
MIN_DOCKER = (23, 0)
MIN_COMPOSE = (2, 20)
MAX_SKEW_SECONDS = 30.0


class HostReport(Model):
    """What the preflight saw. Sizes in bytes, skew in seconds (host minus runner)."""

    where: str
    docker: str
    compose: str
    disk_free: int
    memory_available: int
    clock_skew: float
    warnings: tuple[str, ...]


def judge_preflight(output: str, *, runner_time: float, where: str) -> HostReport:
    """Read the script's output. Raises OutsideError with everything that is missing, all at once."""
    pairs = [line.partition("=")[::2] for line in output.splitlines()]
    facts = dict(pairs)
    report = HostReport(
        where=where,
        docker=facts.get("docker", ""),
        compose=facts.get("compose", ""),
        disk_free=_number(facts.get("disk")) * 1024,
        memory_available=_number(facts.get("memory")) * 1024,
        clock_skew=round(float(facts.get("time", "0")) - runner_time, 1),
        warnings=(),
    )
    problems = [f"{value} is not installed" for key, value in pairs if key == "missing"] + _problems(report)
    if problems:
        raise OutsideError(
            "the host is not ready",
            where=where,
            why="; ".join(problems),
            fix="install Docker with the compose plugin, let the user use it (group docker), and make room",
        )
    return report.model_copy(update={"warnings": _warnings(report)})


def _problems(report: HostReport) -> list[str]:
    found = []
    if _version(report.docker) < MIN_DOCKER:
        found.append(f"docker {_least(MIN_DOCKER)} or newer is needed and must answer this user: {report.docker!r}")
    if _version(report.compose) < MIN_COMPOSE:
        found.append(f"docker compose {_least(MIN_COMPOSE)} or newer is needed: {report.compose!r}")
    if report.disk_free < MIN_DISK_BYTES:
        found.append(f"{report.disk_free // 1_000_000} MB of disk are free; 2000 MB are needed")
    return found


def _warnings(report: HostReport) -> tuple[str, ...]:
    found = []
    if report.memory_available < MIN_MEMORY_BYTES:
        found.append(f"only {report.memory_available // 1_000_000} MB of memory are available")
    if abs(report.clock_skew) > MAX_SKEW_SECONDS:
        found.append(f"the host's clock differs by {report.clock_skew} s; certificates may look expired")
    return tuple(found)


def _version(text: str) -> tuple[int, ...]:
    parts = text.lstrip("v").split("-")[0].split("+")[0].split(".")
    return tuple(map(int, parts)) if all(part.isdecimal() for part in parts) else ()


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() else 0


def _least(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
