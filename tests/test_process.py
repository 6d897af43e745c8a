"""Programs that end well, badly, or not at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from edgeslim.errors import (
    ProgramAbortedError,
    ProgramCrashedError,
    ProgramFailedError,
    ProgramNotFoundError,
    ProgramTimedOutError,
)
from edgeslim.process import CompletedProgram, last_lines, run, status_error
from tests.tools import PROJECT, is_alive, run_python, wait_until


def shell(script: str, *arguments: str, timeout_s: float = 20.0) -> CompletedProgram:
    return run(["/bin/sh", "-c", script, "sh", *arguments], timeout_s=timeout_s)


@pytest.mark.parametrize("status", [0, 1, 3, 127, 255])
def test_the_exit_status_is_what_the_program_said(status: int) -> None:
    assert shell(f"exit {status}").status == status


def test_both_streams_and_the_time_are_kept() -> None:
    completed = shell("echo out; echo err >&2; sleep 0.1")
    assert (completed.output, completed.errors) == (b"out\n", b"err\n")
    assert 0.1 <= completed.wall_s < 5
    assert completed.argv[:2] == ("/bin/sh", "-c")


def test_arguments_folder_and_environment_arrive_unchanged(tmp_path: Path) -> None:
    completed = run(
        [
            sys.executable,
            "-c",
            "import os, sys; print(sys.argv[1:], os.getcwd(), os.environ['A'])",
            *("a b", "$(id)", "'\"\n"),
        ],
        timeout_s=20,
        folder=tmp_path,
        environment={"A": "é"},
    )
    expected = f"{['a b', '$(id)', chr(39) + chr(34) + chr(10)]} {tmp_path} é\n"
    assert completed.output.decode() == expected


def test_a_program_reads_nothing_from_this_one() -> None:
    assert run(["cat"], timeout_s=5).output == b""


def test_a_program_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "notes").touch(mode=0o644)
    for program, reason in (
        ("no-such-program", "No such file or directory"),
        (str(tmp_path / "notes"), "Permission denied"),
        (str(tmp_path / "notes" / "x"), "Not a directory"),
    ):
        with pytest.raises(ProgramNotFoundError, match=f"^cannot start {program}: {reason}$"):
            run([program], timeout_s=5)


def test_a_program_for_another_machine_is_said_so(tmp_path: Path) -> None:
    program = tmp_path / "arm"
    program.write_bytes(b"\x7fELF\x02\x01\x01" + bytes(100))
    program.chmod(0o755)
    with pytest.raises(ProgramNotFoundError, match="Exec format error"):
        run([str(program)], timeout_s=5)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProgramNotFoundError, match=r"No such file or directory \(.*/none\)"):
        run(["true"], timeout_s=5, folder=tmp_path / "none")


def test_abort_crash_and_failure_are_told_apart() -> None:
    aborted = shell("echo checking; echo bad shape >&2; kill -ABRT $$")
    assert aborted.status == 134
    error = status_error("opt", aborted, mend="save it again")
    assert isinstance(error, ProgramAbortedError)
    expected = "opt: the program aborted (134); save it again"
    assert str(error) == f"{expected} [it printed last: checking | bad shape]"

    crashed = shell("kill -SEGV $$")
    assert crashed.status == 139
    error = status_error("opt", crashed)
    assert isinstance(error, ProgramCrashedError)
    assert str(error) == "opt: the program crashed (139, SIGSEGV)"

    killed = status_error("opt", shell("kill -KILL $$"))
    assert isinstance(killed, ProgramCrashedError)
    assert "(137, SIGKILL)" in str(killed)


@pytest.mark.parametrize("status", [1, 127, 128, 200, 255])
def test_a_status_that_is_no_signal_is_a_failure(status: int) -> None:
    error = status_error("ssh", shell(f"exit {status}"))
    assert isinstance(error, ProgramFailedError)
    assert str(error) == f"ssh: the program failed ({status})"


def test_the_last_lines_are_one_short_line() -> None:
    assert last_lines(b"", b" \n\n") == ""
    assert last_lines(b"1\n2\n", b"\n3\r\n4") == " [it printed last: 2 | 3 | 4]"
    assert last_lines(b"\xff\xfe") == " [it printed last: \ufffd\ufffd]"
    assert len(last_lines(b"x" * 100_000)) < 700


def test_a_program_that_hangs_is_ended_at_the_deadline() -> None:
    start = time.monotonic()
    with pytest.raises(ProgramTimedOutError) as caught:
        shell("echo waiting; sleep 60", timeout_s=0.3)
    assert time.monotonic() - start < 5
    assert "did not end within 0.3 s and was ended [it printed last: waiting]" in str(caught.value)


def test_a_program_that_never_stops_printing_is_ended_too() -> None:
    with pytest.raises(ProgramTimedOutError, match=r"y \| y \| y"):
        run(["yes"], timeout_s=0.3)


def test_a_program_that_ignores_requests_to_end_is_ended_too() -> None:
    with pytest.raises(ProgramTimedOutError):
        shell("trap '' TERM INT HUP; sleep 60; sleep 60", timeout_s=0.3)


def test_a_program_that_closes_its_streams_is_still_waited_for() -> None:
    completed = shell("exec >&- 2>&-; sleep 0.3; exit 5")
    assert (completed.status, completed.wall_s >= 0.3) == (5, True)
    with pytest.raises(ProgramTimedOutError):
        shell("exec >&- 2>&-; sleep 60", timeout_s=0.3)


def started_by(script: str, *, timeout_s: float) -> int:
    """The process that a script started and told the number of; the script is over."""
    lines: list[bytes] = []
    with suppress(ProgramTimedOutError):
        run(["/bin/sh", "-c", script], timeout_s=timeout_s, on_line=lines.append)
    return int(lines[0])


@pytest.mark.parametrize(
    "script",
    [
        "sleep 60 & echo $!; wait",
        "sh -c 'sleep 60 & echo $!; wait'; true",
        "(trap '' TERM; sleep 60) & echo $!; exec >&- 2>&-; wait",
    ],
)
def test_what_a_hanging_program_started_is_ended_with_it(script: str) -> None:
    process_id = started_by(script, timeout_s=0.4)
    assert wait_until(lambda: not is_alive(process_id))


def test_a_program_that_ended_is_not_waited_for_because_of_what_it_left_running() -> None:
    start = time.monotonic()
    process_id = started_by("sleep 60 & echo $!", timeout_s=20)
    assert time.monotonic() - start < 5
    assert wait_until(lambda: not is_alive(process_id))


def test_the_end_of_this_program_s_own_work_ends_the_other_one() -> None:
    process_id = 0

    def fail(line: bytes) -> None:
        nonlocal process_id
        process_id = int(line)
        raise KeyError(line)

    with pytest.raises(KeyError):
        run(["/bin/sh", "-c", "echo $$; sleep 60"], timeout_s=20, on_line=fail)
    assert wait_until(lambda: not is_alive(process_id))


def test_every_complete_line_is_told_as_it_comes() -> None:
    times: list[tuple[bytes, float]] = []
    completed = run(
        ["/bin/sh", "-c", "echo one; echo; sleep 0.3; printf 'two\\nthr'; sleep 0.1; echo ee"],
        timeout_s=20,
        on_line=lambda line: times.append((line, time.monotonic())),
    )
    assert [line for line, _ in times] == [b"one", b"", b"two", b"three"]
    assert times[2][1] - times[0][1] > 0.2
    assert completed.output == b"one\n\ntwo\nthree\n"


def test_a_last_line_that_was_cut_off_is_kept_and_not_told() -> None:
    lines: list[bytes] = []
    completed = run(["printf", "whole\\ncut"], timeout_s=5, on_line=lines.append)
    assert lines == [b"whole"]
    assert completed.output == b"whole\ncut"


def test_no_line_of_many_is_lost() -> None:
    lines: list[bytes] = []
    run(["seq", "200000"], timeout_s=20, on_line=lines.append)
    assert lines == [str(number).encode() for number in range(1, 200_001)]


def test_a_slow_listener_loses_nothing_of_a_program_that_has_ended() -> None:
    lines: list[bytes] = []

    def listen(line: bytes) -> None:
        time.sleep(0.3 if not lines else 0)
        lines.append(line)

    run(["seq", "8000"], timeout_s=20, on_line=listen)
    assert len(lines) == 8000


PRINT_MUCH = """
import resource, sys
from edgeslim.process import run

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

