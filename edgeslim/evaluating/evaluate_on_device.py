"""Shows a task's pictures to a model on a device and to Paddle, and compares what both answer."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeslim.conversion.optimized import OptimizedFile
from edgeslim.conversion.paddle_outputs import paddle_outputs
from edgeslim.conversion.prepare import PreparedModel
from edgeslim.errors import DeviceFullError, LinkError, ModelError
from edgeslim.evaluating.answers import join_answers
from edgeslim.evaluating.device_runs import BatchSize, bytes_of_outputs, run_on_device
from edgeslim.evaluating.task_pictures import TaskPictures
from edgeslim.evaluating.unfinished import FinishedBatch, Unfinished
from edgeslim.execution import Precision
from edgeslim.files import checksum_of
from edgeslim.free_memory import require_memory
from edgeslim.measuring.device_session import DeviceSession
from edgeslim.ops import macs
from edgeslim.progress import SILENT, Progress, Stage
from edgeslim.runs.device_accuracy import DeviceAccuracy, Disagreement

__all__ = ["JudgedOnDevice", "SubjectOnDevice", "evaluate_on_device"]

_SHOWN = 10
"""Pictures that are listed as those that disagree most."""

_FAR = 0.01
"""Largest difference over the largest output from which a picture without another answer counts
as one that disagrees."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SubjectOnDevice:
    """A model that is to be judged on a device.

    Args:
        id: Name in the record.
        model: The model as it was prepared, which Paddle runs.
        file: The converted model, which the device runs.
        precision: Precision that it was converted to.
        session: The device, with its number of threads.
    """

    id: str
    model: PreparedModel
    file: OptimizedFile
    precision: Precision
    session: DeviceSession


@dataclass(frozen=True, kw_only=True, slots=True)
class JudgedOnDevice:
    """How right a model is on a device, and the batches that say so.

    Args:
        accuracy: Metrics of the device and of Paddle.
        batches: The batches, to be removed once there is a record.
    """

    accuracy: DeviceAccuracy
    batches: Unfinished


def evaluate_on_device(
    subject: SubjectOnDevice, pictures: TaskPictures, folder: Path, progress: Progress = SILENT
) -> JudgedOnDevice:
    """Judges a model on a device by a task's pictures, beside Paddle on the same pictures.

    After an interruption it goes on behind the last whole batch.

    Args:
        subject: The model and its device.
        pictures: The pictures that it is shown.
        folder: Folder of the run, where batches are kept until whoever calls removes them.
        progress: Display that shows the progress.

    Raises:
        RunnerError, ProgramError: The device does not run the model.
        LinkError: The device was lost for good, or has no room for a single picture.
        ModelError: The outputs are not what the task needs; Paddle's are not finite.
        BadFileError: A picture cannot be read.
    """
    unfinished = Unfinished(folder, _settings(subject, pictures))
    batches = unfinished.batches()
    with progress.stage("pictures", len(pictures)) as stage:
        done = batches[-1].stop if batches else 0
        if done:
            stage.advance(done, note=f"{done} of {len(pictures)} pictures were shown before")
        batches += _show_rest(subject, pictures, unfinished, stage, done)
    return JudgedOnDevice(accuracy=_judge(subject, pictures, batches), batches=unfinished)


def _settings(subject: SubjectOnDevice, pictures: TaskPictures) -> dict[str, object]:
    """Everything that answers depend on."""
    session = subject.session
    first, _ = pictures.read(0, 1)
    return {
        "file": checksum_of(subject.file.path),
        "task": pictures.task,
        "indices": hashlib.sha256(pictures.indices.tobytes()).hexdigest(),
        "first": hashlib.sha256(first.tobytes()).hexdigest(),
        "available": pictures.available,
        "device": [session.profile.name, session.hardware, session.facts.unit],
        "runner": [session.runner.name, session.library_version, session.engine],
        "threads": session.execution.threads,
    }


def _show_rest(
    subject: SubjectOnDevice,
    pictures: TaskPictures,
    unfinished: Unfinished,
    stage: Stage,
    done: int,
) -> list[FinishedBatch]:
    """Shows the pictures that are left, batch by batch."""
    graph, at_once = subject.model.graph, pictures.input_shape[0]
    given = bytes_of_outputs(graph.shapes, graph.fetches) // at_once
    require_memory(
        2 * len(pictures) * pictures.judge.kept_bytes(given),
        f"judging {pictures.task} by {len(pictures)} pictures",
        "give fewer --images",
    )
    sizes = BatchSize(pictures.bytes_each + given, macs(graph.specs) / at_once, at_once)
    batches: list[FinishedBatch] = []
    while done < len(pictures):
        stop = min(len(pictures), done + sizes.size)
        try:
            batch = _show(subject, pictures, (done, stop), sizes.picture_s)
        except LinkError as error:
            if isinstance(error, DeviceFullError) and sizes.halve():
                stage.note(f"the device is full; batches are {sizes.size} pictures from here on")
                continue
            goes_on = f"the same command goes on behind the {done} pictures that were shown"
            raise type(error)(f"{error}; {goes_on}") from error
        unfinished.add(batch)
        batches.append(batch)
        sizes.learn(stop - done, *batch.seconds)
        stage.advance(stop - done)
        done = stop
    return batches


