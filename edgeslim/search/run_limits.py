"""The limits of a search as they are in each of its rounds."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from edgeslim.latency_rows import NetworkRow
from edgeslim.latency_table import LatencyTable
from edgeslim.prediction.population import PopulationPredictor
from edgeslim.prediction.population_sizes import PopulationSizes
from edgeslim.prediction.predictor import Predictor, missing_error
from edgeslim.search.limits import LatencyLimit, Limits, SizeLimit
from edgeslim.search.settings import Round, SearchSettings
from edgeslim.spaces import Space, every_operator

__all__ = ["RunLimits", "check_tables", "limits_with"]


class RunLimits:
    """Limits by round: each knows what devices took in the rounds before.

    Args:
        settings: Of the search.
        space: Its space.
        tables: The latency table of each target.
        measured: Networks that the device of a target ran in rounds before a number.
    """

    def __init__(
        self,
        settings: SearchSettings,
        space: Space,
        tables: Sequence[LatencyTable],
        measured: Callable[[int, int], Sequence[NetworkRow]],
    ) -> None:
        self._settings = settings
        self._space = space
        self._tables = tables
        self._measured = measured
        self._known: dict[int, Limits] = {}

    def of(self, part: Round) -> Limits:
        """The limits of a round; all before it must be done."""
        if part.number not in self._known:
            tables = [
                _with_rows(table, self._measured(place, part.number))
                for place, table in enumerate(self._tables)
            ]
            self._known[part.number] = limits_with(self._settings, self._space, tables)
        return self._known[part.number]


def limits_with(settings: SearchSettings, space: Space, tables: Sequence[LatencyTable]) -> Limits:
    """The limits of a search by tables as they are now."""
    target = tables[0].context.execution.target
    sizes = PopulationSizes(space, target)
    wanted = {
        "macs": settings.max_macs,
        "parameters": settings.max_parameters,
        "bytes": settings.max_bytes,
    }
    return Limits(
        space=space,
        latencies=tuple(
            LatencyLimit(
                device=each.device,
                predictor=PopulationPredictor(Predictor(table), space),
                target_ms=each.target_ms,
                confidence=settings.confidence,
            )
            for each, table in zip(settings.targets, tables, strict=True)
        ),
        sizes=sizes,
        others=tuple(
            SizeLimit(what=what, sizes=sizes, target=float(most))
            for what, most in wanted.items()
            if most is not None
        ),
    )


def check_tables(space: Space, tables: Sequence[LatencyTable]) -> None:
    """Proves that tables know something of every operator of a space.

    Raises:
        MissingLatencyError: One knows nothing like some; says how many and one.
    """
    for table in tables:
        operators = every_operator(space, table.context.execution.target)
        unknown = Predictor(table).rows.unknown(operators)
        if unknown:
            raise missing_error(table, unknown)


def _with_rows(table: LatencyTable, rows: Sequence[NetworkRow]) -> LatencyTable:
    return LatencyTable(table.path, table.context, [*table.rows, *rows]) if rows else table
