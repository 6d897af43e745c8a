"""Tables that a search may use where none is named: those that `profile` has written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edgeslim.errors import EdgeslimError, UsageError
from edgeslim.latency_table import LatencyTable
from edgeslim.prediction.predictor import Predictor
from edgeslim.spaces import Space, every_operator
from edgeslim.tables.only_table import TABLES

__all__ = ["FittingTable", "fitting_tables", "no_table_error"]

_LEAST_MEASURED = 0.1
"""Least share of a space's operators that a table must have measured, to have been made for it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FittingTable:
    """A table that covers a space: it has some of its operators and something like all.

    Args:
        path: File of the table.
        device: Name of the table's device.
        changed: When the file was last written, in seconds since the epoch.
    """

    path: Path
    device: str
    changed: float


def fitting_tables(space: Space, *, device: str = "", folder: Path = TABLES) -> list[FittingTable]:
    """The newest fitting table of each device, the newest first.

    Args:
        space: Space whose operators a table must cover.
        device: Name of the only device to look for; empty for all.
        folder: Folder in which `edgeslim.profiling.profile` writes tables.
    """
    found = sorted(_fitting(space, device, folder), key=lambda table: -table.changed)
    newest: dict[str, FittingTable] = {}
    for table in found:
        newest.setdefault(table.device, table)
    return list(newest.values())


def _fitting(space: Space, device: str, folder: Path) -> Iterator[FittingTable]:
    for path in folder.glob("*/*.jsonl"):
        try:
            table = LatencyTable.read(path)
            operators = every_operator(space, table.context.fused_for)
            measured = sum(operator in table for operator in operators)
            fits = measured >= _LEAST_MEASURED * len(operators) and not Predictor(
                table
            ).rows.missing_of(operators)
        except EdgeslimError:  # not a table that a search could use
            continue
        if fits and device in {"", table.context.device}:
            yield FittingTable(path=path, device=table.context.device, changed=path.stat().st_mtime)


def no_table_error(space: str, device: str) -> UsageError:
    """The error where a latency is limited and no table covers the space."""
    whose = f"of {device} " if device else ""
    option = f" --device {device}" if device else " --device DEVICE (edgeslim devices lists them)"
    return UsageError(
        f"there is no table {whose}under {TABLES} that knows the operators of {space}; "
        f"edgeslim profile{option} --space {space} makes one, or --table names one"
    )