before = peak()
listen = (lambda line: None) if sys.argv[1] == "listening" else None
completed = run(["head", "-c", sys.argv[2], "/dev/zero"], timeout_s=60, on_line=listen)
assert completed.status == 0
assert 0 < len(completed.output) <= 200_000
print(peak() - before)
"""


@pytest.mark.parametrize(
    ("mode", "printed", "allowed"),
    [("deaf", 1_000_000_000, 8_000_000), ("listening", 300_000_000, 120_000_000)],
)
def test_a_program_that_prints_without_end_costs_no_memory(
    mode: str, printed: int, allowed: int
) -> None:
    assert int(run_python(PRINT_MUCH, mode, printed)) < allowed


def test_the_kept_output_is_its_end() -> None:
    completed = run(["seq", "100000"], timeout_s=20)
    assert completed.output.endswith(b"99999\n100000\n")
    assert len(completed.output) <= 128 * 1024


def test_an_interrupted_run_leaves_nothing_behind(tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
from edgeslim.process import run
heard = Path(sys.argv[1])
run(["/bin/sh", "-c", "echo $$; sleep 60"], timeout_s=50, on_line=heard.write_bytes)
"""
    runner = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "id")],
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        stderr=subprocess.DEVNULL,
    )
    assert wait_until(lambda: (tmp_path / "id").exists() and (tmp_path / "id").read_text())
    runner.send_signal(signal.SIGINT)
    runner.wait()
    assert wait_until(lambda: not is_alive(int((tmp_path / "id").read_text())))


INTERRUPTED_START = """
import os, signal, sys
from edgeslim.process import run

def interrupt(frame, event, called):
    if event == "c_return" and called.__name__ == "fork_exec":
        sys.setprofile(None)
        signal.raise_signal(signal.SIGINT)

sys.setprofile(interrupt)
try:
    run(["sleep", "20"], timeout_s=10)
except KeyboardInterrupt:
    try:
        print("left", os.waitpid(-1, os.WNOHANG))
    except ChildProcessError:
        print("none left", signal.getsignal(signal.SIGINT) is signal.default_int_handler)
"""


def test_an_interruption_while_a_program_is_being_started_leaves_none() -> None:
    """The child is there, and ``Popen`` has not said so yet."""
    assert run_python(INTERRUPTED_START) == "none left True\n"


def test_a_program_that_says_nothing_for_too_long_is_ended() -> None:
    start = time.monotonic()
    with pytest.raises(ProgramTimedOutError, match=r"said nothing for 0\.3 s and was ended"):
        run(["sh", "-c", "echo a; sleep 60"], timeout_s=50, quiet_s=0.3)
    assert time.monotonic() - start < 10


def test_a_program_that_goes_on_talking_is_left_alone() -> None:
    talk = "for i in 1 2 3 4 5 6 7 8; do echo $i >&2; sleep 0.2; done"
    assert run(["sh", "-c", talk], timeout_s=50, quiet_s=1.2).errors.count(b"\n") == 8
