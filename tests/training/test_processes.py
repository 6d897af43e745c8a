"""Which of several processes this is, and lines between them."""

from __future__ import annotations

import socket
import threading

import pytest
from typer.main import get_command

from edgeslim.cli.commands import app
from edgeslim.errors import ProcessLostError, UsageError
from edgeslim.training._sockets import Connection, Rendezvous, connect
from edgeslim.training.processes import is_launched, is_leader
from tests.training.connected import pair


@pytest.mark.parametrize(
    ("count", "number", "is_one_of_several", "is_first"),
    [
        (None, None, False, True),
        ("1", "0", False, True),
        ("2", "0", True, True),
        ("2", "1", True, False),
    ],
)
def test_launch_says_which_process_this_is(
    monkeypatch: pytest.MonkeyPatch,
    count: str | None,
    number: str | None,
    is_one_of_several: bool,
    is_first: bool,
) -> None:
    _set(monkeypatch, PADDLE_TRAINERS_NUM=count, PADDLE_TRAINER_ID=number)
    assert (is_launched(), is_leader()) == (is_one_of_several, is_first)


def _set(monkeypatch: pytest.MonkeyPatch, **variables: str | None) -> None:
    for name, value in variables.items():
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, value)


def test_an_environment_that_launch_would_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PADDLE_TRAINERS_NUM", "two")
    with pytest.raises(UsageError, match="PADDLE_TRAINERS_NUM is 'two'"):
        is_launched()


@pytest.mark.parametrize("command", [("doctor",), ("space", "list")])
def test_the_work_of_one_process_is_refused_to_several(
    monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.setenv("PADDLE_TRAINERS_NUM", "2")
    with pytest.raises(UsageError, match=f"edgeslim {command[0]} is the work of one process"):
        get_command(app).main(args=list(command), standalone_mode=False)


def test_messages_are_whole_and_an_end_is_noticed() -> None:
    one, other = pair()
    mine, its = Connection(one, "process 1 of 2"), Connection(other, "process 0 of 2")
    large = bytes(range(256)) * 40_000

    def send_all() -> None:
        for message in (b"", b"two", large):
            mine.send(message)

    sending = threading.Thread(target=send_all)
    sending.start()
    assert [its.receive() for _ in range(3)] == [b"", b"two", large]
    sending.join()
    mine.shut_down()
    with pytest.raises(ProcessLostError, match="process 0 of 2 is gone"):
        its.receive()
    mine.close()
    its.close()


def test_only_who_knows_the_secret_is_let_in() -> None:
    rendezvous = Rendezvous("127.0.0.1")
    host, port, _ = rendezvous.address.split()
    found: list[Connection] = []
    waiting = threading.Thread(target=lambda: found.extend(rendezvous.accept_all(3)))
    with socket.create_connection((host, int(port))) as stranger:
        stranger.sendall(b"\0" * 20)
        socket.create_connection((host, int(port))).close()  # it says nothing
        waiting.start()
        lines = [connect(rendezvous.address, number, 3) for number in (2, 1)]
        waiting.join()
        assert stranger.recv(1) == b""
    for line, number in zip(lines, (2, 1), strict=True):
        line.send(str(number).encode())
    assert [line.receive() for line in found] == [b"1", b"2"]
    for line in (*lines, *found):
        line.close()
