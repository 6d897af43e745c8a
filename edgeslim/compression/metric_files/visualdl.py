"""VisualDL's files, if it is installed."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from edgeslim.compression.metric_files._writer import scalars
from edgeslim.runs.checkpoint import EpochRecord

__all__ = ["WRITER"]


class _VisualDl:
    def is_available(self) -> bool:
        return find_spec("visualdl") is not None

    def write(self, folder: Path, history: Sequence[EpochRecord]) -> None:
        from visualdl import LogWriter

        # Its own names are the seconds of the clock, in which a small epoch is not alone.
        own = f"vdlrecords.{history[-1].epoch:06}.log"
        with LogWriter(logdir=str(folder / "visualdl"), file_name=own) as writer:
            for name, value in scalars(history[-1]):
                writer.add_scalar(tag=name, step=history[-1].epoch, value=value)


WRITER = _VisualDl()
