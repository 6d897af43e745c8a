"""The batches of an evaluation that is not finished: whole files, from which it goes on."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from edgeslim.errors import BadFileError
from edgeslim.files import new_folder, pack_arrays, write_bytes

__all__ = ["FinishedBatch", "Unfinished"]

_NAME = re.compile(r"(?P<start>\d{7})-(?P<stop>\d{7})\.npz")
_DEVICE, _PADDLE = "device.", "paddle."


@dataclass(frozen=True, kw_only=True, slots=True)
class FinishedBatch:
    """The answers to some successive pictures.

    Args:
        start: Place of the first picture among the chosen ones.
        stop: Place behind the last one.
        device: The device's answers as arrays by name.
        paddle: Paddle's answers to the same pictures.
        differences: Largest difference of an output over its largest value by Paddle, for each
            picture; infinite where the device gave no finite numbers.
        seconds: Seconds of the runs on the device, and seconds with everything around them.
    """

    start: int
    stop: int
    device: Mapping[str, NDArray[Any]]
    paddle: Mapping[str, NDArray[Any]]
    differences: NDArray[np.float64]
    seconds: tuple[float, float]


class Unfinished:
    """The folder of an evaluation's batches.

    Args:
        folder: Folder of the run; the batches are in a folder in it.
        settings: Everything that the answers depend on; other settings have another folder.
    """

    def __init__(self, folder: Path, settings: Mapping[str, object]) -> None:
        key = hashlib.sha256(msgspec.json.encode(settings, order="sorted")).hexdigest()[:16]
        self.folder = folder / f"unfinished-{key}"

    def batches(self) -> list[FinishedBatch]:
        """The batches that are there from the first picture on, without a gap.

        Raises:
            BadFileError: A file is damaged.
        """
        found: dict[int, FinishedBatch] = {}
        for path in sorted(self.folder.glob("*.npz")) if self.folder.is_dir() else []:
            if match := _NAME.fullmatch(path.name):
                found[int(match["start"])] = _read(path, int(match["start"]), int(match["stop"]))
        batches: list[FinishedBatch] = []
        while (batch := found.get(batches[-1].stop if batches else 0)) is not None:
            batches.append(batch)
        return batches

    def add(self, batch: FinishedBatch) -> None:
        """Writes a batch, whole or not at all.

        Raises:
            UnwritableError: Read-only folder, full disk.
        """
        new_folder(self.folder)
        arrays = {
            **{_DEVICE + name: array for name, array in batch.device.items()},
            **{_PADDLE + name: array for name, array in batch.paddle.items()},
            "differences": batch.differences,
            "seconds": np.array(batch.seconds),
        }
        name = f"{batch.start:07d}-{batch.stop:07d}.npz"
        write_bytes(self.folder / name, pack_arrays(arrays))

    def remove(self) -> None:
        """Removes all batches, once there is a record of them."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _read(path: Path, start: int, stop: int) -> FinishedBatch:
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        runs_s, device_s = arrays["seconds"].tolist()
        differences = arrays["differences"]
    except Exception as error:  # what a damaged archive raises is manifold
        raise BadFileError(
            f"{path} is damaged ({error}); delete it, and its pictures are shown again"
        ) from error
    return FinishedBatch(
        start=start,
        stop=stop,
        device=_part(arrays, _DEVICE),
        paddle=_part(arrays, _PADDLE),
        differences=differences,
        seconds=(runs_s, device_s),
    )


def _part(arrays: Mapping[str, NDArray[Any]], prefix: str) -> dict[str, NDArray[Any]]:
    return {
        name.removeprefix(prefix): array
        for name, array in arrays.items()
        if name.startswith(prefix)
    }
