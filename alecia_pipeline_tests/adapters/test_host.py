"""The SSH adapter against the sandbox's VPS: pinned, without deadlock, and honest about what it does not know."""

import secrets
import socket
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import paramiko
import pytest

from alecia_pipeline.adapters.host import AGENT_SCRIPT, RemoteHost, agent_of
from alecia_pipeline.adapters.ssh import open_link
from alecia_pipeline.config import HostConfig
from alecia_pipeline.errors import OutsideError, RefusedError, UsageError
from alecia_pipeline.rollout.agent import Agent
from alecia_pipeline.rollout.lease import lease
from alecia_pipeline.rollout.ports import Command
from alecia_pipeline_tests.box import open_box

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def login() -> HostConfig:
    status = open_box().status()
    return HostConfig(
        address="127.0.0.1",
        port=status.ssh_port,
        user=status.ssh_user,
        identity_file=str(status.ssh_key_file),
        host_key=status.host_key_fingerprint,
    )


@pytest.fixture(scope="module")
def host(login: HostConfig) -> Iterator[RemoteHost]:
    root = f"/home/{login.user}/h{secrets.token_hex(4)}"
    one = RemoteHost(partial(open_link, login), agent_of(root))
    one.run(Command.of("mkdir", "-p", f"{root}/bin", f"{root}/journal", f"{root}/staged"))
    one.write(one.agent.path, AGENT_SCRIPT, mode=0o755)
    yield one
    one.run(Command.of("rm", "-rf", root))
    one.close()


def cut(host: RemoteHost) -> None:
    """Break the connection as a network does."""
    host._link._transport.close()


def test_words_reach_the_program_as_they_are(host: RemoteHost) -> None:
    done = host.run(Command.of("sh", "-c", 'printf "%s|" "$@"; exit 3', "sh", "a b", "$HOME", "it's"))
    assert (done.status, done.text) == (3, "a b|$HOME|it's|")


def test_much_output_on_both_sides_does_not_deadlock(host: RemoteHost) -> None:
    data = secrets.token_bytes(6_000_000)
    done = host.run(Command.of("tee", "/dev/stderr"), stdin=data)
    assert (done.stdout == data, done.stderr == data) == (True, True)


def test_input_that_nobody_reads_does_not_matter(host: RemoteHost) -> None:
    assert host.run(Command.of("true"), stdin=b"x" * 6_000_000).status == 0


def test_a_command_that_does_not_end_is_unknown_not_failed(host: RemoteHost) -> None:
    with pytest.raises(OutsideError, match="may have finished or not") as caught:
        host.run(Command.of("sleep", "60"), timeout=1)
    assert "did not end in time" in str(caught.value)


def test_a_command_killed_remotely_is_unknown(host: RemoteHost) -> None:
    with pytest.raises(OutsideError, match="may have finished or not"):
        host.run(Command.of("sh", "-c", "kill -9 $$"))


def test_files_are_replaced_at_once_and_private_from_the_first_byte(host: RemoteHost) -> None:
    path = f"{host.agent.root}/a file"
    assert host.read(path) is None
    host.write(path, b"one", mode=0o644)
    host.write(path, b"two\x00", mode=0o600)
    assert host.read(path) == b"two\x00"
    assert host.run(Command.of("stat", "-c", "%a", path)).text == "600\n"
    assert host.run(Command.of("sh", "-c", f"ls {host.agent.root} | grep -c 'a file'")).text == "1\n"


def test_what_cannot_be_read_or_written_is_said(host: RemoteHost) -> None:
    with pytest.raises(OutsideError, match="cannot be read"):
        host.read("/root/.ssh")
    with pytest.raises(OutsideError, match="cannot be written"):
        host.write("/proc/nothing", b"", mode=0o600)


def test_a_port_is_forwarded(host: RemoteHost) -> None:
    with host.forward("127.0.0.1", 22) as port:
        for _ in range(3):
            with socket.create_connection(("127.0.0.1", port)) as client:
                assert client.recv(4) == b"SSH-"


def test_a_port_that_nobody_serves_closes_the_connection(host: RemoteHost) -> None:
    with host.forward("127.0.0.1", 1) as port, socket.create_connection(("127.0.0.1", port)) as client:
        assert client.recv(1) == b""


def test_lines_are_streamed_until_the_reader_stops(host: RemoteHost) -> None:
    lines = host.stream(Command.of("sh", "-c", "echo one; echo two; exec sleep 600"))
    assert [next(lines), next(lines)] == ["one", "two"]


def test_a_step_is_journaled_with_its_output(host: RemoteHost) -> None:
    with lease(host, host.agent, "test") as fence:
        done = host.step("try", "echo out; echo err >&2; exit 3", fence=fence)
    assert (done.status, done.stdout, done.stderr) == (3, b"out\n", b"err\n")
    kept = host.run(Command.of("sh", "-c", f"cd {host.agent.root}/journal && cat *-try.*.sh *-try.*.done")).text
    assert kept == "echo out; echo err >&2; exit 33\n"


def test_a_step_survives_the_connection(host: RemoteHost) -> None:
    breaker = threading.Timer(0.5, cut, [host])
    with lease(host, host.agent, "test") as fence:
        breaker.start()
        done = host.step("slow", "sleep 3; echo survived", fence=fence)
        breaker.join()
    assert done.text == "survived\n"


def test_a_step_that_takes_too_long_is_ended(host: RemoteHost) -> None:
    with lease(host, host.agent, "test") as fence:
        assert host.step("endless", "sleep 600", fence=fence, timeout=1).status == 124


def test_a_step_behind_the_fence_does_not_act(host: RemoteHost) -> None:
    with lease(host, host.agent, "test") as fence, pytest.raises(RefusedError, match="another run took over"):
        host.step("late", "echo acted", fence=fence - 1)


def test_a_host_without_the_agent_cannot_start_a_step(login: HostConfig) -> None:
    bare = RemoteHost(partial(open_link, login), Agent("/nowhere", "0"))
    with pytest.raises(OutsideError, match="could not be started"):
        bare.step("try", "true", fence=1)
    bare.close()


def test_another_host_key_is_refused_before_login(login: HostConfig) -> None:
    with pytest.raises(RefusedError, match="another key") as caught:
        open_link(login.model_copy(update={"host_key": "SHA256:" + "A" * 43}))
    assert login.host_key in str(caught.value)


def test_an_unreachable_host(login: HostConfig) -> None:
    with pytest.raises(OutsideError, match="cannot be reached"):
        open_link(login.model_copy(update={"port": 1}))


def test_a_login_that_the_host_does_not_accept(login: HostConfig, tmp_path: Path) -> None:
    key = tmp_path / "key"
    paramiko.ECDSAKey.generate().write_private_key_file(str(key))
    with pytest.raises(OutsideError, match="does not accept the login"):
        open_link(login.model_copy(update={"identity_file": str(key)}))


@pytest.mark.parametrize("content", [None, "no key"])
def test_a_key_file_that_cannot_be_used(login: HostConfig, tmp_path: Path, content: str | None) -> None:
    key = tmp_path / "key"
    if content:
        key.write_text(content)
    with pytest.raises(UsageError, match="private key cannot be used"):
        open_link(login.model_copy(update={"identity_file": str(key)}))
