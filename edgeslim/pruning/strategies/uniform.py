"""The same share of every group, as little as the limit allows."""

from __future__ import annotations

from edgeslim.pruning.strategies._strategy import WidthProblem, bisect_widths

__all__ = ["STRATEGY"]


class _Uniform:
    needs_task = False
    uses_losses = False

    def widths(self, problem: WidthProblem) -> dict[str, int]:
        problem.check_reachable()
        names = problem.subject.chosen
        return bisect_widths(problem, lambda ratio: problem.at(dict.fromkeys(names, ratio)))


STRATEGY = _Uniform()
