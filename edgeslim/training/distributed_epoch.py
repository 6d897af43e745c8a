"""Epochs of a compression that several processes do together, led by process 0.

A helping process knows nothing of strategies, checkpoints and folders. Before each epoch it gets
the whole network from process 0, and drops it afterwards: so all train the same network, even if
process 0 has decided by numbers that another GPU would not compute to the bit.

Each step, gradients and batch norms' statistics are averaged by the share of examples that a
process had, and quantization's scales are the largest of all (`_mean_gradients.py`: a buffer that
is no mean is added there).
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from edgeslim.files import pack_arrays, temporary_folder, write_bytes
from edgeslim.training._training_loop import TrainingSettings
from edgeslim.training.checkpoint import check_same_examples, data_fingerprint
from edgeslim.training.distillation import Term
from edgeslim.training.distillation.teacher import Teacher
from edgeslim.training.quantization.settings import QuantizationSettings
from edgeslim.training.staged_net import StagedNet
from edgeslim.training.tasks import SPLIT_SEED, TaskData, find_task

if TYPE_CHECKING:
    from edgeslim.training.processes import Processes

__all__ = ["announce_epoch", "lead_epochs"]

Files = Mapping[str, bytes]

_ENDINGS = (".pdmodel", ".pdiparams")


class EpochJob(msgspec.Struct, frozen=True, kw_only=True, tag="epoch"):
    """An epoch that is to be done by all processes.

    Args:
        task: The task as on the command line.
        data: Fingerprint of the task's examples.
        input_shape: Input shape of the network, ``(N, C, H, W)``.
        settings: Settings of the whole training.
        epoch: Index of the epoch, from 0.
        network: Files of the program before any quantization, by their ending.
        quantization: Settings of the quantization, or None.
        arrays: Everything that training has changed, as one file.
        terms: Losses that a teacher adds.
        teacher: Files of the teacher, if there are such losses.
    """

    task: str
    data: str
    input_shape: tuple[int, ...]
    settings: TrainingSettings
    epoch: int
    network: dict[str, bytes]
    quantization: QuantizationSettings | None
    arrays: bytes
    terms: tuple[Term, ...] = ()
    teacher: dict[str, bytes] = {}


class Done(msgspec.Struct, frozen=True, kw_only=True, tag="done"):
    """The end of all epochs, with the result."""

    result: bytes


_Jobs = msgspec.msgpack.Decoder(EpochJob | Done)


def lead_epochs(team: Processes, lead: Callable[[], bytes]) -> bytes:
    """Returns what ``lead`` gives in process 0; the others do the epochs that it announces.

    Raises:
        EdgeslimError: Whatever failed in any process.
    """
    if team.is_leader:
        result = lead()
        team.run_on_leader(lambda: msgspec.msgpack.encode(Done(result=result)))
        return result
    helping = _Helper(team)
    while True:
        job = _Jobs.decode(team.run_on_leader(_nothing))
        if isinstance(job, Done):
            return job.result
        helping.do(job)


def _nothing() -> bytes:
    return b""


def announce_epoch(
    team: Processes,
    net: StagedNet,
    *,
    task: str,
    data: TaskData,
    settings: TrainingSettings,
    epoch: int,
    terms: Sequence[Term] = (),
    teacher: Path | None = None,
) -> None:
    """Announces that process 0 calls `StagedNet.learn_epoch`, so that the others do as well.

    Args:
        team: The processes of the training.
        net: The network before the epoch.
        task: The task as on the command line.
        data: Examples of the task.
        settings: Settings of the whole training.
        epoch: Index of the epoch, from 0.
        terms: Losses that a teacher adds.
        teacher: Prefix of the teacher's files.

    Raises:
        EdgeslimError: Another process cannot do the epoch.
    """
    team.check_batch(settings.batch_size)
    with temporary_folder() as folder:
        net.save_float(folder / "model")
        job = EpochJob(
            task=task,
            data=data_fingerprint(data),
            input_shape=net.input_shape,
            settings=settings,
            epoch=epoch,
            network=_files_at(folder / "model"),
            quantization=net.quantization,
            arrays=pack_arrays(net.arrays()),
            terms=tuple(terms),
            teacher={} if teacher is None or not terms else _files_at(teacher),
        )
    team.run_on_leader(lambda: msgspec.msgpack.encode(job))
    team.run_everywhere(lambda: None)  # waits until all are ready


def _files_at(prefix: Path) -> dict[str, bytes]:
    return {ending: Path(f"{prefix}{ending}").read_bytes() for ending in _ENDINGS}


class _Helper:
    """A process that does the epochs that process 0 announces."""

    def __init__(self, team: Processes) -> None:
        self._team = team
        self._data: dict[tuple[str, tuple[int, ...]], TaskData] = {}
        self._teachers: dict[str, Teacher] = {}

    def do(self, job: EpochJob) -> None:
        net, data, teacher = self._team.run_everywhere(lambda: self._prepare(job))
        net.learn_epoch(
            data,
            job.settings,
            epoch=job.epoch,
            teacher=teacher,
            terms=job.terms,
            team=self._team,
        )

    def _prepare(self, job: EpochJob) -> tuple[StagedNet, TaskData, Teacher | None]:
        key = job.task, job.input_shape
        if key not in self._data:
            self._data = {key: find_task(job.task).data(job.input_shape, SPLIT_SEED)}
        data = self._data[key]
        check_same_examples(data_fingerprint(data), job.data)
        with temporary_folder() as folder:
            net = StagedNet(_write_files(job.network, folder / "net"))
            if job.quantization is not None:
                net.quantize(job.quantization)
            with np.load(io.BytesIO(job.arrays), allow_pickle=False) as stored:
                arrays = {name: stored[name] for name in stored.files}
            net.restore(arrays, file=Path("the state of process 0"))
        return net, data, self._teacher(job.teacher)

    def _teacher(self, files: Files) -> Teacher | None:
        if not files:
            return None
        key = hashlib.sha256(b"".join(files.values())).hexdigest()
        if key not in self._teachers:
            with temporary_folder() as folder:
                self._teachers = {key: Teacher(_write_files(files, folder / "teacher"))}
        return self._teachers[key]


def _write_files(files: Files, prefix: Path) -> Path:
    for ending, content in files.items():
        write_bytes(Path(f"{prefix}{ending}"), content)
    return prefix
