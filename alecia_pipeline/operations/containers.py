"""The containers of an environment's compose project, seen in one answer of the engine."""

from pydantic import Field

from alecia_pipeline.adapters.host import RemoteHost
from alecia_pipeline.config import Model
from alecia_pipeline.errors import OutsideError
from alecia_pipeline.release.model import ReleaseRecord
from alecia_pipeline.rollout.ports import Command


class ServiceStatus(Model):
    """One container of the project. `app` is None for a third-party service; `live` whether visitors reach it."""

    service: str
    app: str | None
    state: str = Field(description="The engine's word: running, exited, restarting …")
    health: str = Field(description="healthy, unhealthy, starting, or empty without a health check")
    live: bool

    @property
    def healthy(self) -> bool:
        """Whether it runs and its health check passes."""
        return self.state == "running" and self.health == "healthy"


def healthy_services(host: RemoteHost, project: str) -> set[str]:
    """Return the services of which every container runs and is healthy."""
    found = project_services(host, project, None)
    return {one.service for one in found} - {one.service for one in found if not one.healthy}


def project_services(host: RemoteHost, project: str, record: ReleaseRecord | None) -> tuple[ServiceStatus, ...]:
    """Return the containers of a compose project, by service. Raises OutsideError when the engine does not answer."""
    form = '{{.Label "com.docker.compose.service"}}\t{{.Label "alecia.app"}}\t{{.State}}\t{{.Status}}'
    own = f"label=com.docker.compose.project={project}"
    done = host.run(Command.of("docker", "ps", "--all", "--filter", own, "--format", form))
    if done.status:
        why = done.stderr.decode(errors="replace")
        fix = "`alecia doctor` checks the host; on it: systemctl status docker"
        raise OutsideError("the engine on the host does not answer", where=host.where, why=why, fix=fix)
    live = {app.service for app in record.apps.values()} if record else set()
    return tuple(sorted((_service(line, live) for line in done.text.splitlines()), key=lambda found: found.service))


def _service(line: str, live: set[str]) -> ServiceStatus:
    service, app, state, text = line.split("\t")
    # docker ps shows "Up 2 minutes (healthy)", and "(health: starting)" before the first answer
    health = text.rpartition("(")[2].removeprefix("health: ").rstrip(")") if "(" in text and state == "running" else ""
    return ServiceStatus(service=service, app=app or None, state=state, health=health, live=service in live or not app)
