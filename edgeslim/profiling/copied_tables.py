"""Copies of other devices' tables, from which a new table estimates what it has not measured."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np

from edgeslim.durations import now
from edgeslim.errors import UsageError
from edgeslim.latency_rows import Convention, LikeModel, LikeOperator, LikeRow, TableContext
from edgeslim.latency_table import LatencyTable
from edgeslim.opspec import OpSpec
from edgeslim.prediction.curves import Curves
from edgeslim.prediction.predictor import Predictor
from edgeslim.prediction.transfer_source import source_of

__all__ = ["add_copies", "check_copies", "copy_tables"]

_CONTRADICTION = 0.25
"""Two tables of one device whose latencies differ more, half of them, contradict each other."""

_FEWEST_COMMON = 3
"""With fewer operators in both, nothing is said about two tables."""

_DIGITS = 6


def copy_tables(paths: Sequence[Path], context: TableContext, out: Path) -> tuple[LikeRow, ...]:
    """Copies tables, for a new table that is like them.

    Args:
        paths: Files of the other devices' tables.
        context: Context of the new table.
        out: File of the new table.

    Raises:
        BadFileError: One is no table.
        UsageError: One is the new table itself, is of another convention, has no operators, or
            contradicts another one.
    """
    copies: dict[Path, LikeRow] = {}
    for path in paths:
        table = LatencyTable.read(path)
        if _is_same_file(path, out) or _is_copy(table, out):
            raise UsageError(f"--like {path} is the table that is written; name another device's")
        if not _have_same_operators(table.context.convention, context.convention):
            raise UsageError(
                f"--like {path} has operators of the convention {table.context.convention}, and "
                f"the table that is written has {context.convention} ones; give a table of these"
            )
        if not len(table):
            raise UsageError(f"--like {path} has no operators; give a table that has some")
        copies[path] = _copy(table)
    _check_agreement(copies)
    return tuple(copies.values())


def add_copies(path: Path, others: Sequence[Path]) -> tuple[LatencyTable, tuple[LikeRow, ...]]:
    """Adds copies of other devices' tables to a table that is there, such as an imported one.

    Args:
        path: File of the table.
        others: Files of the other devices' tables.

    Returns:
        The table, and the copies.

    Raises:
        BadFileError, UsageError: As of `copy_tables` and `check_copies`.
    """
    table = LatencyTable.read(path)
    if table.path != path:
        raise UsageError(f"{path} comes with edgeslim; copy {table.path} and add to the copy")
    copies = copy_tables(others, table.context, path)
    networks = [spec for row in table.networks.values() for spec in row.graph.specs]
    check_copies(copies, dict.fromkeys([*table, *networks]))
    known = {copy.digest for copy in table.likes}
    table.add(*(copy for copy in copies if copy.digest not in known))
    return table, copies


def check_copies(copies: Iterable[LikeRow], planned: Iterable[OpSpec]) -> None:
    """Checks that each copy says something about the planned operators.

    Raises:
        UsageError: One does not; the message names its device.
    """
    operators = list(planned)
    for copy in copies:
        source = source_of(copy)
        if operators and not any(map(source.knows, operators)):
            raise UsageError(
                f"--like the table of {copy.name}: it has no operator like the {len(operators)} "
                f"that are planned, such as {operators[0]}; leave it out"
            )


def _have_same_operators(one: Convention, other: Convention) -> bool:
    """Whether operators of two conventions have the same keys."""
    return one is other or {one, other} == {Convention.FUSED, Convention.FUSED_FURTHER}


def _copy(table: LatencyTable) -> LikeRow:
    curves = Curves.of(table)
    return LikeRow(
        context=table.context,
        digest=table.digest,
        swept_bytes=tuple(map(int, curves.swept_bytes)),
        operators=tuple(
            LikeOperator(
                operator=spec,
                latencies_ms=tuple(float(f"{number:.{_DIGITS}g}") for number in latencies_ms),
            )
            for spec, latencies_ms in curves.latencies_ms.items()
        ),
        model=_model(table),
        added=now(),
    )


def _model(table: LatencyTable) -> LikeModel | None:
    """How networks follow from operators by a table's own networks."""
    calibration = Predictor(table).calibration
    if not calibration.residuals:
        return None
    numbers = {name: getattr(calibration.model, name, 0.0) for name in LikeModel.__struct_fields__}
    return LikeModel(**{name: float(f"{value:.{_DIGITS}g}") for name, value in numbers.items()})


def _is_same_file(one: Path, other: Path) -> bool:
    return other.exists() and one.samefile(other)


def _is_copy(table: LatencyTable, out: Path) -> bool:
    """Whether a table has everything that the new one has measured so far."""
    if not out.exists():
        return False
    own = LatencyTable.read(out).rows
    return bool(own) and own == table.rows[: len(own)]


def _check_agreement(copies: dict[Path, LikeRow]) -> None:
    """Checks that tables of one device and one context say the same.

    Raises:
        UsageError: Two of them do not.
    """
    for (one, mine), (other, theirs) in combinations(copies.items(), 2):
        if mine.context.difference(theirs.context):
            continue
        first, second = _hot(mine), _hot(theirs)
        common = [spec for spec in first if spec in second]
        if len(common) < _FEWEST_COMMON:
            continue
        apart = float(np.median([abs(np.log(first[spec] / second[spec])) for spec in common]))
        if apart > _CONTRADICTION:
            raise UsageError(
                f"--like {one} and {other} are of one device and contradict each other: half of "
                f"{len(common)} operators differ by more than {np.expm1(apart):.0%}; give one of "
                "them"
            )


def _hot(copy: LikeRow) -> dict[OpSpec, float]:
    return {known.operator: known.latencies_ms[0] for known in copy.operators}
