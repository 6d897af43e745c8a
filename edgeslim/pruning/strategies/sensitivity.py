"""Every group is narrowed to the same loss, by its sensitivity."""

from __future__ import annotations

from edgeslim.pruning.strategies._strategy import WidthProblem, bisect_widths

__all__ = ["STRATEGY"]


class _Sensitivity:
    needs_task = False
    uses_losses = True

    def widths(self, problem: WidthProblem) -> dict[str, int]:
        problem.check_reachable()
        names, losses = problem.subject.chosen, problem.losses
        most = max(float(losses.loss_at(name, 1.0)) for name in names)

        def at(share: float) -> dict[str, int]:
            if share >= 1.0:
                return problem.at(dict.fromkeys(names, 1.0))
            return problem.at({name: float(losses.ratio_at(name, share * most)) for name in names})

        return bisect_widths(problem, at)


STRATEGY = _Sensitivity()
