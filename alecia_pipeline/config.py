"""`alecia.yaml` as frozen models. Unknown keys are refused with their path and the nearest known name.

Apps come from the commit's file; environments, hosts and credentials from the runner's (`--config`).
"""

import difflib
import re
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, model_validator

from alecia_pipeline.errors import UsageError

CONFIG_FILE = "alecia.yaml"

MAX_BYTES = 1_000_000
"""A larger `alecia.yaml` is a mistake or an attack; it is refused before it is parsed."""

RESERVED_APPS = frozenset({"host", "secrets", "migrations", "stack", "release", "smoke"})
RESERVED_ENVIRONMENTS = frozenset({"source", "audit", "image", "images", "gate", "lockfile"})

_APP_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_ENVIRONMENT_NAME = re.compile(r"[a-z0-9_]+")
_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")


def _relative(path: str) -> str:
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or not path:
        raise ValueError("must be a path inside the repository, relative to its root")
    return pure.as_posix()


RepositoryPath = Annotated[str, AfterValidator(_relative)]


class Model(BaseModel):
    """The base of every model here: frozen, nothing unknown."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class ChecksConfig(Model):
    """How an app's image is checked before its key tag is set."""

    boot: bool = Field(default=True, description="Start the image, without a network, and ask its health check")
    boot_seconds: int = Field(60, ge=1, le=900, description="How long it may take until it answers")
    root: bool = Field(default=False, description="It may run as root")
    not_secret: tuple[str, ...] = Field((), description="Globs of files in the image that only look like secrets")


class AppConfig(Model):
    """One deployable app: a workspace package that a Dockerfile builds. Every key is optional."""

    package: str | None = Field(None, description="Workspace package name; default: found from the Dockerfile's folder")
    dockerfile: RepositoryPath | None = Field(None, description="Default: <package folder>/Dockerfile")
    target: str | None = Field(None, description="Stage to build; default: the last one")
    build_args: dict[str, str] = Field(default_factory=dict, description="The same for every environment")
    inputs: tuple[str, ...] = Field((), description="Globs of files the image uses that the closure cannot know")
    context: Literal["pruned", "full"] = Field("pruned", description="full: send the whole commit, key everything")
    rollout: Literal["overlap", "exclusive"] | None = Field(
        None, description="exclusive: stop, then start. Default: from the app's route, volumes and WebSockets"
    )
    epoch: int = Field(0, ge=0, description="Raise it to force a rebuild")
    checks: ChecksConfig = ChecksConfig()


class MigrationsConfig(Model):
    """Where the SQL lives and which database it is applied to."""

    dir: RepositoryPath = Field(description="Folder of <number>_<name>.sql files, applied in name order")
    service: str = Field("postgres", description="Compose service that runs PostgreSQL")
    database: str = Field("postgres", description="Database name")
    user: str = Field("postgres", description="Role that owns the schema")
    password_key: str = Field("POSTGRES_PASSWORD", description="Key of the environment file with the role's password")


class HostConfig(Model):
    """One server, reached over SSH with a key and a pinned host key."""

    address: str
    port: int = Field(22, ge=1, le=65535)
    user: str
    identity_file: str = Field(description="Private key on the runner; ~ is expanded")
    host_key: str = Field(description="Fingerprint as `ssh-keygen -lf` prints it: SHA256:…")

    @model_validator(mode="after")
    def _pinned(self) -> Self:
        if not _FINGERPRINT.fullmatch(self.host_key):
            raise ValueError("host_key must be a SHA256:… fingerprint; `ssh-keyscan HOST | ssh-keygen -lf -` prints it")
        return self


class PublicConfig(Model):
    """How the smoke test reaches the environment from outside. Defaults: DNS, port 443, the system's CAs."""

    address: str | None = Field(None, description="Connect here instead of resolving the host names")
    https_port: int = Field(443, ge=1, le=65535)
    ca_file: str | None = Field(None, description="Extra CA certificate (PEM) that signs the sites; ~ is expanded")


