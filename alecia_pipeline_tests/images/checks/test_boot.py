import pytest

from alecia_pipeline.images.checks.boot import (
    STEADY_SECONDS,
    Outcome,
    Trial,
    cannot_ask,
    environment_file,
    judge_boot,
    run_command,
)
from alecia_pipeline.images.checks.check import Check
from alecia_pipeline.images.checks.service import Service

ASKED = Service(
    {"DATABASE_URL": "postgres://x", "PORT": "3000"},
    made_up=frozenset({"DATABASE_URL"}),
    lacks=("/run/secrets/db",),
    complete=True,
    health=("wget", "x"),
)
ALONE = Service(health=("wget", "x"))


def judged(outcome: Outcome, service: Service = ASKED) -> Check:
    return judge_boot(Trial("cms", "alecia-check/cms:1", service, 60), outcome, "/health")


def ended(*log: str) -> Outcome:
    return Outcome("ended", 0.4, 1, log=log)


def test_the_container_has_no_network_no_mount_of_the_machine_and_limits() -> None:
    service = Service(
        {"A": "b"},
        volumes=("/data",),
        tmpfs=("/run",),
        user="1000",
        workdir="/w",
        entrypoint=("sh", "-c"),
        command=("x",),
    )
    argv = run_command(Trial("cms", "alecia-check/cms:1", service, 60), "n", "me", "/f")
    assert argv == (
        *("docker", "run", "--detach", "--name=n", "--label=alecia.check=me", "--network=none", "--pull=never"),
        *("--memory=2g", "--pids-limit=512", "--log-driver=json-file", "--log-opt=max-size=5m", "--env-file=/f"),
        *("--user=1000", "--workdir=/w", "--entrypoint=sh", "--volume=/data", "--tmpfs=/run"),
        *("alecia-check/cms:1", "-c", "x"),
    )


def test_what_the_image_says_is_left_to_it() -> None:
    argv = run_command(Trial("cms", "i", Service(), 60), "n", "me", "/f")
    assert argv[-2:] == ("--env-file=/f", "i")


def test_variables_go_by_a_file_one_to_a_line() -> None:
    assert environment_file({"A": "b=c d", "PEM": "1\n2", "E": ""}) == "A=b=c d\nE=\n"


def test_what_is_asked_and_for_how_long() -> None:
    assert Trial("a", "i", ASKED, 60).question == ("wget", "x")
    port = Trial("a", "i", Service(port=3000), 60)
    assert port.question is not None
    assert port.question[-1] == "http://127.0.0.1:3000/"
    nothing = Trial("a", "i", Service(), 60)
    assert (nothing.question, nothing.patience, port.patience) == (None, STEADY_SECONDS, 60)
    assert cannot_ask(127)
    assert not cannot_ask(1)


def test_an_image_that_answers() -> None:
    found = judged(Outcome("answered", 0.94))
    assert (found.ok, found.found) == (True, "answered on /health after 0.9 s")
    assert judged(Outcome("answered", 1, reply="404\n"), Service(port=80)).found == (
        "answered 404 on / after 1.0 s; there is no health check"
    )


@pytest.mark.parametrize(
    ("outcome", "service", "why"),
    [
        (Outcome("answered", 1, reply="500\n"), Service(port=80), "it answers 500 on /"),
        (Outcome("unasked", 1), Service(port=80), "nothing in the image to ask with"),
        (Outcome("silent", 5), Service(), "nothing in the image to ask with"),
        (ended("x", "Error: getaddrinfo EAI_AGAIN postgres", "at f"), ASKED, "getaddrinfo EAI_AGAIN postgres"),
        (Outcome("silent", 60, log=("connect ECONNREFUSED 127.0.0.1:6379",)), ASKED, "ECONNREFUSED 127.0.0.1:6379"),
        (
            Outcome("silent", 60, reply="server returned error: could not translate host name"),
            ASKED,
            "over the network",
        ),
        (ended("ENOENT: no such file: /run/secrets/db"), ASKED, "what is mounted at /run/secrets/db"),
        (ended("DATABASE_URL must be a postgres address"), ASKED, "real values: DATABASE_URL"),
        (ended("Missing required environment variable: AUTH_SECRET"), ALONE, "real values: AUTH_SECRET"),
    ],
)
def test_what_cannot_be_judged_here(outcome: Outcome, service: Service, why: str) -> None:
    found = judged(outcome, service)
    assert found.verdict == "not judged"
    assert why in found.found
    assert not found.refuses


@pytest.mark.parametrize(
    ("outcome", "service", "why"),
    [
        (
            ended("Error: Cannot find module 'pg'"),
            ASKED,
            "it ended with 1 after 0.4 s\n  Error: Cannot find module 'pg'",
        ),
        (ended("ECONNREFUSED", "Error: Cannot find module 'pg'"), ASKED, "it ended with 1"),
        (ended("TypeError: x is not a function"), ASKED, "it ended with 1"),
        (ended("Missing required environment variable: AUTH_SECRET"), ASKED, "it ended with 1"),
        (ended("TypeError [ERR_INVALID_ARG_TYPE]: must be of type string"), ALONE, "it ended with 1"),
        (ended(), ASKED, "it wrote no log"),
        (Outcome("silent", 60, reply="\nwget: server returned 500\n"), ASKED, "within 60 s: wget: server returned 500"),
        (
            Outcome("silent", 60, reply="wget: can't connect to remote host (127.0.0.1): Connection refused"),
            ASKED,
            "within 60 s: wget: can't connect to remote host",
        ),
        (
            Outcome("silent", 60, reply="Error: connect ECONNREFUSED 127.0.0.1:80"),
            Service(port=80),
            "within 60 s: Error: connect ECONNREFUSED",
        ),
        (Outcome("silent", 60, log=("DATABASE_URL is required",)), ASKED, "it did not answer within 60 s"),
        (Outcome("out of memory", 3), ASKED, "more than 2g of memory"),
    ],
)
def test_an_image_that_does_not_start(outcome: Outcome, service: Service, why: str) -> None:
    found = judged(outcome, service)
    assert found.refuses
    assert why in found.found


def test_the_last_lines_of_a_log_are_shown() -> None:
    found = judged(ended(*(f"line {number}" for number in range(50)))).found.splitlines()
    assert (len(found), found[1], found[-1]) == (21, "  line 30", "  line 49")
