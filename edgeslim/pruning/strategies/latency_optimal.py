"""The widths with the least predicted loss within a latency, exactly.

An operator's latency depends on the width it reads and on the width it writes, so that groups
cannot be chosen one by one; `edgeslim.pruning.solver` chooses all at once and proves that
nothing is better. An operator's latency also depends on the bytes that the whole network touches
(`edgeslim.prediction.network_model`): the problem is solved again at the widths found until
they do not change, and the budget is corrected by the predicted latency of the whole network.
"""

from __future__ import annotations

import logging

from edgeslim.errors import InfeasibleTargetError, UsageError
from edgeslim.pruning.latency import LatencyModel
from edgeslim.pruning.limits import ModelLatencyLimit
from edgeslim.pruning.solver import (
    ChoiceProblem,
    OverBudgetError,
    Solution,
    TooManyCombinationsError,
    solve,
)
from edgeslim.pruning.strategies._strategy import WidthProblem

__all__ = ["STRATEGY"]

_log = logging.getLogger(__name__)

_ROUNDS = 12


class _LatencyOptimal:
    needs_task = False
    uses_losses = True

    def widths(self, problem: WidthProblem) -> dict[str, int]:
        limit = problem.limit
        if not isinstance(limit, ModelLatencyLimit):
            raise UsageError("latency-optimal needs --target-latency and a --table")
        return _best(problem, limit, limit.model)


def _best(problem: WidthProblem, limit: ModelLatencyLimit, model: LatencyModel) -> dict[str, int]:
    """The best widths; of every second width only, where all would be too many combinations."""
    try:
        return _best_of_model(problem, limit, model)
    except TooManyCombinationsError:
        coarser = model.coarser()
    if coarser is None:
        raise UsageError(
            "the network ties too many groups together for latency-optimal; choose fewer with "
            "--match, or another strategy"
        )
    _log.warning("the network ties many widths together; every second of them is left out")
    return _best(problem, limit, coarser)


def _best_of_model(
    problem: WidthProblem, limit: ModelLatencyLimit, model: LatencyModel
) -> dict[str, int]:
    """The best of the widths that a model chooses from.

    Raises:
        TooManyCombinationsError: They have too many combinations.
        InfeasibleTargetError: None meets the limit.
    """
    losses = {
        name: problem.losses.loss_at(
            name, [1 - width / model.forms.full[name] for width in model.choices[name]]
        )
        for name in problem.subject.chosen
    }
    if not model.is_exact:
        _log.warning(
            "some operators depend on more widths than can be looked at together; of these, "
            "some were taken as they are, and the widths found are not proved to be the best"
        )
    widths: dict[str, int] = {}
    budget, best, best_loss = limit.maximum, None, float("inf")
    for _ in range(_ROUNDS):
        solution = _solve_or_fastest(model.problem(losses, widths), budget)
        found = model.widths_of(solution.choices)
        latency_ms = model.latency_ms(found)
        within = latency_ms <= limit.maximum
        if within and solution.loss < best_loss:
            best, best_loss = found, solution.loss
        if found == widths and (within or solution.cost > budget):
            break
        widths = found
        budget += limit.maximum - latency_ms
    if best is None:
        least = model.latency_ms(widths)
        raise InfeasibleTargetError(
            f"{limit.format(limit.maximum)} is out of reach: the fastest widths are predicted to "
            f"take {limit.format(least)}; ask for that, or let more groups be pruned"
        )
    return {name: best[name] for name in problem.subject.chosen}


def _solve_or_fastest(posed: ChoiceProblem, budget: float) -> Solution:
    """The best widths within the budget, or the fastest if none are."""
    try:
        solution = solve(posed, budget)
    except OverBudgetError as error:
        loss = posed.loss(error.choices)
        return Solution(choices=error.choices, loss=loss, cost=error.cost, bound=loss)
    if not solution.is_optimal:
        _log.warning(
            "the widths found lose %.4g; nothing can lose less than %.4g",
            *(solution.loss, solution.bound),
        )
    return solution


STRATEGY = _LatencyOptimal()
