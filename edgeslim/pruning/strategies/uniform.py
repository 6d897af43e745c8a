"""The same share of every group, as little as the limit allows.

PaddleSlim 1.x stopped its bisection as soon as it was within a hundredth of the target, on
either side; `paddleslim1_ratio` is that rule, for comparison.
"""

from __future__ import annotations

from collections.abc import Callable

from edgeslim.errors import InfeasibleTargetError
from edgeslim.pruning.strategies._strategy import WidthProblem, smallest

__all__ = ["STRATEGY", "paddleslim1_ratio"]

_TOLERANCE = 0.01


class _Uniform:
    needs_task = False
    uses_losses = False

    def widths(self, problem: WidthProblem) -> dict[str, int]:
        problem.check_reachable()
        names = problem.subject.chosen
        return smallest(problem, lambda ratio: problem.at(dict.fromkeys(names, ratio)))


STRATEGY = _Uniform()


def paddleslim1_ratio(removed_at: Callable[[float], float], target: float) -> float:
    """The ratio that PaddleSlim 1.x's uniform strategy finds.

    Args:
        removed_at: Share of the work that is gone at a ratio.
        target: Share that should go.

    Raises:
        InfeasibleTargetError: No ratio comes near it.
    """
    low, high = 0.0, 1.0
    while high - low > 1e-9:
        ratio = (low + high) / 2
        removed = removed_at(ratio)
        if abs(removed - target) < _TOLERANCE:
            return ratio
        low, high = (low, ratio) if removed > target else (ratio, high)
    raise InfeasibleTargetError(f"no common ratio takes away {target:.1%}")
