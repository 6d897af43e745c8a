"""One folder for every epoch that is done: the network, what else training has changed, and why.

::

    <checkpoint_path>/7/
        context.json              epoch, metrics, settings, checksums of the other files
        state.npz                 weights, velocities, ranges of quantization
        eval_model/model.pdmodel  the network, as edgeslim evaluate, deploy and infer take it
        network/model.pdmodel     what it was before it was quantized, if it is
        result/model.pdmodel      the last network, where no eval_model is wanted
        inference/model.nb        for Paddle-Lite, on request

A folder is made under another name and renamed, so it is there whole or not at all.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from edgeslim.errors import BadFileError
from edgeslim.files import read_bytes, read_json, write_bytes, write_json
from edgeslim.training.metric_value import MetricValue

__all__ = [
    "Checkpoint",
    "CheckpointContext",
    "EpochRecord",
    "newest",
    "opened",
    "read_arrays",
    "seal",
]

_FORMAT = 1
_CONTEXT, _STATE = "context.json", "state.npz"


class EpochRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What came of an epoch.

    Args:
        epoch: Counted from 0.
        loss: Mean of its steps; None if nothing was trained.
        metrics: Of the network as it was saved, the task's own first; empty if it was not
            evaluated.
        learning_rate: Of the epoch's last step; None likewise.
        seconds: How long it took, saving included but for the last moment.
        macs: Multiply-accumulate operations of the network.
        parameters: Its trainable parameters.
        processes: That trained it together.
        events: What strategies did.
        judged: The metrics with their number of examples and intervals.
        warning: Of which channel groups next to nothing is left, if there are such.
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
    """What a checkpoint is of.

    Args:
        epoch: The last that is done.
        model: Fingerprint of the network before the first epoch; empty if a search made it.
        data: Fingerprint of the task's examples.
        fixed: Settings that must be the same for all epochs.
        begun: Of each strategy that has begun, the keys that cannot change any more.
        memory: What each strategy knows.
        quantized: Which strategy quantized the network, if one did.
        history: All epochs so far.
        files: Checksum of every other file by its place in the folder.
        format: Of the folder.
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
    """A checkpoint that is there, whole.

    Args:
        folder: Its folder.
        context: What it is of.
    """

    def __init__(self, folder: Path, context: CheckpointContext) -> None:
        self.folder = folder
        self.context = context

    @property
    def eval_model(self) -> Path:
        """Prefix of the network's files, as others take it."""
        own = self.folder / "eval_model" / "model"
        return own if own.with_suffix(".pdmodel").exists() else self.folder / "result" / "model"

    @property
    def network(self) -> Path:
        """Prefix of the network that training goes on from, before any quantization."""
        own = self.folder / "network" / "model"
        return own if own.with_suffix(".pdmodel").exists() else self.eval_model

    @property
    def state(self) -> Path:
        """The file with everything that training has changed."""
        return self.folder / _STATE


def newest(path: Path, *, skip_broken: bool = False) -> tuple[Checkpoint | None, list[str]]:
    """The checkpoint of the last epoch, and what is wrong with those that were skipped.

    Args:
        path: Folder of the checkpoints; what is not called by a number is no concern here.
        skip_broken: Whether one that is broken, or not one of ours, is passed over.

    Raises:
        BadFileError: One is, and none may be passed over.
    """
    numbered = [each for each in path.iterdir() if _is_number(each.name)] if path.is_dir() else []
    skipped: list[str] = []
    for folder in sorted(numbered, key=lambda each: int(each.name), reverse=True):
        try:
            return opened(folder), skipped
        except BadFileError as error:  # noqa: PERF203 - few folders
            if not skip_broken:
                raise BadFileError(
                    f"{error}; remove the folder, or pass over it with --skip-broken"
                ) from error
            skipped.append(str(error))
    return None, skipped


def _is_number(name: str) -> bool:
    return name.isascii() and name.isdecimal() and str(int(name)) == name


def opened(folder: Path) -> Checkpoint:
    """The checkpoint in a folder; raises `BadFileError` if it is broken or not ours."""
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
            found = _checksum(folder / name)
        except BadFileError as error:
            raise BadFileError(f"{folder} is a broken checkpoint: {error}") from error
        if found != checksum:
            raise BadFileError(f"{folder} is a broken checkpoint: {name} was changed or damaged")
    return Checkpoint(folder, context)


def seal(folder: Path, context: CheckpointContext, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Writes the state and, last, the context with the checksums of all other files."""
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    write_bytes(folder / _STATE, stream.getvalue())
    files = sorted(each for each in folder.rglob("*") if each.is_file())
    sums = {str(each.relative_to(folder)): _checksum(each) for each in files}
    write_json(folder / _CONTEXT, msgspec.structs.replace(context, files=sums))


def read_arrays(file: Path) -> dict[str, NDArray[Any]]:
    """Named arrays of a file; nothing in it is run.

    Raises:
        BadFileError: It is none.
    """
    try:
        with np.load(io.BytesIO(read_bytes(file)), allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise BadFileError(f"{file} is damaged: {error}") from error


def _checksum(file: Path) -> str:
    return hashlib.sha256(read_bytes(file)).hexdigest()
