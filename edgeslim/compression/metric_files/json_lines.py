"""``metrics.jsonl``: one line for each epoch, once even if the epoch was started several times."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from edgeslim.files import write_bytes
from edgeslim.runs.checkpoint import EpochRecord

__all__ = ["WRITER"]


class _JsonLines:
    def is_available(self) -> bool:
        return True

    def write(self, folder: Path, history: Sequence[EpochRecord]) -> None:
        lines = []
        for record in history:
            values = msgspec.to_builtins(record)
            values |= values.pop("metrics")
            lines.append(msgspec.json.encode(values))
        write_bytes(folder / "metrics.jsonl", b"\n".join(lines) + b"\n")


WRITER = _JsonLines()
