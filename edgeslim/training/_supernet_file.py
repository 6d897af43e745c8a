"""A trained supernet on disk: one NumPy archive of arrays and one text, without any pickle."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from edgeslim.errors import BadFileError, UsageError
from edgeslim.files import pack_arrays, read_bytes, write_bytes
from edgeslim.opspec import Shape
from edgeslim.spaces import Tokens
from edgeslim.training.checkpoint import data_fingerprint

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from edgeslim.spaces import Space
    from edgeslim.training.tasks import TaskData

__all__ = ["SupernetRecord", "read_supernet", "record_training", "write_supernet"]

_FORMAT = 1


class SupernetRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Space, task and settings of a trained supernet.

    Args:
        space: Name of the space.
        ranges: Number of values of each of the space's tokens.
        input_shape: Input shape of its networks, ``(N, C, H, W)``.
        num_classes: Number of classes, the width of their output.
        task: Task that it was trained for, as on the command line.
        data: Fingerprint of the task's examples.
        settings: All numbers that decided what the training did.
        seconds: Duration of the training.
        names: Names of the parameters, in the order of the arrays.
        format: Version of the file format.
    """

    space: str
    ranges: Tokens
    input_shape: Shape
    num_classes: int
    task: str
    data: str
    settings: dict[str, int | float | str]
    seconds: float
    names: tuple[str, ...] = ()
    format: int = _FORMAT

    def check_space(self, path: Path, space: Space) -> None:
        """Checks that the supernet is of a space.

        Raises:
            UsageError: It is of another space; names the first thing that differs.
        """
        if self.space != space.name:
            raise UsageError(
                f"{path} is a supernet of {self.space}, not of {space.name}; train one of "
                f"{space.name} with edgeslim supernet"
            )
        for name, mine in (
            ("ranges", tuple(space.ranges)),
            ("input_shape", tuple(space.input_shape)),
            ("num_classes", space.num_classes),
        ):
            theirs = getattr(self, name)
            if mine != theirs:
                raise UsageError(
                    f"{path} is a supernet of {self.space} with {name.replace('_', ' ')} "
                    f"{theirs}, not {mine}; use these, or train another with edgeslim supernet"
                )


def record_training(
    space: Space,
    task: str,
    data: TaskData,
    settings: Mapping[str, int | float | str],
    *,
    seconds: float,
) -> SupernetRecord:
    """The record of a supernet that was trained like this."""
    return SupernetRecord(
        space=space.name,
        ranges=tuple(space.ranges),
        input_shape=tuple(space.input_shape),
        num_classes=space.num_classes,
        task=task,
        data=data_fingerprint(data),
        settings=dict(settings),
        seconds=seconds,
    )


def write_supernet(path: Path, about: SupernetRecord, values: Mapping[str, NDArray[Any]]) -> None:
    """Writes a supernet, whole or not at all.

    Raises:
        UnwritableError: It cannot be written.
    """
    about = msgspec.structs.replace(about, names=tuple(values))
    arrays = {"about": np.frombuffer(msgspec.json.encode(about), dtype=np.uint8)}
    arrays |= {f"parameter_{index}": value for index, value in enumerate(values.values())}
    write_bytes(path, pack_arrays(arrays))


def read_supernet(path: Path) -> tuple[SupernetRecord, dict[str, NDArray[Any]]]:
    """Reads what `write_supernet` wrote.

    Raises:
        BadFileError: The file is no supernet, or a damaged or newer one.
    """
    if path.is_dir():
        raise BadFileError(f"{path} is a folder; give the file in it: {path / 'supernet.npz'}")
    content = read_bytes(path)
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as stored:
            about = msgspec.json.decode(stored["about"].tobytes(), type=SupernetRecord)
            values = {name: stored[f"parameter_{i}"] for i, name in enumerate(about.names)}
    except (
        *(AttributeError, TypeError),  # np.load gives an array, which no ``with`` takes, of one
        *(EOFError, ValueError, KeyError, zipfile.BadZipFile),
    ) as error:
        raise BadFileError(f"{path} is no supernet, or a damaged one ({error})") from error
    if about.format != _FORMAT:
        raise BadFileError(f"{path} has format {about.format}, not {_FORMAT}; train it again")
    return about, values
