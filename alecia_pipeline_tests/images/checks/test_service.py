from typing import Any

import pytest

from alecia_pipeline.images.checks.secrets import Described
from alecia_pipeline.images.checks.service import Service, made_up_value, read_service

KNOWN = {"${DOMAIN}": "alecia.test"}


def fill(text: str) -> tuple[str, bool]:
    for key, value in KNOWN.items():
        text = text.replace(key, value)
    return text.replace("${PASSWORD}", "made-up"), "${PASSWORD}" in text


def service(definition: dict[str, Any], **settings: object) -> Service:
    return read_service(definition, Described({"config": settings}, {}), fill)


@pytest.mark.parametrize(
    "environment",
    [
        {
            "DATABASE_URL": "postgres://a:${PASSWORD}@db/a",
            "SITE": "https://${DOMAIN}",
            "N": 3,
            "ON": True,
            "TOKEN": None,
        },
        ["DATABASE_URL=postgres://a:${PASSWORD}@db/a", "SITE=https://${DOMAIN}", "N=3", "ON=true", "TOKEN"],
    ],
)
def test_variables_have_the_values_that_are_known_and_made_up_ones(environment: Any) -> None:
    found = service({"environment": environment})
    assert dict(found.environment) == {
        "DATABASE_URL": "postgres://a:made-up@db/a",
        "SITE": "https://alecia.test",
        "N": "3",
        "ON": "true",
        "TOKEN": made_up_value("TOKEN"),
    }
    assert found.made_up == {"DATABASE_URL", "TOKEN"}
    assert found.complete


@pytest.mark.parametrize("definition", [{}, {"env_file": ".env", "image": "x"}])
def test_a_service_whose_variables_are_not_all_known(definition: dict[str, Any]) -> None:
    assert not service(definition).complete


def test_made_up_values_fit_their_names() -> None:
    assert made_up_value("AUTH_URL") == "https://made-up.invalid"
    assert made_up_value("REDIS_HOST") == "made-up.invalid"
    assert made_up_value("ADMIN_EMAIL") == "nobody@made-up.invalid"
    assert made_up_value("SMTP_PORT") == "1"
    assert len(bytes.fromhex(made_up_value("AUTH_SECRET"))) == 32
    assert made_up_value("AUTH_SECRET") != made_up_value("OTHER_SECRET")


def test_volumes_are_empty_ones_and_what_only_the_host_has_is_lacking() -> None:
    found = service(
        {
            "volumes": [
                *("data:/data", "/cache", "./conf:/etc/app:ro", "~/x:/x", "/srv/y:/y"),
                *({"type": "bind", "source": "./a", "target": "/a"}, {"type": "volume", "target": "/v"}, {}),
            ],
            "tmpfs": "/run",
            "secrets": ["db", {"source": "key", "target": "/keys/key"}],
            "configs": ["app.json", {"source": "c"}],
        }
    )
    assert found.volumes == ("/data", "/cache", "/v")
    assert found.lacks == ("/etc/app", "/x", "/y", "/a", "/run/secrets/db", "/keys/key", "/app.json", "/c")
    assert found.tmpfs == ("/run",)


def test_how_it_is_started() -> None:
    found = service(
        {
            "user": 1000,
            "working_dir": "/w",
            "entrypoint": "sh -c 'exec x'",
            "command": ["serve", "${DOMAIN}"],
            "tmpfs": [],
        }
    )
    assert (found.user, found.workdir, found.tmpfs) == ("1000", "/w", ())
    assert found.entrypoint == ("sh", "-c", "exec x")
    assert found.command == ("serve", "alecia.test")
    assert service({}) == Service()


@pytest.mark.parametrize(
    ("check", "own", "argv"),
    [
        ({"test": ["CMD", "wget", "-q", "http://127.0.0.1/"]}, ["CMD", "false"], ("wget", "-q", "http://127.0.0.1/")),
        ({"test": "curl localhost || exit 1"}, [], ("/bin/sh", "-c", "curl localhost || exit 1")),
        ({"test": ["CMD-SHELL", "curl localhost"]}, [], ("/bin/sh", "-c", "curl localhost")),
        ({"interval": "3s"}, ["CMD-SHELL", "curl localhost"], ("/bin/sh", "-c", "curl localhost")),
        ({}, ["CMD", "x"], ("x",)),
        ({"disable": True}, ["CMD", "x"], None),
        ({"test": ["NONE"]}, ["CMD", "x"], None),
        ({}, None, None),
    ],
)
def test_the_health_check_of_the_service_wins(check: dict[str, Any], own: Any, argv: tuple[str, ...] | None) -> None:
    assert service({"healthcheck": check}, Healthcheck={"Test": own}).health == argv


@pytest.mark.parametrize(
    ("expose", "own", "port"),
    [(["3000"], {"80/tcp": {}}, 3000), ([], {"53/udp": {}, "80/tcp": {}}, 80), ([8080], None, 8080), ([], None, None)],
)
def test_where_it_listens(expose: list[Any], own: Any, port: int | None) -> None:
    assert service({"expose": expose}, ExposedPorts=own).port == port
