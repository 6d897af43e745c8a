"""TensorBoard's files, if it is installed."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from edgeslim.compression.metric_files._writer import scalars
from edgeslim.runs.checkpoint import EpochRecord

__all__ = ["WRITER"]


class _TensorBoard:
    def is_available(self) -> bool:
        return find_spec("tensorboard") is not None

    def write(self, folder: Path, history: Sequence[EpochRecord]) -> None:
        from tensorboard.summary import Writer

        writer = Writer(str(folder / "tensorboard"))
        try:
            for name, value in scalars(history[-1]):
                writer.add_scalar(name, value, history[-1].epoch)
        finally:
            writer.close()


WRITER = _TensorBoard()
