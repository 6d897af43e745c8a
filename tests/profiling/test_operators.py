"""Operators measured on this machine: resumed, failed, killed, disturbed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from edgeslim.conversion.operator_jobs import null_operator
from edgeslim.latency_table import FailedRow, LatencyTable
from edgeslim.measurement import HOT, CacheState
from edgeslim.measuring.device_session import DeviceSession, with_threads
from edgeslim.measuring.drift import DriftWatch
from edgeslim.opspec import Attributes, OpSpec, Shapes
from edgeslim.profiling.operators import measure_operators, operator_states
from edgeslim.profiling.profile_plan import ProfilePlan
from tests.measuring.conftest import Watched, hog, patient
from tests.tools import PROJECT, wait_until
from tests.values import MB, convolution, relu

pytestmark = pytest.mark.slow


def all_of(*specs: OpSpec) -> ProfilePlan:
    """A plan that wants everything."""
    return ProfilePlan(dict.fromkeys(specs, 1.0))


def test_each_operator_is_timed_in_every_state() -> None:
    hot, eight, thirty_two = operator_states((0, 8, 32))
    assert [state.swept_bytes for state in (hot, eight, thirty_two)] == [0, 8 * MB, 32 * MB]
    assert hot.minimum_s > 0
    hot, cold = operator_states((0, 8), longest_s=0.04)
    assert (hot.maximum_s, cold.maximum_s) == (0.04, 0.05)


def test_what_is_missing_is_measured_and_what_is_there_is_not(
    session: DeviceSession, table: LatencyTable
) -> None:
    watch = DriftWatch(session)
    progress = Watched()
    counts = measure_operators(session, watch, table, all_of(relu(8), relu(8)), progress=progress)
    assert (counts.measured, counts.failed) == (2, {})
    assert counts.device_s > 0
    assert set(table) == {null_operator(), relu(8)}
    assert set(table.measurements(relu(8))) == {HOT, CacheState(swept_bytes=MB)}
    assert (progress.stages, progress.done) == ([("operators", 2)], 2)

    assert table.path.read_text().count('"row":"conditions"') == 2  # before, and at the end
    before = table.path.read_bytes()
    counts = measure_operators(session, watch, table, all_of(relu(8)))
    assert (counts.measured, counts.device_s) == (0, 0.0)
    assert table.path.read_bytes() == before

    again = LatencyTable.open(table.path, session.context())
    counts = measure_operators(session, watch, again, all_of(relu(8), convolution(3, 8)))
    assert counts.measured == 1
    assert table.path.read_bytes().startswith(before)
    read = LatencyTable.read(table.path)
    assert set(read) == {null_operator(), relu(8), convolution(3, 8)}
    assert read.reference_ms > 0
    assert read.measurements(convolution(3, 8))[HOT].latency_ms > 0


UNKNOWN = OpSpec(kind="unheard_of", inputs=Shapes(X=((1, 8),)), outputs=Shapes(Out=((1, 8),)))
UNCONVERTIBLE = OpSpec(
    kind="pool2d",
    inputs=Shapes(X=((1, 8, 4, 4),)),
    outputs=Shapes(Out=((1, 8, 1, 1),)),
    attributes=Attributes(ksize=(4, 4)),
)
"""A pooling that lacks most of its attributes, at which the optimizer aborts."""

UNRUNNABLE = OpSpec(
    kind="matmul_v2",
    inputs=Shapes(X=((1, 8),)),
    weights=Shapes(Y=((9, 5),)),
    outputs=Shapes(Out=((1, 5),)),
    attributes=Attributes(trans_x=False, trans_y=False),
)
"""A product of factors that do not fit, at which the runtime aborts."""


def test_an_operator_that_fails_is_written_down_with_the_reason_and_not_tried_again(
    session: DeviceSession, table: LatencyTable
) -> None:
    impossible = {UNKNOWN, UNCONVERTIBLE, UNRUNNABLE}
    specs = [relu(8), *impossible, relu(16)]
    counts = measure_operators(session, DriftWatch(session), table, all_of(*specs))
    assert counts.measured == 3
    assert set(counts.failed) == set(table.failures) == impossible
    assert table.failures[UNKNOWN] == "no operator kind 'unheard_of' is known to edgeslim"
    assert "opt could not convert" in table.failures[UNCONVERTIBLE]
    assert ": a check of Paddle-Lite's own ended it: " in table.failures[UNRUNNABLE]
    assert "not supported x_dims({1,8}) and y_dims({9,5})" in table.failures[UNRUNNABLE]
    assert set(table) == {null_operator(), relu(8), relu(16)}

    before = table.path.read_bytes()
    again = LatencyTable.read(table.path)
    counts = measure_operators(session, DriftWatch(session), again, all_of(*specs))
    assert (counts.measured, set(counts.failed)) == (0, impossible)
    assert table.path.read_bytes() == before


def test_operators_that_failed_in_another_run_count_as_failed(
    session: DeviceSession, table: LatencyTable
) -> None:
    table.add(FailedRow(operator=relu(8), reason="it hung"))
    counts = measure_operators(session, DriftWatch(session), table, all_of(relu(8)))
    assert counts.failed == {relu(8): "it hung"}
    assert set(table) == {null_operator()}


MEASURE = """
import sys
from pathlib import Path
from edgeslim.latency_table import LatencyTable
from edgeslim.profiling import operators, profile_plan
from edgeslim.measuring.device_session import open_device
from edgeslim.measuring.drift import DriftWatch
from tests.values import relu

