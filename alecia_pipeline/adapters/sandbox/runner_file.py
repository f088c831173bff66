"""The runner's configuration that leads a repository's environments to the sandbox."""

from collections.abc import Mapping

import yaml

from alecia_pipeline.adapters.sandbox.status import SandboxStatus
from alecia_pipeline.config import Config, EnvironmentConfig

ENVIRONMENT = "staging"
NAMESPACE = "alecia"


def runner_file(config: Config, status: SandboxStatus, contexts: Mapping[str, str], images: Mapping[str, str]) -> bytes:
    """Return `alecia.yaml` with the sandbox's registry, base images and host in place of the repository's.

    `contexts` are BuildKit build contexts by base image, `images` the service images by compose variable.
    Only the environment `staging` is led to the sandbox; the others are left out. Raises UsageError without it.
    """
    environment = _environment(config.environment(ENVIRONMENT), status, images)
    raw = config.model_dump(mode="json", exclude_unset=True)
    raw["registry"] = f"{status.registry}/{NAMESPACE}"
    raw["builder"] = {"contexts": dict(contexts), "docker_config": str(status.docker_config)}
    raw["environments"] = {ENVIRONMENT: environment}
    return b"# Written by `alecia sandbox config`.\n" + yaml.safe_dump(raw, sort_keys=False, width=120).encode()


def _environment(config: EnvironmentConfig, status: SandboxStatus, images: Mapping[str, str]) -> dict[str, object]:
    raw: dict[str, object] = config.model_dump(mode="json", exclude_unset=True)
    host = {
        "address": "127.0.0.1",
        "port": status.ssh_port,
        "user": status.ssh_user,
        "identity_file": str(status.ssh_key_file),
        "host_key": status.host_key_fingerprint,
    }
    public = {"address": "127.0.0.1", "https_port": status.https_port, "ca_file": str(status.ca_file)}
    local = {
        "REGISTRY": f"{status.registry}/{NAMESPACE}",
        "DOMAIN": status.domain,
        "CADDY_GLOBAL": "local_certs",
        "BETTER_AUTH_URL": f"https://app.{status.domain}:{status.https_port}",
    }
    args = {
        app: {name: _moved(value, config.domain, status) for name, value in values.items()}
        for app, values in config.build_args.items()
    }
    return {
        **raw,
        "domain": status.domain,
        "hosts": [host],
        "public": public,
        "build_args": args,
        "env": {**config.env, **local, **images},
    }


def _moved(value: str, domain: str, status: SandboxStatus) -> str:
    """Return an address with the sandbox's domain and port, for example wss://colab.alecia.localhost:8443/x."""
    scheme, separator, rest = value.partition("://")
    host, slash, path = rest.partition("/")
    if not separator or not (host == domain or host.endswith(f".{domain}")):
        return value
    return f"{scheme}://{host.removesuffix(domain)}{status.domain}:{status.https_port}{slash}{path}"
