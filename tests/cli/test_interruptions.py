"""Ended from outside at any moment: one line, no process left behind, nothing lost."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest

from edgeslim.latency_table import LatencyTable
from edgeslim.opspec import encode_hook
from tests.cli.conftest import SPACE, TOKENS
from tests.program import edgeslim, ended, start
from tests.tools import wait_until
from tests.values import relu

pytestmark = pytest.mark.slow

READY = "import edgeslim.cli.main; print('ready', flush=True)"
"""From here on nothing but the program runs."""

MARK = "EDGESLIM_TEST_MARK"
BLOCK = 32
"""So many operators are measured at once, and then written down."""


def marked(mark: str) -> list[int]:
    """Processes that were started with a mark, directly or by one of them."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"{MARK}={mark}".encode() in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:
            continue  # it has ended, or is another user's
    return found


@pytest.fixture
def workplace(tmp_path: Path) -> Path:
    """A folder with operators to measure, and one for temporary files."""
    (tmp_path / "temporary").mkdir()
    specs = [relu(channels) for channels in range(1, BLOCK + 9)]
    (tmp_path / "operators.jsonl").write_bytes(
        b"\n".join(msgspec.json.encode(spec, enc_hook=encode_hook) for spec in specs)
    )
    return tmp_path


PROFILE = ("profile", "--operators", "operators.jsonl", "--out", "host.jsonl", "--json")


@pytest.mark.parametrize(
    ("number", "says"), [(signal.SIGINT, "interrupted"), (signal.SIGTERM, "ended from outside")]
)
def test_a_profile_that_was_ended_leaves_nothing_behind_and_goes_on(
    workplace: Path, number: signal.Signals, says: str
) -> None:
    mark, temporary = uuid4().hex, workplace / "temporary"
    process = start(*PROFILE, folder=workplace, TMPDIR=str(temporary), **{MARK: mark})
    table = workplace / "host.jsonl"

    def written() -> int:
        return len(LatencyTable.read(table)) if table.exists() and table.stat().st_size else 0

    try:
        assert wait_until(lambda: written() >= BLOCK, timeout_s=60)
        # In the middle of the next block, which runs in a process of its own.
        assert wait_until(lambda: len(marked(mark)) > 1)
    finally:
        process.send_signal(number)
    done = ended(process)
    assert done.error(128 + number) == f"{says}; the same command goes on where it was"
    assert done.out == ""
    assert marked(mark) == []
    assert list(temporary.iterdir()) == []
    before = written()

    again = edgeslim(*PROFILE, folder=workplace)
    assert again.code == 0, again.err
    assert again.document["operators"] == BLOCK + 9  # and the null operator
    assert again.document["measured"] == BLOCK + 9 - before


@pytest.mark.parametrize("after_s", [0.0, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 1.0])
def test_an_interruption_at_any_moment_ends_in_one_line(workplace: Path, after_s: float) -> None:
    command = ("space", "build", SPACE.name, "--tokens", TOKENS, "--out", "net")
    temporary = workplace / "temporary"
    process = start(*command, folder=workplace, first=READY, TMPDIR=str(temporary))
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(after_s)
    process.send_signal(signal.SIGINT)
    done = ended(process)
    if done.code != 0:  # it may have been done before
        assert done.error(130).startswith("interrupted; ")
        assert len(done.err.splitlines()) == 1
        assert not (workplace / "net").exists()
    assert list(temporary.iterdir()) == []
    assert {path.name for path in workplace.iterdir()} <= {"net", "operators.jsonl", "temporary"}


def test_a_program_that_was_told_not_to_hear_of_hanging_up_does_not(workplace: Path) -> None:
    """As with ``nohup``: what was ignored when the program started stays so."""
    process = start(
        "devices",
        folder=workplace,
        first=f"import os, signal; signal.signal(signal.SIGHUP, signal.SIG_IGN); {READY}",
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    os.kill(process.pid, signal.SIGHUP)
    done = ended(process)
    assert (done.code, done.err) == (0, "")
