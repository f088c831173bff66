"""The starter `alecia.yaml` that `alecia init` writes: what was found, and an environment to fill in."""

import re
from collections.abc import Iterable

from alecia_pipeline.source.apps import App

_GITHUB = re.compile(r"github\.com[:/](?P<owner>[\w.-]+)/")

_ENVIRONMENT = """
# An environment is a server with Docker, reached over SSH with a key:
# environments:
#   production:
#     branch: main
#     domain: example.com
#     hosts:
#       - address: vps.example.com
#         user: ubuntu
#         identity_file: ~/.ssh/id_ed25519
#         host_key: "SHA256:..."        # ssh-keyscan vps.example.com | ssh-keygen -lf -
#     compose: docker-compose.production.yml
#     caddyfile: infrastructure/caddy/Caddyfile
#     secrets: [POSTGRES_PASSWORD]      # generated on the host when absent
"""


def registry_of(remote: str | None) -> str | None:
    """Return the container registry that goes with a git remote: ghcr.io of its owner; None for other hosts."""
    found = _GITHUB.search(remote or "")
    return f"ghcr.io/{found['owner'].lower()}" if found else None


def starter(apps: Iterable[App], registry: str | None) -> str:
    """Return the file's text. An unknown registry stays a comment: a guess would be pushed to."""
    lines = ["# What alecia-pipeline must know that it cannot find out. `alecia schema` explains every key."]
    lines.append(f"registry: {registry}" if registry else "# registry: ghcr.io/your-organisation")
    lines += ["", "apps:"]
    lines += [f'  {app.name}: {{package: "{app.package}", dockerfile: {app.dockerfile}{_target(app)}}}' for app in apps]
    return "\n".join(lines) + "\n" + _ENVIRONMENT


def _target(app: App) -> str:
    return f", target: {app.target}" if app.target else ""
