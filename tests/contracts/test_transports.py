"""What every transport does, whatever is at its other end."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

import pytest

from edgeslim.errors import (
    BadFileError,
    ProgramNotFoundError,
    ProgramTimedOutError,
    UnwritableError,
)
from edgeslim.process import CompletedProgram
from edgeslim.transports import Transport

AWKWARD = [
    "plain",
    "",
    " a  b ",
    "'single'",
    '"double"',
    "$(touch oops) `id` ${HOME} $HOME",
    "new\nline",
    "tab\tand\\backslash\\n",
    "* ? [a-z] ~ #x ; & | < > !",
    "-n",
    "--",
    "é ü 漢字 🙂",
    "%s %%",
]


def sh(
    transport: Transport, script: str, *arguments: str, timeout_s: float = 30
) -> CompletedProgram:
    return transport.run(["sh", "-c", script, "sh", *arguments], timeout_s=timeout_s)


@pytest.mark.parametrize("status", [0, 1, 3, 42, 255])
def test_the_exit_status_of_a_program_comes_back(transport: Transport, status: int) -> None:
    assert sh(transport, f"exit {status}").status == status


@pytest.mark.parametrize(("signal", "status"), [("ABRT", 134), ("SEGV", 139), ("KILL", 137)])
def test_a_program_ended_by_a_signal_has_128_more(
    transport: Transport, signal: str, status: int
) -> None:
    assert sh(transport, f"kill -{signal} $$").status == status


def test_output_and_errors_come_back_apart(transport: Transport) -> None:
    completed = sh(transport, "echo out; echo err >&2; printf 'no end'")
    assert (completed.output, completed.errors) == (b"out\nno end", b"err\n")


@pytest.mark.parametrize("argument", AWKWARD)
def test_an_argument_arrives_unchanged(transport: Transport, argument: str) -> None:
    completed = transport.run(["printf", "%s|", argument, argument], timeout_s=30)
    assert completed.output.decode() == f"{argument}|{argument}|"


def test_all_arguments_arrive_in_order(transport: Transport) -> None:
    completed = sh(transport, 'printf "%s\\0" "$@"', *AWKWARD)
    assert completed.output.decode() == "".join(f"{argument}\0" for argument in AWKWARD)


def test_variables_reach_the_program_unchanged(transport: Transport) -> None:
    completed = transport.run(
        ["sh", "-c", 'printf "%s|%s" "$OMP_NUM_THREADS" "$ODD"'],
        timeout_s=30,
        environment={"OMP_NUM_THREADS": "2", "ODD": "a b '$(id)'\n\""},
    )
    assert completed.output.decode() == "2|a b '$(id)'\n\""


def test_a_program_that_is_not_there_is_said_so(transport: Transport) -> None:
    with pytest.raises(ProgramNotFoundError, match="no-such-program"):
        transport.run(["no-such-program"], timeout_s=30)


def test_each_line_is_told_as_it_comes(transport: Transport) -> None:
    times: list[tuple[bytes, float]] = []
    transport.run(
        ["sh", "-c", "echo one; sleep 0.5; echo; echo two"],
        timeout_s=30,
        on_line=lambda line: times.append((line, time.monotonic())),
    )
    assert [line for line, _ in times] == [b"one", b"", b"two"]
    assert times[-1][1] - times[0][1] > 0.3


def is_running(transport: Transport, process_id: bytes) -> bool:
    """Whether a process runs on the device; one that waits to be reaped does not."""
    script = 'read -r line < "/proc/$1/stat" && printf %s "${line##*) }"'
    return sh(transport, script, process_id.decode()).output[:1] not in {b"", b"Z", b"X"}


def ended(transport: Transport, process_id: bytes) -> bool:
    deadline = time.monotonic() + 10
    while is_running(transport, process_id):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@pytest.mark.parametrize(
    "script",
    [
        "echo $$; sleep 60; true",
        "sleep 60 & echo $!; wait",
        "sh -c 'echo $$; trap \"\" TERM INT HUP; while :; do sleep 1; done'; true",
        "echo $$; while :; do echo busy; sleep 0.05; done",
    ],
)
def test_the_deadline_ends_a_program_and_all_it_started(transport: Transport, script: str) -> None:
    lines: list[bytes] = []
    start = time.monotonic()
    with pytest.raises(ProgramTimedOutError):
        transport.run(["sh", "-c", script], timeout_s=1.5, on_line=lines.append)
    assert time.monotonic() - start < 10
    assert ended(transport, lines[0])


def test_what_a_program_leaves_running_does_not_keep_it(transport: Transport) -> None:
    lines: list[bytes] = []
    start = time.monotonic()
    with suppress(ProgramTimedOutError):
        transport.run(["sh", "-c", "sleep 60 & echo $!"], timeout_s=20, on_line=lines.append)
    assert time.monotonic() - start < 10
    assert ended(transport, lines[0])


def test_a_file_goes_and_comes_back_unchanged(transport: Transport, tmp_path: Path) -> None:
    content = bytes(range(256)) * 4096
    (tmp_path / "sent").write_bytes(content)
    with transport.folder() as folder:
        for name in ("plain", "a 'b' $(c)"):
            transport.push(tmp_path / "sent", folder / name)
            transport.pull(folder / name, tmp_path / "fetched")
            assert (tmp_path / "fetched").read_bytes() == content
            (tmp_path / "fetched").unlink()
        completed = sh(transport, 'wc -c < "$1"', str(folder / "plain"))
        assert int(completed.output) == len(content)


def test_an_empty_file_goes_and_comes_back_too(transport: Transport, tmp_path: Path) -> None:
    (tmp_path / "sent").touch()
    with transport.folder() as folder:
        transport.push(tmp_path / "sent", folder / "empty")
        transport.pull(folder / "empty", tmp_path / "fetched")
    assert (tmp_path / "fetched").read_bytes() == b""


def test_a_file_that_is_sent_again_replaces_the_one_there_and_no_other(
    transport: Transport, tmp_path: Path
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_bytes(b"first")
    second.write_bytes(b"2")
    with transport.folder() as folder:
        for source in (first, first, second):
            transport.push(source, folder / "model")
        transport.pull(folder / "model", tmp_path / "fetched")
    assert (tmp_path / "fetched").read_bytes() == b"2"
    assert first.read_bytes() == b"first"


def test_what_happens_on_the_device_does_not_change_the_file_that_was_sent(
    transport: Transport, tmp_path: Path
) -> None:
    (tmp_path / "sent").write_bytes(b"kept")
    with transport.folder() as folder:
        transport.push(tmp_path / "sent", folder / "file")
        assert sh(transport, 'echo changed > "$1"', str(folder / "file")).status == 0
    assert (tmp_path / "sent").read_bytes() == b"kept"


def test_a_program_that_is_sent_can_be_run(transport: Transport, tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text('#!/bin/sh\necho "ran with $1"\n')
    program.chmod(0o755)
    with transport.folder() as folder:
        transport.push(program, folder / "program")
        completed = transport.run([str(folder / "program"), "x"], timeout_s=30)
    assert completed.output == b"ran with x\n"


def test_a_file_that_is_not_there_is_said_so(transport: Transport, tmp_path: Path) -> None:
    with transport.folder() as folder:
        with pytest.raises(BadFileError, match="none"):
            transport.pull(folder / "none", tmp_path / "fetched")
        with pytest.raises(BadFileError, match="missing"):
            transport.push(tmp_path / "missing", folder / "file")
    assert not (tmp_path / "fetched").exists()


def test_a_place_here_that_takes_no_file_is_said_so(transport: Transport, tmp_path: Path) -> None:
    (tmp_path / "sent").touch()
    with transport.folder() as folder:
        transport.push(tmp_path / "sent", folder / "file")
        with pytest.raises(UnwritableError):
            transport.pull(folder / "file", tmp_path / "sent" / "below")


def test_a_folder_is_new_empty_and_gone_afterwards(transport: Transport) -> None:
    with transport.folder() as one, transport.folder() as other:
        assert one != other
        assert sh(transport, 'ls -A "$1"', str(one)).output == b""
        assert sh(transport, 'mkdir "$1/deep" && touch "$1/deep/file"', str(one)).status == 0
    assert sh(transport, 'test -e "$1"', str(one)).status == 1


def test_a_folder_is_gone_after_a_failure_too(transport: Transport) -> None:
    with pytest.raises(KeyError), transport.folder() as folder:
        raise KeyError
    assert sh(transport, 'test -e "$1"', str(folder)).status == 1


def test_much_output_arrives_line_by_line(transport: Transport) -> None:
    lines: list[bytes] = []
    transport.run(["seq", "20000"], timeout_s=30, on_line=lines.append)
    assert lines == [str(number).encode() for number in range(1, 20_001)]
