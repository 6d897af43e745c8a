"""Ended from outside at any moment: one line, no process left behind, nothing lost."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest

from edgeslim.latency_table import LatencyTable
from edgeslim.opspec import encode_hook
from edgeslim.profiling.profile_plan import _GROUP
from tests.cli.conftest import SPACE, TOKENS
from tests.devices.profiles import HASTY
from tests.program import edgeslim, ended, start
from tests.tools import wait_until
from tests.values import relu

pytestmark = pytest.mark.slow

MARK = "EDGESLIM_TEST_MARK"
OPERATORS = _GROUP + 30
"""So many that they are measured in two groups, each written down when it is done."""

QUICK = f"""
name = "quick"
summary = "this machine, each operator timed in one cache state only, whatever disturbs it"
transport = "local"
target = "x86"
swept_mb = [0]{HASTY}"""


def hears(process: subprocess.Popen[str]) -> bool:
    """Whether the program has come so far that it handles signals itself."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    caught = int(status.partition("SigCgt:")[2].split()[0], 16)
    return bool(caught >> (signal.SIGTERM - 1) & 1)


def marked(mark: str) -> list[int]:
    """Processes that were started with a mark, directly or by one of them."""
    wanted = f"{MARK}={mark}".encode()
    processes = (path for path in Path("/proc").iterdir() if path.name.isdigit())
    return [int(path.name) for path in processes if wanted in variables(path)]


def variables(process: Path) -> bytes:
    try:
        return (process / "environ").read_bytes()
    except OSError:  # it has ended, or is another user's
        return b""


@pytest.fixture
def workplace(tmp_path: Path) -> Path:
    """A folder with a device, operators to measure, and a folder for temporary files."""
    for folder in ("temporary", "device_profiles"):
        (tmp_path / folder).mkdir()
    (tmp_path / "device_profiles" / "quick.toml").write_text(QUICK)
    specs = [relu(channels) for channels in range(1, OPERATORS + 1)]
    (tmp_path / "operators.jsonl").write_bytes(
        b"\n".join(msgspec.json.encode(spec, enc_hook=encode_hook) for spec in specs)
    )
    return tmp_path


PROFILE = (
    *("profile", "--device", "quick", "--operators", "operators.jsonl", "--out", "quick.jsonl"),
    "--json",
)


@pytest.mark.parametrize(
    ("number", "says"), [(signal.SIGINT, "interrupted"), (signal.SIGTERM, "ended from outside")]
)
def test_a_profile_that_was_ended_leaves_nothing_behind_and_goes_on(
    workplace: Path, number: signal.Signals, says: str
) -> None:
    mark, temporary = uuid4().hex, workplace / "temporary"
    process = start(*PROFILE, folder=workplace, TMPDIR=str(temporary), **{MARK: mark})
    table = workplace / "quick.jsonl"

    def written() -> int:
        return len(LatencyTable.read(table)) if table.exists() and table.stat().st_size else 0

    try:
        assert wait_until(lambda: written() > 0, timeout_s=60)
        # In the middle of the next group, which another process converts and measures.
        assert wait_until(lambda: len(marked(mark)) > 1)
    finally:
        process.send_signal(number)
    done = ended(process)
    assert done.error(128 + number) == f"{says}; run the same command again to continue"
    assert done.out == ""
    assert marked(mark) == []
    assert list(temporary.iterdir()) == []
    before = written()
    assert before < OPERATORS

    again = edgeslim(*PROFILE, folder=workplace)
    assert again.code == 0, again.err
    assert again.document["operators"] == OPERATORS + 1  # the null operator as well
    assert again.document["measured"] == OPERATORS + 1 - before


@pytest.mark.parametrize("after_s", [0.0, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 1.0])
def test_an_interruption_at_any_moment_ends_in_one_line(workplace: Path, after_s: float) -> None:
    command = ("space", "build", SPACE.name, "--tokens", TOKENS, "--out", "net")
    before = set(workplace.iterdir())
    process = start(*command, folder=workplace, TMPDIR=str(workplace / "temporary"))
    assert wait_until(lambda: hears(process))
    time.sleep(after_s)
    process.send_signal(signal.SIGINT)
    done = ended(process)
    if done.code == 0:  # it was quicker
        assert set(workplace.iterdir()) - before == {workplace / "net"}
    else:
        assert done.error(130).startswith("interrupted; ")
        assert len(done.err.splitlines()) == 1
        assert set(workplace.iterdir()) == before
    assert list((workplace / "temporary").iterdir()) == []


def test_an_interruption_where_nothing_may_be_raised_is_not_lost() -> None:
    """Python drops what is raised while an object is freed, and imports free some."""
    freeing = """
import signal, time, weakref
from edgeslim.cli import main

class Thing: ...

def command(arguments, **options):
    thing = Thing()
    watched = weakref.ref(thing, lambda _: signal.raise_signal(signal.SIGINT))
    del thing
    time.sleep(60)

main._command = command
main.run()
"""
    done = subprocess.run(
        [sys.executable, "-c", freeing], capture_output=True, text=True, timeout=50, check=False
    )
    assert done.returncode == 130, done
    assert done.stderr == "edgeslim: interrupted; run the same command again to continue\n"


def test_what_a_native_module_prints_of_an_interruption_is_not_shown() -> None:
    """They print what was raised while they were loaded, and raise an import error instead."""
    loading = """
import signal, sys
from edgeslim.cli import main

def command(arguments, **options):
    try:
        signal.raise_signal(signal.SIGINT)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    raise ImportError("a part of it failed to import")

main._command = command
main.run()
"""
    done = subprocess.run(
        [sys.executable, "-c", loading], capture_output=True, text=True, timeout=50, check=False
    )
    assert done.returncode == 130, done
    assert done.stderr == "edgeslim: interrupted; run the same command again to continue\n"


def test_a_program_that_was_told_not_to_hear_of_hanging_up_does_not(workplace: Path) -> None:
    """As with ``nohup``: what was ignored when the program started stays so."""
    ignoring = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)"
    process = start("devices", folder=workplace, first=ignoring)
    assert wait_until(lambda: hears(process))
    process.send_signal(signal.SIGHUP)
    done = ended(process)
    assert (done.code, done.err) == (0, "")
