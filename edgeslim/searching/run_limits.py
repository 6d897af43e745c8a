"""The limits of a search as they are in each of its rounds."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from edgeslim.execution import Target
from edgeslim.latency_rows import NetworkRow
from edgeslim.latency_table import LatencyTable
from edgeslim.prediction.population import PopulationPredictor
from edgeslim.prediction.population_sizes import PopulationSizes
from edgeslim.prediction.predictor import Predictor
from edgeslim.runs.search_settings import SearchRound, SearchSettings
from edgeslim.searching.limits import LatencyLimit, SearchLimits, SizeLimit
from edgeslim.searching.start_limits import start_limits
from edgeslim.spaces import Space, every_operator

__all__ = ["DEFAULT_TARGET", "RunLimits", "covering_predictors", "make_limits"]

DEFAULT_TARGET = Target.ARM
"""Target for which sizes are counted where no table says what networks run on."""


class RunLimits:
    """Limits of each round, refined by what was measured in the rounds before.

    Args:
        settings: Settings of the search.
        first: Limits of the first round, before anything was measured.
        measured: Gives the networks that a target's device ran in the rounds before one, by the
            places of target and round.
    """

    def __init__(
        self,
        settings: SearchSettings,
        first: SearchLimits,
        measured: Callable[[int, int], Sequence[NetworkRow]],
    ) -> None:
        self._settings = settings
        self._first = first
        self._measured = measured
        self._known = {0: first}

    def of(self, part: SearchRound) -> SearchLimits:
        """The limits of a round; all rounds before it must be done."""
        if part.number not in self._known:
            predictors = [
                _refine(limit.predictor.predictor, self._measured(place, part.number))
                for place, limit in enumerate(self._first.latencies)
            ]
            space = self._first.space
            self._known[part.number] = make_limits(self._settings, space, predictors)
        return self._known[part.number]


def make_limits(
    settings: SearchSettings, space: Space, predictors: Sequence[Predictor]
) -> SearchLimits:
    """The limits of a search, as its targets' tables predict.

    Raises:
        UsageError: A table cannot predict what is limited there.
    """
    targets = [predictor.table.context.execution.target for predictor in predictors]
    sizes = PopulationSizes(space, targets[0] if targets else DEFAULT_TARGET)
    wanted = {
        "macs": settings.max_macs,
        "paddleslim1-flops": settings.max_paddleslim1_flops,
        "parameters": settings.max_parameters,
        "bytes": settings.max_bytes,
    }
    return SearchLimits(
        space=space,
        latencies=tuple(
            LatencyLimit(
                device=target.device,
                predictor=PopulationPredictor(predictor, space),
                target_ms=target.target_ms,
                confidence=settings.confidence,
            )
            for target, predictor in zip(settings.targets, predictors, strict=True)
        ),
        sizes=sizes,
        size_limits=tuple(
            SizeLimit(what=what, sizes=sizes, target=float(most))
            for what, most in wanted.items()
            if most is not None
        ),
        start_limits=tuple(
            limit
            for target, predictor in zip(settings.targets, predictors, strict=True)
            for limit in start_limits(target, space, predictor, settings.confidence)
        ),
    )


def covering_predictors(space: Space, tables: Sequence[LatencyTable]) -> list[Predictor]:
    """Predictors by tables that are checked to cover every operator of a space.

    Raises:
        MissingLatencyError: A table has nothing like some operators; the message names one.
    """
    predictors = [Predictor(table) for table in tables]
    for predictor in predictors:
        fused_for = predictor.table.context.fused_for
        unknown = predictor.rows.missing_of(every_operator(space, fused_for))
        if unknown:
            raise predictor.missing_error(unknown)
    return predictors


def _refine(predictor: Predictor, rows: Sequence[NetworkRow]) -> Predictor:
    """A predictor that also uses measured networks that its table does not have."""
    if not rows:
        return predictor
    table = predictor.table
    return Predictor(
        LatencyTable(table.path, table.context, [*table.rows, *table.starts.values(), *rows])
    )
