"""Output that comes after the status, from a server of the real protocol on a socket pair."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator

import paramiko
import pytest
from paramiko.common import AUTH_SUCCESSFUL, OPEN_SUCCEEDED

from edgeslim.errors import LinkLostError
from edgeslim.transports._channel import Part
from edgeslim.transports._ssh_channel import SshChannel

Answer = Callable[[paramiko.Channel], None]


class Server(paramiko.ServerInterface):
    """Answers every command as a test says."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def check_auth_none(self, username: str) -> int:
        return AUTH_SUCCESSFUL

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        threading.Thread(target=self._answer, args=(channel,), daemon=True).start()
        return True


@pytest.fixture(scope="module")
def host_key() -> paramiko.PKey:
    return paramiko.ECDSAKey.generate()


@pytest.fixture
def connect(host_key: paramiko.PKey) -> Iterator[Callable[[Answer], SshChannel]]:
    """Runs a command on a server that answers as it is told."""
    opened: list[paramiko.Transport] = []

    def run(answer: Answer) -> SshChannel:
        near, far = socket.socketpair()
        server, client = paramiko.Transport(far), paramiko.Transport(near)
        opened.extend((client, server))
        server.add_server_key(host_key)
        server.start_server(threading.Event(), Server(answer))
        client.start_client(timeout=30)
        client.auth_none("board")
        channel = client.open_session(timeout=30)
        channel.exec_command("anything")
        return SshChannel(channel, "the board")

    yield run
    for transport in opened:
        transport.close()


def received(channel: SshChannel) -> tuple[bytes, int]:
    """All output of a command, and its status."""
    output = b""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for part, data in channel.receive(0.1):
            if part is Part.STATUS:
                return output, int.from_bytes(data, "little")
            output += data
    raise AssertionError("it never ends")


def test_output_that_comes_after_the_status_is_not_lost(
    connect: Callable[[Answer], SshChannel],
) -> None:
    def answer(channel: paramiko.Channel) -> None:
        channel.sendall(b"first ")
        channel.send_exit_status(7)
        for part in (b"the ", b"rest"):
            time.sleep(0.15)  # longer than anybody waits in between
            channel.sendall(part)
        channel.close()

    assert received(connect(answer)) == (b"first the rest", 7)


def test_what_a_command_leaves_running_does_not_hold_it_up(
    connect: Callable[[Answer], SshChannel],
) -> None:
    def answer(channel: paramiko.Channel) -> None:
        channel.sendall(b"done")
        channel.send_exit_status(0)  # and neither an end of output nor of the channel

    assert received(connect(answer)) == (b"done", 0)


def test_an_end_without_a_status_is_a_lost_link(
    connect: Callable[[Answer], SshChannel],
) -> None:
    def answer(channel: paramiko.Channel) -> None:
        channel.sendall(b"begun")  # so that the command was answered before
        time.sleep(0.2)
        channel.close()

    channel = connect(answer)
    with pytest.raises(LinkLostError, match="broke off while a command ran on the board"):
        received(channel)