profile_plan._GROUP = 2
session = open_device("host")
table = LatencyTable.open(Path(sys.argv[1]), session.context())
specs = [relu(channels) for channels in range(1, 13)]
wanted = profile_plan.ProfilePlan(dict.fromkeys(specs, 1.0))
operators.measure_operators(session, DriftWatch(session), table, wanted)
"""


def operators_of(path: Path) -> list[OpSpec]:
    return list(LatencyTable.read(path)) if path.exists() else []


def test_a_run_that_was_killed_goes_on_where_it_was(session: DeviceSession, tmp_path: Path) -> None:
    path = tmp_path / "table.jsonl"
    run = subprocess.Popen(
        [sys.executable, "-c", MEASURE, str(path)],
        env={**os.environ, "PYTHONPATH": str(PROJECT), "TMPDIR": str(tmp_path)},
    )
    try:
        assert wait_until(lambda: len(operators_of(path)) >= 3, timeout_s=60)
    finally:
        run.send_signal(signal.SIGKILL)
        run.wait()
    kept = operators_of(path)
    wanted = {null_operator(), *(relu(channels) for channels in range(1, 13))}
    assert 3 <= len(kept) < len(wanted)

    table = LatencyTable.open(path, session.context())
    counts = measure_operators(session, DriftWatch(session), table, all_of(*wanted))
    assert counts.measured == len(wanted) - len(kept)
    read = LatencyTable.read(path)
    assert set(read) == wanted
    assert list(read)[: len(kept)] == kept
    assert path.read_text().count('"row":"operator"') == len(wanted)


LONG = convolution(128, 128, 80)
"""An operator that takes longer than a program is left alone on a core."""


def median_ms(table: LatencyTable, specs: Sequence[OpSpec]) -> list[float]:
    return [table.measurements(spec)[HOT].latency_ms for spec in specs]


@pytest.mark.alone
def test_what_another_program_interrupts_counts_with_the_time_that_it_had_a_core(
    session: DeviceSession, tmp_path: Path
) -> None:
    assert session.has_core_time
    quiet = LatencyTable.open(tmp_path / "quiet.jsonl", session.context())
    measure_operators(session, patient(session), quiet, all_of(LONG))
    loud = LatencyTable.open(tmp_path / "loud.jsonl", session.context())
    progress = Watched()
    with hog():
        measure_operators(session, patient(session), loud, all_of(LONG), progress=progress)
    assert not any("interrupted" in note for note in progress.notes)
    # The hog takes half of the core, and runs would seem to take twice as long.
    (before,), (after,) = median_ms(quiet, [LONG]), median_ms(loud, [LONG])
    assert after < 1.5 * before


@pytest.mark.alone
def test_what_stays_disturbed_is_written_down_in_the_end(
    session: DeviceSession, tmp_path: Path
) -> None:
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("two threads need two cores")
    both = with_threads(session, 2)
    assert not both.has_core_time
    table = LatencyTable.open(tmp_path / "both.jsonl", both.context())
    progress = Watched()
    first, second = sorted(os.sched_getaffinity(0))[-2:]
    with hog(first), hog(second):
        counts = measure_operators(both, patient(both), table, all_of(LONG), progress=progress)
    assert any("other programs interrupted" in note for note in progress.notes)
    assert len(progress.notes) >= 2
    assert counts.measured == 2
    assert LONG in LatencyTable.read(table.path)
