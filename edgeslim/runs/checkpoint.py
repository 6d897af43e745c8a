"""Checkpoints: a folder for every finished epoch, with the network and the state of its training.

::

    <checkpoint_path>/7/
        context.json              epoch, metrics, settings, checksums of the other files
        state.npz                 weights, velocities, ranges of quantization
        eval_model/model.pdmodel  the network, as edgeslim evaluate, deploy and infer take it
        network/model.pdmodel     what it was before it was quantized, if it is
        result/model.pdmodel      the last network, where no eval_model is wanted
        inference/model.nb        for Paddle-Lite, on request

A folder is made under another name and renamed, so that no checkpoint is ever incomplete.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from edgeslim.errors import BadFileError
from edgeslim.files import checksum_of, pack_arrays, read_bytes, read_json, write_bytes, write_json
from edgeslim.training.metric_value import MetricValue

__all__ = [
    "Checkpoint",
    "CheckpointContext",
    "EpochRecord",
    "newest_checkpoint",
    "open_checkpoint",
    "read_arrays",
    "write_checkpoint",
]

_FORMAT = 1
_CONTEXT, _STATE = "context.json", "state.npz"


class EpochRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The result of an epoch.

    Args:
        epoch: Number of the epoch, from 0.
        loss: Mean loss of its steps; None if nothing was trained.
        metrics: Metrics of the saved network by name, the task's own first; empty if it was not
            evaluated.
        learning_rate: Learning rate of the last step; None if nothing was trained.
        seconds: Duration, including almost all of the saving.
        macs: Multiply-accumulate operations of the network.
        parameters: Number of its trainable parameters.
        processes: Number of processes that trained it together.
        events: What strategies did in it, as sentences.
        judged: The metrics with their number of examples and intervals.
        warning: Channel groups of which almost nothing is left, in words; or empty.
    """

    epoch: int
    loss: float | None = None
    metrics: dict[str, float] = {}
    learning_rate: float | None = None
    seconds: float = 0.0
    macs: int = 0
    parameters: int = 0
    processes: int = 1
    events: tuple[str, ...] = ()
    judged: dict[str, MetricValue] = {}
    warning: str = ""

    @property
    def metric(self) -> float | None:
        """The task's own metric, if it was evaluated."""
        return next(iter(self.metrics.values()), None)


class CheckpointContext(msgspec.Struct, frozen=True, kw_only=True):
    """What a checkpoint belongs to, and what its training must know to go on.

    Args:
        epoch: Number of the last finished epoch.
        model: Fingerprint of the network before the first epoch; empty if a search made it.
        data: Fingerprint of the task's examples.
        fixed: Settings that must be the same for all epochs.
        begun: Settings of the strategies that have begun, which cannot change any more.
        memory: State of each strategy by its name.
        quantized: Name of the strategy that quantized the network; empty if none did.
        history: Results of all epochs so far.
        files: Checksums of all other files by their path in the folder.
        format: Version of the folder's format.
    """

    epoch: int
    model: str
    data: str
    fixed: dict[str, Any]
    begun: dict[str, dict[str, Any]] = {}
    memory: dict[str, dict[str, Any]] = {}
    quantized: str = ""
    history: tuple[EpochRecord, ...] = ()
    files: dict[str, str] = {}
    format: int = _FORMAT


class Checkpoint:
    """A complete checkpoint on disk.

    Args:
        folder: Folder of the checkpoint.
        context: What it belongs to.
    """

    def __init__(self, folder: Path, context: CheckpointContext) -> None:
        self.folder = folder
        self.context = context

    @property
    def eval_model(self) -> Path:
        """Prefix of the network's files that other commands read."""
        own = self.folder / "eval_model" / "model"
        return own if own.with_suffix(".pdmodel").exists() else self.folder / "result" / "model"

    @property
    def network(self) -> Path:
        """Prefix of the network that training continues with, before any quantization."""
        own = self.folder / "network" / "model"
        return own if own.with_suffix(".pdmodel").exists() else self.eval_model

    @property
    def state(self) -> Path:
        """The file with weights, velocities and ranges of quantization."""
        return self.folder / _STATE


def newest_checkpoint(
    path: Path, *, skip_broken: bool = False
) -> tuple[Checkpoint | None, list[str]]:
    """The checkpoint of the last epoch, and what is wrong with checkpoints that were skipped.

    Args:
        path: Folder of the checkpoints; folders whose names are no numbers are ignored.
        skip_broken: Whether broken checkpoints, and folders of other programs, are skipped.

    Raises:
        BadFileError: One is broken, and ``skip_broken`` is false.
    """
    numbered = (
        [folder for folder in path.iterdir() if _is_number(folder.name)] if path.is_dir() else []
    )
    skipped: list[str] = []
    for folder in sorted(numbered, key=lambda path: int(path.name), reverse=True):
        try:
            return open_checkpoint(folder), skipped
        except BadFileError as error:  # noqa: PERF203 - few folders
            if not skip_broken:
                raise BadFileError(
                    f"{error}; remove the folder, or pass over it with --skip-broken"
                ) from error
            skipped.append(str(error))
    return None, skipped


def _is_number(name: str) -> bool:
    return name.isascii() and name.isdecimal() and str(int(name)) == name


def open_checkpoint(folder: Path) -> Checkpoint:
    """Reads the checkpoint in a folder.

    Raises:
        BadFileError: It is broken, or not one of edgeslim's.
    """
    file = folder / _CONTEXT
    if not file.is_file():
        raise BadFileError(f"{folder} is no checkpoint of edgeslim: it has no {_CONTEXT}")
    try:
        context = read_json(file, CheckpointContext)
    except BadFileError as error:
        raise BadFileError(f"{folder} is a broken checkpoint: {error}") from error
    if context.format != _FORMAT:
        raise BadFileError(f"{folder} has format {context.format}, and this edgeslim {_FORMAT}")
    if context.epoch != int(folder.name):
        raise BadFileError(f"{folder} is a broken checkpoint: it says that it is {context.epoch}")
    for name, checksum in context.files.items():
        try:
            found = checksum_of(folder / name)
        except BadFileError as error:
            raise BadFileError(f"{folder} is a broken checkpoint: {error}") from error
        if found != checksum:
            raise BadFileError(f"{folder} is a broken checkpoint: {name} was changed or damaged")
    return Checkpoint(folder, context)


def write_checkpoint(
    folder: Path, context: CheckpointContext, arrays: Mapping[str, NDArray[Any]]
) -> None:
    """Writes the state and, last, the context with the checksums of all other files."""
    write_bytes(folder / _STATE, pack_arrays(arrays))
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    sums = {str(file.relative_to(folder)): checksum_of(file) for file in files}
    write_json(folder / _CONTEXT, msgspec.structs.replace(context, files=sums))


def read_arrays(file: Path) -> dict[str, NDArray[Any]]:
    """Reads a file of named arrays, without executing anything in it.

    Raises:
        BadFileError: The file is damaged, or something else.
    """
    try:
        with np.load(io.BytesIO(read_bytes(file)), allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except (
        *(AttributeError, TypeError),  # np.load gives an array, which no ``with`` takes, of one
        *(OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile),
    ) as error:
        raise BadFileError(f"{file} is damaged: {error}") from error