def _show(
    subject: SubjectOnDevice, pictures: TaskPictures, part: tuple[int, int], picture_s: float
) -> FinishedBatch:
    """Shows some pictures to both, and keeps what both answer."""
    model, (start, stop) = subject.model, part
    count = stop - start
    images, targets = pictures.read(start, stop)
    runs = pictures.as_runs(images)
    fed = ({pictures.input_name: run} for run in runs)
    paddle = pictures.outputs_of(paddle_outputs(model, fed), model, count)
    if not all(np.isfinite(output).all() for output in paddle):
        raise ModelError(
            f"Paddle gives no finite numbers for pictures {start} to {stop} of {pictures.task}"
        )
    all_finite = np.ones(count, bool)
    # Before the device: what does not fit the task needs no device to be told.
    expected = pictures.judge.answers(paddle, targets, all_finite)
    allowed_s = 60.0 + picture_s * count
    ran = run_on_device(subject.session, subject.file, model.graph, runs, allowed_s)
    device = pictures.outputs_of(ran.outputs, model, count)
    differences = _differences(device, paddle)
    return FinishedBatch(
        start=start,
        stop=stop,
        device=pictures.judge.answers(device, targets, np.isfinite(differences)),
        paddle=expected,
        differences=differences,
        seconds=(ran.runs_s, ran.device_s),
    )


def _differences(
    device: Sequence[NDArray[Any]], paddle: Sequence[NDArray[Any]]
) -> NDArray[np.float64]:
    """Largest difference of an output over its largest value by Paddle, for each picture."""
    found = np.zeros(len(paddle[0]))
    for ours, theirs in zip(device, paddle, strict=True):
        one, other = (array.reshape(len(array), -1).astype(float) for array in (ours, theirs))
        if not one.shape[1]:
            continue
        with np.errstate(invalid="ignore"):
            far = np.abs(one - other).max(axis=1)
        far[~np.isfinite(one).all(axis=1)] = np.inf
        largest = np.abs(other).max(axis=1)
        found = np.maximum(found, far / np.where(largest > 0, largest, 1.0))
    return found


def _judge(
    subject: SubjectOnDevice, pictures: TaskPictures, batches: Sequence[FinishedBatch]
) -> DeviceAccuracy:
    """Compares all answers."""
    device = join_answers([batch.device for batch in batches])
    paddle = join_answers([batch.paddle for batch in batches])
    differences = np.concatenate([batch.differences for batch in batches])
    compared = pictures.judge.compare(device, paddle)
    finite = np.isfinite(differences)
    worst = np.lexsort((-differences, ~compared.differs))
    shown = [n for n in worst[:_SHOWN] if compared.differs[n] or differences[n] > _FAR]
    return DeviceAccuracy(
        model=subject.id,
        task=pictures.task,
        precision=subject.precision,
        threads=subject.session.execution.threads,
        sha256=checksum_of(subject.file.path),
        images=len(pictures),
        available=pictures.available,
        metrics=compared.metrics,
        same_answers=int((~compared.differs).sum()) if compared.names_answers else None,
        not_finite=int((~finite).sum()),
        largest_difference=float(differences[finite].max()) if finite.any() else 0.0,
        disagreements=tuple(
            _disagreement(
                pictures,
                int(n),
                compared.texts(int(n)),
                differences[n],
                differs=bool(compared.differs[n]),
            )
            for n in shown
        ),
        runs_s=sum(batch.seconds[0] for batch in batches),
        device_s=sum(batch.seconds[1] for batch in batches),
        engine=subject.session.engine,
        notes=pictures.notes,
    )


def _disagreement(
    pictures: TaskPictures,
    place: int,
    texts: tuple[str, str, str],
    difference: float,
    *,
    differs: bool,
) -> Disagreement:
    truth, device, paddle = texts
    return Disagreement(
        index=int(pictures.indices[place]),
        name=pictures.name_of(place),
        truth=truth,
        device=device,
        paddle=paddle,
        differs=differs,
        difference=float(difference) if np.isfinite(difference) else None,
    )
