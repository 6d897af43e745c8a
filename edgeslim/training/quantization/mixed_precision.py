"""Which layers stay in floats, so that the metric loses no more than is allowed. Pure NumPy.

What a layer costs in floats is what int8 would have saved; what it wins was measured. The
cheapest set of layers that wins enough is found exactly, as a linear program over 0 and 1.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgeslim.training.quantization.layer_errors import Explanation, LayerError

__all__ = ["choose_floats", "gains_of"]


def gains_of(explanation: Explanation) -> tuple[float, ...]:
    """What each layer wins of the metric if it stays in floats, as far as it was measured.

    That is the mean of what is lost if only it is rounded, and of what is won if only it is not.
    """
    return tuple(
        max(0.0, (layer.loss_alone + _won_alone(explanation, layer)) / 2)
        for layer in explanation.layers
    )


def _won_alone(explanation: Explanation, layer: LayerError) -> float:
    return explanation.in_floats - explanation.all_rounded - layer.loss_others


def choose_floats(
    costs: Sequence[float], gains: Sequence[float], needed: float
) -> tuple[int, ...] | None:
    """The cheapest layers that together win what is needed; None if all do not.

    Args:
        costs: What each layer costs in floats, 0 or more.
        gains: What each wins, 0 or more.
        needed: What they must win together.

    Returns:
        The indices of the layers, in order.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp

    if needed <= 0:
        return ()
    won = np.asarray(gains, np.float64)
    if won.sum() < needed * (1 - 1e-12):
        return None
    if won.sum() <= needed:
        return tuple(int(index) for index in np.flatnonzero(won > 0))
    prices = np.asarray(costs, np.float64)
    # Among sets of one price, the one with fewest layers.
    prices = prices / max(prices.sum(), 1e-300) + 1e-9
    solved = milp(
        prices,
        integrality=np.ones_like(prices),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(won[None] / needed, lb=1 - 1e-9),
        options={"mip_rel_gap": 0.0},
    )
    return tuple(int(index) for index in np.flatnonzero(np.round(solved.x) > 0))
