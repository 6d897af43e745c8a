"""The limits of a search as they are in each of its rounds."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from edgeslim.execution import Target
from edgeslim.latency_rows import NetworkRow
from edgeslim.latency_table import LatencyTable
from edgeslim.prediction.population import PopulationPredictor
from edgeslim.prediction.population_sizes import PopulationSizes
from edgeslim.prediction.predictor import Predictor, missing_error
from edgeslim.runs.search_settings import SearchRound, SearchSettings
from edgeslim.searching.limits import LatencyLimit, Limits, SizeLimit
from edgeslim.spaces import Space, every_operator

__all__ = ["SIZED_FOR", "RunLimits", "knowing_predictors", "limits_with"]

SIZED_FOR = Target.ARM
"""What networks are counted as converted for, where no table says what they run on."""


class RunLimits:
    """Limits by round: each knows what devices took in the rounds before.

    Args:
        settings: Of the search.
        first: The limits of the first round, before anything was measured.
        measured: Networks that the device of a target ran in rounds before a number.
    """

    def __init__(
        self,
        settings: SearchSettings,
        first: Limits,
        measured: Callable[[int, int], Sequence[NetworkRow]],
    ) -> None:
        self._settings = settings
        self._first = first
        self._measured = measured
        self._known = {0: first}

    def of(self, part: SearchRound) -> Limits:
        """The limits of a round; all before it must be done."""
        if part.number not in self._known:
            predictors = [
                _refined(limit.predictor.predictor, self._measured(place, part.number))
                for place, limit in enumerate(self._first.latencies)
            ]
            space = self._first.space
            self._known[part.number] = limits_with(self._settings, space, predictors)
        return self._known[part.number]


def limits_with(settings: SearchSettings, space: Space, predictors: Sequence[Predictor]) -> Limits:
    """The limits of a search, as its targets' tables predict."""
    targets = [predictor.table.context.execution.target for predictor in predictors]
    sizes = PopulationSizes(space, targets[0] if targets else SIZED_FOR)
    wanted = {
        "macs": settings.max_macs,
        "paddleslim1-flops": settings.max_paddleslim1_flops,
        "parameters": settings.max_parameters,
        "bytes": settings.max_bytes,
    }
    return Limits(
        space=space,
        latencies=tuple(
            LatencyLimit(
                device=each.device,
                predictor=PopulationPredictor(predictor, space),
                target_ms=each.target_ms,
                confidence=settings.confidence,
            )
            for each, predictor in zip(settings.targets, predictors, strict=True)
        ),
        sizes=sizes,
        others=tuple(
            SizeLimit(what=what, sizes=sizes, target=float(most))
            for what, most in wanted.items()
            if most is not None
        ),
    )


def knowing_predictors(space: Space, tables: Sequence[LatencyTable]) -> list[Predictor]:
    """Predictors by tables that are proved to know something of every operator of a space.

    Raises:
        MissingLatencyError: One knows nothing like some; says how many and one.
    """
    predictors = [Predictor(table) for table in tables]
    for predictor in predictors:
        table = predictor.table
        unknown = predictor.rows.unknown(every_operator(space, table.context.fused_for))
        if unknown:
            raise missing_error(table, unknown)
    return predictors


def _refined(predictor: Predictor, rows: Sequence[NetworkRow]) -> Predictor:
    """A predictor that knows networks which its table has not."""
    if not rows:
        return predictor
    table = predictor.table
    return Predictor(LatencyTable(table.path, table.context, [*table.rows, *rows]))