class SmokeProbe(Model):
    """One public request and what it must answer."""

    host: str = Field(description="Host name, with {domain} for the environment's domain")
    path: str = "/"
    status: tuple[int, ...] = (200,)
    contains: str | None = None


class EnvironmentConfig(Model):
    """One environment: a branch, the hosts, and what differs there."""

    branch: str = Field("main", description="The push sensor watches it")
    domain: str
    hosts: tuple[HostConfig, ...] = Field(min_length=1)
    root: str = Field("/srv/alecia", description="Folder on the host that holds the releases")
    project: str = Field("alecia", description="Compose project name")
    compose: RepositoryPath = "docker-compose.production.yml"
    caddyfile: RepositoryPath
    env_file: RepositoryPath | None = Field(None, description="Committed non-secret values")
    env: dict[str, str] = Field(default_factory=dict, description="Non-secret values of this runner; win over env_file")
    secrets: tuple[str, ...] = Field((), description="Keys generated on the host when absent (32 random bytes, hex)")
    build_args: dict[str, dict[str, str]] = Field(default_factory=dict, description="app -> args that differ here")
    public: PublicConfig = PublicConfig()
    smoke: tuple[SmokeProbe, ...] = ()
    soak_seconds: float = Field(5, ge=0, description="How long the old containers stay warm after the public smoke")
    confirm_seconds: int = Field(120, ge=5, description="The host reverts by itself when no confirmation came")
    keep: int = Field(5, ge=1, description="Releases kept on the host")


class SecretSource(Model):
    """Where the runner has a secret's value: in its environment or in a file, exactly one of the two."""

    env: str | None = Field(None, description="Name of the runner's environment variable")
    file: str | None = Field(None, description="Path on the runner; ~ is expanded")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.env is None) == (self.file is None):
            raise ValueError("name `env` or `file`, one of the two")
        return self


class BuilderConfig(Model):
    """The runner's BuildKit: a named builder, stand-ins for base images where no hub is reachable, build secrets."""

    name: str | None = Field(
        None, description="docker buildx builder, made under `docker_config`; default: the engine's"
    )
    contexts: dict[str, str] = Field(default_factory=dict, description="Base image -> docker-image://… that stands in")
    docker_config: str | None = Field(
        None, description="Folder of the docker client's settings with the registry login; default: the client's own"
    )
    parallel: int = Field(2, ge=1, description="Builds at a time")
    cache: Literal["registry", "none"] = Field(
        "registry",
        description="Where an empty builder finds the steps of others: <registry>/<app>:cache-…, every stage's layers",
    )
    secrets: dict[str, SecretSource] = Field(
        default_factory=dict, description="id of `RUN --mount=type=secret,id=…` -> its value"
    )
    app_key: SecretSource | None = Field(
        None,
        description="Master key: each app gets a secret `app_key` of its own from it; default: one this runner makes",
    )


class SigningConfig(Model):
    """A cosign key pair. What this runner builds is signed with the one, `alecia verify` checks with the other."""

    key: SecretSource | None = Field(None, description="Private key as `cosign generate-key-pair` writes it: encrypted")
    password: SecretSource | None = Field(
        None, description="Its password, without the line break at a file's end; default: an empty one"
    )
    public_key: str | None = Field(None, description="File of the public key (PEM); ~ is expanded")

    @model_validator(mode="after")
    def _used(self) -> Self:
        if self.key is None and (self.password or self.public_key is None):
            raise ValueError("name `key`, to sign what is built, or `public_key` alone, to check it")
        return self


class Config(Model):
    """The whole of `alecia.yaml`."""

    registry: str | None = Field(None, description="Images are <registry>/<app name>")
    apps: dict[str, AppConfig] = Field(default_factory=dict)
    migrations: MigrationsConfig | None = None
    environments: dict[str, EnvironmentConfig] = Field(default_factory=dict)
    builder: BuilderConfig = BuilderConfig()
    signing: SigningConfig | None = None
    _where: str = PrivateAttr(CONFIG_FILE)

    @model_validator(mode="after")
    def _names(self) -> Self:
        _check_names("apps", self.apps, _APP_NAME, RESERVED_APPS)
        _check_names("environments", self.environments, _ENVIRONMENT_NAME, RESERVED_ENVIRONMENTS)
        _check_twins(self.apps)
        return self

    def environment(self, name: str) -> EnvironmentConfig:
        """Return one environment. Raises UsageError naming the known ones."""
        if name not in self.environments:
            raise UsageError(
                f"unknown environment {name!r}",
                where=self._where,
                why=f"environments here: {', '.join(sorted(self.environments)) or 'none'}",
                fix="name one of these with --env, or add it to alecia.yaml",
            )
        return self.environments[name]


