"""A trained supernet on disk: one NumPy archive of arrays and one text, without any pickle."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from edgeslim.errors import BadFileError, UsageError
from edgeslim.files import read_bytes, write_bytes
from edgeslim.opspec import Shape
from edgeslim.spaces import Tokens
from edgeslim.training.checkpoint import data_fingerprint

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from edgeslim.spaces import Space
    from edgeslim.training.tasks import TaskData

__all__ = ["SupernetAbout", "about_training", "read", "write"]

_FORMAT = 1


class SupernetAbout(msgspec.Struct, frozen=True, kw_only=True):
    """What a supernet is of.

    Args:
        space: Name of the space.
        ranges: Its tokens' ranges.
        input_shape: Input of its networks.
        num_classes: Width of their output.
        task: What it was trained for, as it was asked for.
        data: Fingerprint of the task's examples.
        settings: All numbers that decided what the training did.
        seconds: That the training took.
        names: Of the parameters, in the order of the arrays.
        format: Of the file.
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
        """Proves that the supernet is of a space.

        Raises:
            UsageError: It is of another; names the first thing that differs.
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
                    f"{theirs}, not {mine}; ask for that, or train another with edgeslim supernet"
                )


def about_training(
    space: Space,
    task: str,
    data: TaskData,
    settings: Mapping[str, int | float | str],
    *,
    seconds: float,
) -> SupernetAbout:
    """What a supernet is of that was trained like this."""
    return SupernetAbout(
        space=space.name,
        ranges=tuple(space.ranges),
        input_shape=tuple(space.input_shape),
        num_classes=space.num_classes,
        task=task,
        data=data_fingerprint(data),
        settings=dict(settings),
        seconds=seconds,
    )


def write(path: Path, about: SupernetAbout, values: Mapping[str, NDArray[Any]]) -> None:
    """Writes a supernet, whole or not at all.

    Raises:
        UnwritableError: It cannot be written.
    """
    about = msgspec.structs.replace(about, names=tuple(values))
    arrays = {"about": np.frombuffer(msgspec.json.encode(about), dtype=np.uint8)}
    arrays |= {f"parameter_{place}": value for place, value in enumerate(values.values())}
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    write_bytes(path, stream.getvalue())


def read(path: Path) -> tuple[SupernetAbout, dict[str, NDArray[Any]]]:
    """What `write` wrote.

    Raises:
        BadFileError: It is no supernet, or a damaged or newer one.
    """
    if path.is_dir():
        raise BadFileError(f"{path} is a folder; give the file in it: {path / 'supernet.npz'}")
    content = read_bytes(path)
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as stored:
            about = msgspec.json.decode(stored["about"].tobytes(), type=SupernetAbout)
            values = {name: stored[f"parameter_{i}"] for i, name in enumerate(about.names)}
    except (AttributeError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
        # np.load gives a plain array, which no ``with`` takes, for a file of one.
        raise BadFileError(f"{path} is no supernet, or a damaged one ({error})") from error
    if about.format != _FORMAT:
        raise BadFileError(f"{path} has format {about.format}, not {_FORMAT}; train it again")
    return about, values
