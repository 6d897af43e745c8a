"""A runner that does not even start is no fault of any model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from edgeslim.companion import lite_python
from edgeslim.device import Location
from edgeslim.errors import (
    BadFileError,
    EdgeslimError,
    ProgramAbortedError,
    ProgramCrashedError,
    ProgramFailedError,
    ProgramNotFoundError,
    ProgramTimedOutError,
    RunnerError,
)
from edgeslim.runner import batch
from edgeslim.runner.batch import run_batch
from edgeslim.runner.job import Job
from edgeslim.runner.protocol import Entry
from edgeslim.runner.runners import PythonRunner
from edgeslim.transports import TRANSPORTS

Scripted = Callable[[str], PythonRunner]


@pytest.fixture
def scripted(tmp_path: Path) -> Scripted:
    """Makes a runner whose Python is a script of ours."""

    def make(script: str) -> PythonRunner:
        program = tmp_path / "python"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        return PythonRunner(
            transport=TRANSPORTS.get("local")(Location()), python=str(program), threads=1
        )

    return make


@pytest.fixture
def jobs(tmp_path: Path) -> list[Job]:
    """Two jobs that nothing ever runs."""
    (tmp_path / "model.nb").touch()
    return [
        Job(
            entry=Entry(
                id=name,
                model="model.nb",
                library_version="v",
                kernel_targets=(),
                inputs=(),
                states=(),
                timeout_s=0.1,
            ),
            files={"model.nb": tmp_path / "model.nb"},
        )
        for name in ("one", "two")
    ]


def said(*events: str) -> str:
    """A script that writes events down, numbered."""
    return "\n".join(
        f"echo '{{\"sequence\": {number}, {event}}}' >> $4" for number, event in enumerate(events)
    )


START = '"event": "start"'
ONE = '"event": "measured", "id": "one", "samples_ns": [7]'
ONE_DONE = '"event": "finished", "id": "one"'
TWO_DONE = '"event": "finished", "id": "two"'


@pytest.mark.parametrize(
    ("script", "kind", "message"),
    [
        ("echo 'pip install it' >&2; exit 3", RunnerError, "refuses to run: pip install it"),
        ("echo Traceback >&2; exit 1", ProgramFailedError, r"does not start: .*\(1\).*Traceback"),
        ("kill -ABRT $$", ProgramAbortedError, r"the runner does not start: .*aborted \(134\)"),
        ("exit 0", ProgramFailedError, "the runner does not start"),
        ("exit 127", ProgramNotFoundError, "the python runner cannot be started"),
        ("echo hello", ProgramFailedError, "the runner does not start"),
        ("echo hello > $4", BadFileError, "the runner's line 'hello' is no result"),
    ],
)
def test_no_model_is_blamed_for_a_runner_that_does_not_start(
    scripted: Scripted, jobs: list[Job], script: str, kind: type[EdgeslimError], message: str
) -> None:
    with pytest.raises(kind, match=message):
        run_batch(scripted(script), jobs)


def test_a_python_that_is_not_there_is_said_so(jobs: list[Job]) -> None:
    runner = PythonRunner(
        transport=TRANSPORTS.get("local")(Location()), python="no-such-python", threads=1
    )
    with pytest.raises(ProgramNotFoundError, match="cannot start no-such-python"):
        run_batch(runner, jobs)


def test_threads_that_do_not_fit_are_refused_by_the_runner_itself(jobs: list[Job]) -> None:
    runner = PythonRunner(
        transport=TRANSPORTS.get("local")(Location()), python=str(lite_python()), threads=10_000
    )
    with pytest.raises(RunnerError, match="refuses to run: 10000 threads do not fit on"):
        run_batch(runner, jobs)


def test_a_runner_that_hangs_before_it_starts_blames_no_model(
    scripted: Scripted, jobs: list[Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "_START_S", 0.2)
    with pytest.raises(ProgramTimedOutError):
        run_batch(scripted("sleep 60"), jobs)


def test_a_runner_that_hangs_at_a_model_is_ended_and_blames_it(
    scripted: Scripted, jobs: list[Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "_START_S", 0.2)
    outcomes = run_batch(scripted(said(START) + "\nsleep 60"), jobs)
    assert [type(outcome.error) for outcome in outcomes] == [ProgramTimedOutError] * 2


def test_a_runner_that_stops_early_without_a_word_fails_the_model_it_was_at(
    scripted: Scripted, jobs: list[Job]
) -> None:
    (outcome,) = run_batch(scripted(said(START, ONE)), jobs[:1])
    assert isinstance(outcome.error, RunnerError)
    assert "died at one: it ended before its work was done" in str(outcome.error)
    assert outcome.measurements == ()


def test_a_runner_that_tells_of_another_model_is_not_believed(
    scripted: Scripted, jobs: list[Job]
) -> None:
    with pytest.raises(BadFileError, match="reports 'two' while 'one' is its job"):
        run_batch(scripted(said(START, TWO_DONE)), jobs)
    more = said(START, ONE, ONE_DONE, TWO_DONE, TWO_DONE)
    with pytest.raises(BadFileError, match="reports 'two' while '' is its job"):
        run_batch(scripted(more), jobs)


def test_a_runner_that_measures_nothing_is_not_believed(
    scripted: Scripted, jobs: list[Job]
) -> None:
    for samples in ("", "0", "-5"):
        nothing = f'"event": "measured", "id": "one", "samples_ns": [{samples}]'
        with pytest.raises(BadFileError, match="the runner measured nothing of 'one': a "):
            run_batch(scripted(said(START, nothing, ONE_DONE)), jobs)


def test_results_that_are_only_printed_are_not_believed(
    scripted: Scripted, jobs: list[Job]
) -> None:
    printed = said(START, ONE, ONE_DONE, TWO_DONE).replace(" >> $4", "")
    with pytest.raises(ProgramFailedError, match="the runner does not start"):
        run_batch(scripted(printed), jobs)


def test_a_runner_that_is_content_without_an_end_mark_is_not_believed(
    scripted: Scripted, jobs: list[Job]
) -> None:
    with pytest.raises(BadFileError, match="end after 4 lines, before their end mark"):
        run_batch(scripted(said(START, ONE, ONE_DONE, TWO_DONE)), jobs)


def test_a_check_of_paddle_lite_s_own_that_ends_a_model_is_told(
    scripted: Scripted, jobs: list[Job]
) -> None:
    line = "[F 1/1 1:1:1.1 lite/kernels/arm/pool_compute.cc Run:5] Check failed: (a): why"
    reason = f"signal 6; it printed last: {line}"
    raised = f'"event": "failed", "id": "one", "reason": "Paddle-Lite C++ Exception: {line}"'
    ended = f'"event": "failed", "id": "two", "reason": "{reason}", "signal": 6'
    for outcome in run_batch(scripted(f"{said(START, raised, ended)}\nexit 9"), jobs):
        assert isinstance(outcome.error, ProgramAbortedError)
        assert str(outcome.error) == (
            f"the runner died at {outcome.id}: a check of Paddle-Lite's own ended it: "
            "Check failed: (a): why (pool_compute.cc:5)"
        )


def test_a_processor_without_the_instructions_is_no_fault_of_the_file(
    scripted: Scripted, jobs: list[Job]
) -> None:
    (outcome,) = run_batch(scripted(f"{said(START)}\nkill -ILL $$"), jobs[:1])
    assert isinstance(outcome.error, ProgramCrashedError)
    assert "lacks instructions that these kernels use" in str(outcome.error)


def test_a_line_that_was_cut_off_never_was(scripted: Scripted, jobs: list[Job]) -> None:
    cut = said(START, ONE, ONE_DONE) + '\nprintf \'{"sequence": 3, "ev\' >> $4; kill -SEGV $$'
    one, two = run_batch(scripted(cut), jobs)
    assert one.measurements
    assert isinstance(two.error, ProgramCrashedError)


@pytest.mark.parametrize("end", ["kill -KILL $$", "kill -TERM $$", "sleep 60"])
def test_a_model_is_tried_again_if_somebody_else_ended_the_runner(
    scripted: Scripted, jobs: list[Job], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    monkeypatch.setattr(batch, "_START_S", 0.4)
    script = f"""
        {said(START, ONE)}
        if [ ! -e {tmp_path}/tried ]; then touch {tmp_path}/tried; {end}; fi
    """
    rest = "\n".join(said(START, ONE, ONE_DONE).splitlines()[2:])
    (outcome,) = run_batch(scripted(script + rest + "\nexit 9"), jobs[:1])
    assert outcome.error is None
    assert outcome.measurements


@pytest.mark.parametrize(
    ("start", "message"),
    [
        ('"event": "start", "threads": 2', "with 2 threads, not 1; --threads 2"),
        (
            '"event": "start", "threads": 1, "power_mode": 0',
            "binds threads there to high, not no-bind; --power-mode high",
        ),
    ],
)
def test_a_runner_that_runs_models_otherwise_than_asked_is_not_believed(
    scripted: Scripted, jobs: list[Job], start: str, message: str
) -> None:
    with pytest.raises(RunnerError, match=message):
        run_batch(scripted(said(start, ONE, ONE_DONE, TWO_DONE)), jobs)