def _check_names(key: str, names: dict[str, Any], pattern: re.Pattern[str], reserved: frozenset[str]) -> None:
    for name in names:
        if not pattern.fullmatch(name):
            raise ValueError(f"{key}.{name}: a name is {pattern.pattern}")
        if name in reserved:
            raise ValueError(f"{key}.{name}: this name is reserved ({', '.join(sorted(reserved))})")


def _check_twins(apps: dict[str, AppConfig]) -> None:
    seen: dict[str, str] = {}
    for name in apps:
        twin = seen.setdefault(name.replace("-", "_"), name)
        if twin != name:
            raise ValueError(f"apps.{name}: differs from {twin!r} only by - and _, which asset names cannot tell apart")


def parse_config(data: bytes, where: str = CONFIG_FILE) -> Config:
    """Parse `alecia.yaml`. Raises UsageError with the key path and the nearest known name."""
    if len(data) > MAX_BYTES:
        why = f"it has {len(data)} bytes, and at most {MAX_BYTES} are read"
        raise UsageError(f"{CONFIG_FILE} is too large", where=where, why=why, fix="cut it down")
    try:
        raw = yaml.load(data, Loader=_Loader)  # noqa: S506 - a SafeLoader, without aliases and duplicate keys
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise UsageError(f"{CONFIG_FILE} is not YAML", where=where, why=str(error), fix="mend the syntax") from error
    if not isinstance(raw, dict):
        raise UsageError(
            f"{CONFIG_FILE} must be a mapping",
            where=where,
            why=f"it is {raw!r:.60}",
            fix="`alecia init` writes one",
        )
    try:
        config = Config.model_validate(raw)
    except ValidationError as error:
        raise UsageError(
            f"{CONFIG_FILE} is not valid",
            where=where,
            why="; ".join(_explain(dict(item)) for item in error.errors()),
            fix="`alecia schema` prints every key with its meaning",
        ) from error
    config._where = where  # noqa: SLF001 - set once, here, by its own module
    return config


class _Loader(yaml.SafeLoader):
    """Refuses aliases (bombs) and duplicate keys (one of the two would silently win)."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not allowed here")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        seen = set()
        for key_node, _ in node.value:
            if key_node.value in seen:
                raise yaml.YAMLError(f"duplicate key {key_node.value!r}{key_node.start_mark}")
            seen.add(key_node.value)
        return super().construct_mapping(node, deep)


def _explain(item: dict[str, Any]) -> str:
    path = ".".join(str(part) for part in item["loc"]) or CONFIG_FILE
    if item["type"] != "extra_forbidden":
        return f"{path}: {item['msg']}"
    known = _known_keys(item["loc"])
    near = difflib.get_close_matches(str(item["loc"][-1]), known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(known)}"
    return f"{path}: unknown key; {hint}"


def _known_keys(location: tuple[Any, ...]) -> list[str]:
    """Return the keys allowed where `location` points, by walking the models along the path."""
    schema = Config.model_json_schema()
    node: dict[str, Any] = schema
    for part in location[:-1]:
        child = node.get("properties", {}).get(part, node.get("additionalProperties") or node.get("items") or {})
        node = _resolve(schema, child)
    return sorted(node.get("properties", {}))


def _resolve(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    for option in (node, *node.get("anyOf", ()), *node.get("allOf", ())):
        if "$ref" in option:
            found: dict[str, Any] = schema["$defs"][option["$ref"].rsplit("/", 1)[-1]]
            return found
    return node
