"""Many inputs through one loaded model: both runners give what single runs give."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from edgeslim.companion import lite_python
from edgeslim.conversion.operator_jobs import operator_jobs
from edgeslim.device import Location
from edgeslim.errors import BadFileError, RunnerError
from edgeslim.execution import Target
from edgeslim.runner.batch import run_batch
from edgeslim.runner.job import Job, Outcome
from edgeslim.runner.pixel_codes import encode_pixels
from edgeslim.runner.protocol import Entry, Input, Series
from edgeslim.runner.runners import NativeRunner, PythonRunner, Runner
from edgeslim.runner.series import check_series, read_series, with_series
from edgeslim.transports import TRANSPORTS
from tests.runner.changed_jobs import changed
from tests.values import relu


def a_job(folder: Path, runs: int) -> Job:
    """A job whose series has come back, whatever is in the file."""
    entry = Entry(
        id="a",
        model="a.nb",
        library_version="",
        kernel_targets=(),
        inputs=(Input(shape=(1, 2)),),
        states=(),
        series=Series(count=runs, files=("series0.npy",), tables=("",), output="series.npys"),
    )
    return Job(entry=entry, files={}, outputs={"series.npys": folder / "series.npys"})


def written(path: Path, arrays: Sequence[NDArray[np.float32]]) -> None:
    with path.open("wb") as stream:
        for array in arrays:
            np.save(stream, array)


def test_outputs_of_different_shapes_are_read_back(tmp_path: Path) -> None:
    arrays = [np.full((1, size), size, np.float32) for size in (2, 3, 5, 7)]
    written(tmp_path / "series.npys", arrays)
    found = read_series(a_job(tmp_path, 2), 2)
    assert [[array.shape for array in run] for run in found] == [[(1, 2), (1, 3)], [(1, 5), (1, 7)]]
    assert found[1][1].tolist() == [[7] * 7]


@pytest.mark.parametrize("count", [3, 5])
def test_a_file_with_too_few_or_too_many_outputs_is_refused(tmp_path: Path, count: int) -> None:
    written(tmp_path / "series.npys", [np.zeros(2, np.float32)] * 4)
    with pytest.raises(
        BadFileError, match=r"outputs of 1 runs came back; the model has \d for each run"
    ):
        read_series(a_job(tmp_path, 1), count)


def test_a_file_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "series.npys"
    written(path, [np.zeros(100, np.float32)] * 2)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(BadFileError, match="what 2 runs gave is cut off"):
        read_series(a_job(tmp_path, 2), 1)


def test_a_runner_that_knows_no_series_is_to_be_built_again(tmp_path: Path) -> None:
    job = a_job(tmp_path, 2)
    check_series(job, Outcome(id="a", series_s=0.1), "native")
    with pytest.raises(RunnerError, match="edgeslim runner build"):
        check_series(job, Outcome(id="a"), "native")


def pictures(runs: int, seed: int = 0) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Bytes of photos, and the pixels that a network reads."""
    rng = np.random.default_rng(seed)
    photos = rng.integers(0, 256, (runs, 1, 3, 16, 16)).astype(np.uint8)
    mean, deviation = (
        np.array(values, np.float32).reshape(3, 1, 1)
        for values in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    )
    pixels: NDArray[np.float32] = (photos / np.float32(255) - mean) / deviation
    return photos, pixels


def test_pixels_are_bytes_again_and_nothing_is_lost() -> None:
    photos, pixels = pictures(20)
    coded = encode_pixels(pixels)
    assert coded is not None
    codes, table = coded
    assert np.array_equal(codes, photos)
    assert np.array_equal(table[np.arange(3).reshape(3, 1, 1), codes], pixels)


def test_two_zeros_of_different_sign_have_no_codes() -> None:
    zeros = np.array([0.0, -0.0, 1.0], np.float32).reshape(1, 1, 1, 1, 3)
    assert encode_pixels(zeros) is None
    assert encode_pixels(np.abs(zeros)) is not None


def test_few_values_and_a_single_one_are_codes_as_well() -> None:
    for values in (np.zeros((2, 1, 1, 4, 4)), np.arange(32).reshape(2, 1, 1, 4, 4) % 2 * 0.5):
        coded = encode_pixels(values.astype(np.float32))
        assert coded is not None
        assert np.array_equal(coded[1][0][coded[0]], values)


@pytest.mark.parametrize(
    "stack",
    [
        np.random.default_rng(0).normal(size=(3, 1, 3, 8, 8)).astype(np.float32),
        np.full((1, 1, 1, 2, 2), np.nan, np.float32),
        np.array([0, 1e30, 1, 2], np.float32).reshape(1, 1, 1, 2, 2),
        np.zeros((3, 4), np.float32),
        np.zeros((3, 1, 1, 2, 2), np.int64),
    ],
)
def test_what_is_no_picture_of_bytes_stays_as_it_is(stack: NDArray[np.float32]) -> None:
    assert encode_pixels(stack) is None


@pytest.mark.slow
@pytest.mark.parametrize("name", ["native", "python"])
def test_codes_are_looked_up_on_the_device(
    native_runner: NativeRunner, tmp_path: Path, name: str
) -> None:
    runner: Runner = native_runner
    if name == "python":
        transport = TRANSPORTS.get("local")(Location())
        runner = PythonRunner(transport=transport, python=str(lite_python()), threads=1)
    (job,) = operator_jobs([relu(3, 16)], Target.X86, tmp_path, states=())
    assert isinstance(job, Job)
    (given,) = job.entry.inputs
    _, pixels = pictures(5)
    assert pixels.shape[1:] == given.shape
    coded = with_series(job, [pixels], tmp_path, as_codes=True)
    assert coded.files["series0.npy"].stat().st_size < pixels.nbytes / 3
    (outcome,) = run_batch(runner, [coded])
    assert outcome.error is None
    for run, one in zip(read_series(coded, 1), pixels, strict=True):
        assert np.array_equal(run[0], np.maximum(one, 0))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["native", "python"])
def test_a_series_is_run_in_order_with_what_is_no_number(
    native_runner: NativeRunner, real_jobs: Sequence[Job], tmp_path: Path, name: str
) -> None:
    transport = TRANSPORTS.get("local")(Location())
    runner: Runner = native_runner
    if name == "python":
        runner = PythonRunner(transport=transport, python=str(lite_python()), threads=1)
    relu = real_jobs[2]
    (shape,) = (given.shape for given in relu.entry.inputs)
    stack = np.random.default_rng(0).normal(size=(5, *shape)).astype(np.float32)
    stack[3].flat[0] = np.inf
    job = with_series(changed(relu, states=()), [stack], tmp_path)
    (outcome,) = run_batch(runner, [job])
    assert outcome.error is None
    check_series(job, outcome, name)
    found = read_series(job, 1)
    assert [
        np.array_equal(run[0], np.maximum(one, 0)) for run, one in zip(found, stack, strict=True)
    ] == [True] * 5


@pytest.mark.slow
def test_a_series_that_does_not_fit_the_model_fails_alone(
    native_runner: NativeRunner, real_jobs: Sequence[Job], tmp_path: Path
) -> None:
    relu = changed(real_jobs[2], states=())
    wrong = with_series(relu, [np.zeros((2, 3, 4), np.float32)], tmp_path)
    right, second = run_batch(native_runner, [relu, changed(wrong, id="wrong")])
    assert right.error is None
    assert second.error is not None
    assert "input 0 of the series is float32 [2, 3, 4]" in str(second.error)
