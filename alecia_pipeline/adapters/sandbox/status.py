"""What `alecia sandbox status` tells: where the sandbox is and how to reach each of its parts."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class SandboxStatus(BaseModel):
    """The sandbox's addresses. `model_dump_json(by_alias=True)` is the document of `--format json`."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    schema_version: Literal[1] = Field(default=1, alias="schema")
    running: bool
    domain: str
    https_port: int
    http_port: int
    ssh_port: int
    ssh_user: str
    ssh_key_file: Path
    known_hosts_file: Path
    host_key_fingerprint: str | None
    ca_file: Path
    registry: str
    registry_credentials_file: Path
    docker_config: Path
    build_contexts_file: Path
    vps_container: str
    ui_command: str
