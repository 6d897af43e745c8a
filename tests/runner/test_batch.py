"""Batches on the real runtime: what goes wrong stays where it went wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from edgeslim.companion import lite_python
from edgeslim.conversion.operator_jobs import operator_jobs
from edgeslim.device import Location
from edgeslim.errors import (
    ProgramError,
    ProgramFailedError,
    ProgramTimedOutError,
    RunnerError,
)
from edgeslim.execution import Target
from edgeslim.lite.converter import Conversion, convert_one
from edgeslim.lite.optimized_model import read_optimized_model
from edgeslim.paddle_io.operator_model import write_operator_model
from edgeslim.paddle_io.parameters import write_parameters
from edgeslim.runner.batch import run_batch
from edgeslim.runner.job import Job, Outcome, Reference
from edgeslim.runner.protocol import Entry, Input, Sampling
from edgeslim.runner.runners import PythonRunner
from edgeslim.transports import TRANSPORTS
from tests.conftest import QUICK
from tests.runner.changed_jobs import changed, model_of, with_model
from tests.values import MB, convolution

NAMES = ["operator0", "operator1", "operator2", "operator3"]


@pytest.fixture
def runner() -> PythonRunner:
    return PythonRunner(
        transport=TRANSPORTS.get("local")(Location()), python=str(lite_python()), threads=1
    )


def assert_only(outcomes: Sequence[Outcome], failed: int) -> ProgramError | RunnerError:
    """Proves that one failed and the others were measured, and returns its error."""
    assert [outcome.id for outcome in outcomes] == NAMES[: len(outcomes)]
    for index, outcome in enumerate(outcomes):
        assert (outcome.error is None) == (index != failed), outcome
        assert (outcome.measurements == ()) == (index == failed)
    error = outcomes[failed].error
    assert error is not None
    return error


@pytest.mark.slow
def test_a_batch_is_measured_in_order(runner: PythonRunner, real_jobs: Sequence[Job]) -> None:
    states = (QUICK, msgspec.structs.replace(QUICK, swept_bytes=MB))
    outcomes = run_batch(runner, [changed(job, states=states) for job in real_jobs])
    assert [outcome.id for outcome in outcomes] == NAMES
    for outcome in outcomes:
        assert outcome.error is None
        assert [measurement.cache.swept_bytes for measurement in outcome.measurements] == [0, MB]
        assert all(3 <= len(measurement.samples_ns) <= 8 for measurement in outcome.measurements)
        assert outcome.device_s > 0
        assert outcome.references_ms == ()
    null, reference, *_ = (outcome.measurements[0].latency_ms for outcome in outcomes)
    assert 0 < null < 0.05 < reference


def test_an_empty_batch_is_nothing(runner: PythonRunner) -> None:
    assert run_batch(runner, []) == []


@pytest.mark.slow
def test_outputs_come_back_and_are_right(
    runner: PythonRunner, real_jobs: Sequence[Job], tmp_path: Path
) -> None:
    array = np.linspace(-1, 1, 16 * 16, dtype=np.float32).reshape(1, 16, 4, 4)
    np.save(tmp_path / "in.npy", array)
    job = changed(
        real_jobs[2],
        inputs=(Input(shape=(1, 16, 4, 4), file="in.npy"),),
        keep_outputs=("out.npy",),
    )
    job = replace(
        job,
        files={**job.files, "in.npy": tmp_path / "in.npy"},
        outputs={"out.npy": tmp_path / "kept.npy"},
    )
    (outcome,) = run_batch(runner, [job])
    assert outcome.error is None
    np.testing.assert_array_equal(np.load(tmp_path / "kept.npy"), np.maximum(array, 0))


@pytest.mark.slow
def test_a_model_for_another_processor_is_refused(
    runner: PythonRunner, real_jobs: Sequence[Job], arm_job: Job
) -> None:
    outcomes = run_batch(runner, [real_jobs[0], changed(arm_job, id="operator1"), real_jobs[2]])
    error = assert_only(outcomes, 1)
    assert isinstance(error, RunnerError)
    assert "operator1: the model's kernels are for another processor (targets [4])" in str(error)


@pytest.mark.slow
@pytest.mark.parametrize("where", ["entry", "file", "both"])
def test_a_model_of_another_library_version_is_refused(
    runner: PythonRunner, real_jobs: Sequence[Job], tmp_path: Path, where: str
) -> None:
    job = real_jobs[1]
    if where in {"file", "both"}:
        content = bytearray(model_of(job))
        content[2:18] = b"v2.10\0".ljust(16, b"\x7f")
        job = with_model(job, bytes(content), tmp_path / "old.nb")
        facts = read_optimized_model(tmp_path / "old.nb")
        assert facts.library_version == "v2.10"
    if where in {"entry", "both"}:
        job = changed(job, library_version="v2.10")
    error = assert_only(run_batch(runner, [real_jobs[0], job, real_jobs[2]]), 1)
    assert isinstance(error, RunnerError)
    assert "the model is for Paddle-Lite v2.10 and this runtime is v2.13-rc" in str(error)


@pytest.mark.slow
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_outputs_that_are_not_numbers_are_refused(
    runner: PythonRunner, real_jobs: Sequence[Job], tmp_path: Path, value: float
) -> None:
    np.save(tmp_path / "in.npy", np.full((1, 64, 28, 28), value, np.float32))
    job = changed(real_jobs[1], inputs=(Input(shape=(1, 64, 28, 28), file="in.npy"),))
    job = replace(job, files={**job.files, "in.npy": tmp_path / "in.npy"})
    error = assert_only(run_batch(runner, [real_jobs[0], job, real_jobs[2]]), 1)
    assert isinstance(error, RunnerError)
    assert str(error) == "operator1: output 0 has values that are not finite"


@pytest.mark.slow
def test_a_model_with_an_infinite_weight_is_refused(runner: PythonRunner, tmp_path: Path) -> None:
    spec = convolution(4, 4)
    write_operator_model(spec, tmp_path / "model")
    weights = {f"w_{slot}": np.ones(shape, np.float32) for slot, (shape,) in spec.weights.items()}
    weights["w_Filter"][0, 0, 0, 0] = np.inf
    write_parameters(tmp_path / "model.pdiparams", weights)
    path = convert_one(
        Conversion(
            model=tmp_path / "model.pdmodel",
            parameters=tmp_path / "model.pdiparams",
            target=Target.X86,
            output=tmp_path / "model",
        )
    )
    (good,) = operator_jobs([spec], Target.X86, tmp_path, states=(QUICK,))
    assert isinstance(good, Job)
    bad = replace(changed(good, id="operator1", model=path.name), files={path.name: path})
    error = assert_only(run_batch(runner, [good, bad]), 1)
    assert "output 0 has values that are not finite" in str(error)


@pytest.mark.slow
@pytest.mark.parametrize("keep", [0, 20, 1000, -50])
def test_a_model_that_ends_the_runtime_takes_only_itself_down(
    runner: PythonRunner, real_jobs: Sequence[Job], tmp_path: Path, keep: int
) -> None:
    content = model_of(real_jobs[1])[:keep]
    broken = with_model(real_jobs[1], content, tmp_path / "broken.nb")
    error = assert_only(run_batch(runner, [real_jobs[0], broken, *real_jobs[2:]]), 1)
    assert isinstance(error, ProgramError)
    assert "the runner died at operator1" in str(error)


@pytest.mark.slow
def test_models_that_fail_one_after_the_other_fail_each_for_itself(
    runner: PythonRunner, real_jobs: Sequence[Job], tmp_path: Path
) -> None:
    broken = [
        with_model(job, b"", tmp_path / job.entry.model) if index != 2 else job
        for index, job in enumerate(real_jobs)
    ]
    outcomes = run_batch(runner, broken)
    assert [outcome.id for outcome in outcomes] == NAMES
    assert [outcome.error is None for outcome in outcomes] == [False, False, True, False]
    for outcome in outcomes:
        assert outcome.error is None or outcome.id in str(outcome.error)


@pytest.mark.slow
def test_an_entry_that_takes_too_long_is_ended_and_the_rest_goes_on(
    runner: PythonRunner, real_jobs: Sequence[Job]
) -> None:
    endless = Sampling(maximum_samples=10**9, minimum_s=100, maximum_s=100)
    slow = changed(real_jobs[1], states=(QUICK, endless), timeout_s=0.5)
    outcomes = run_batch(runner, [real_jobs[0], slow, *real_jobs[2:]])
    error = assert_only(outcomes, 1)
    assert isinstance(error, ProgramTimedOutError)
    assert str(error) == "operator1 did not run within 0.5 s"


@pytest.mark.slow
def test_a_mistake_in_an_entry_is_told_with_python_s_own_words(
    runner: PythonRunner, real_jobs: Sequence[Job], tmp_path: Path
) -> None:
    np.save(tmp_path / "in.npy", np.array([object()]), allow_pickle=True)
    job = changed(real_jobs[1], inputs=(Input(shape=(1,), file="in.npy"),))
    job = replace(job, files={**job.files, "in.npy": tmp_path / "in.npy"})
    error = assert_only(run_batch(runner, [real_jobs[0], job, real_jobs[2]]), 1)
    assert isinstance(error, ProgramFailedError)
    assert "allow_pickle=False" in str(error)


def test_names_that_mean_two_things_are_refused(runner: PythonRunner, tmp_path: Path) -> None:
    entry = Entry(id="a", model="m.nb", library_version="", kernel_targets=(), inputs=(), states=())
    one = Job(entry=entry, files={"m.nb": tmp_path / "one.nb"})
    other = Job(entry=msgspec.structs.replace(entry, id="b"), files={"m.nb": tmp_path / "two.nb"})
    with pytest.raises(ValueError, match=r"m\.nb names both .*one\.nb and .*two\.nb"):
        run_batch(runner, [one, other])
    with pytest.raises(ValueError, match="the ids of a batch must differ"):
        run_batch(runner, [one, one])


@pytest.mark.slow
def test_a_reference_is_timed_around_every_state(
    runner: PythonRunner, real_jobs: Sequence[Job]
) -> None:
    jobs = [changed(job, states=(QUICK, QUICK)) for job in (real_jobs[0], real_jobs[2])]
    outcomes = run_batch(runner, jobs, reference=Reference(job=real_jobs[1]))
    assert [outcome.id for outcome in outcomes] == [job.entry.id for job in jobs]
    for outcome in outcomes:
        assert outcome.error is None
        assert len(outcome.references_ms) == len(outcome.measurements) == 2
        assert min(outcome.references_ms) > 0


@pytest.mark.slow
def test_next_to_a_slow_reference_nothing_is_trusted_and_patience_ends(
    runner: PythonRunner, real_jobs: Sequence[Job]
) -> None:
    impossible = Reference(job=real_jobs[1], baseline_ms=1e-6, patience_s=0.3)
    (outcome,) = run_batch(runner, real_jobs[:1], reference=impossible)
    assert outcome.disturbed == "the device was slow"
    assert outcome.waited_s >= 0.3
    assert outcome.measurements, "what was disturbed is measured all the same"


@pytest.mark.slow
def test_a_reference_that_cannot_run_is_no_fault_of_any_model(
    runner: PythonRunner, real_jobs: Sequence[Job]
) -> None:
    foreign = changed(real_jobs[1], kernel_targets=(4,))
    with pytest.raises(RunnerError, match="refuses to run: the reference model: the model's"):
        run_batch(runner, real_jobs[:1], reference=Reference(job=foreign))
