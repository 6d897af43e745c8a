"""Joint losses: what several groups lose together, where it is more than the sum of each alone.

Losses of groups are measured one by one and added up. Groups that replace each other lose nothing
alone and much together, and the best plan by added losses prunes just those. So the network of a
plan is evaluated as a whole; where it is worse than predicted, beyond the noise of the examples,
each group in turn is restored. What the network gains by it is the loss of the group beside the
others; what this exceeds its loss alone by is its part of the difference. Losses are corrected so
that their sum is the measured one, and widths are chosen again. Of all evaluated networks the
best is taken. A network that is no better than guessing says nothing about its groups, and losses
stay as they are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from edgeslim.progress import Progress
from edgeslim.pruning.known_losses import loss_of
from edgeslim.pruning.loss_curves import LossCurves
from edgeslim.pruning.subject import Widths
from edgeslim.runs.pruning_result import JointLoss
from edgeslim.training.metric_value import wilson_interval

__all__ = ["WidthEvaluator", "choose_with_joint_losses"]

_ROUNDS = 3
"""How often losses are corrected, at most."""


class WidthEvaluator:
    """Evaluates pruned networks as wholes, each once.

    Args:
        evaluate: Measures the metric at some widths.
        whole: Full widths of all groups.
        baseline: Metric of the whole model.
        examples: Number of examples that metrics are measured on.
        chance: Metric of random guesses; 0 if unknown.
    """

    def __init__(
        self,
        evaluate: Callable[[Widths], float],
        *,
        whole: Widths,
        baseline: float,
        examples: int,
        chance: float = 0.0,
    ) -> None:
        self.whole = whole
        self._chance = chance
        self._evaluate = evaluate
        self._baseline = baseline
        self._examples = examples
        self._known: dict[tuple[tuple[str, int], ...], float] = {}

    def metric(self, widths: Widths) -> float:
        """The metric at some widths."""
        key = tuple(sorted(widths.items()))
        if key not in self._known:
            self._known[key] = self._evaluate(widths)
        return self._known[key]

    def loss(self, widths: Widths) -> float:
        """The loss at some widths, as in `edgeslim.pruning.known_losses`."""
        return loss_of(self.metric(widths) / self._baseline if self._baseline > 0 else 1.0)

    def joint_loss(self, losses: LossCurves, widths: Widths) -> JointLoss:
        """The predicted metric at some widths beside the measured one.

        Args:
            losses: Loss curve of each group, as logarithms of the share of the metric left.
            widths: Channels kept of each group.
        """
        return JointLoss(
            widths=dict(widths),
            expected=self._baseline
            * math.exp(-_sum_losses(losses, _removed_shares(widths, self.whole))),
            found=self.metric(widths),
            examples=self._examples,
            is_guess=wilson_interval(self.metric(widths), self._examples)[0] <= self._chance,
        )


def _removed_shares(widths: Widths, whole: Widths) -> dict[str, float]:
    """The removed share of each group that is narrowed."""
    shares = {name: 1 - width / whole[name] for name, width in widths.items()}
    return {name: share for name, share in shares.items() if share > 0}


def _sum_losses(losses: LossCurves, gone: Mapping[str, float]) -> float:
    return sum(float(losses.loss_at(name, share)) for name, share in gone.items())


def choose_with_joint_losses(
    choose: Callable[[LossCurves], dict[str, int]],
    losses: LossCurves,
    evaluator: WidthEvaluator,
    progress: Progress,
) -> tuple[dict[str, int], LossCurves, tuple[JointLoss, ...]]:
    """Chooses widths by losses that are corrected by the joint losses of groups.

    Args:
        choose: Chooses widths by losses.
        losses: Loss curve of each group alone, as logarithms of the share left; they add up.
        evaluator: Evaluates networks as wholes.
        progress: Shows how far it is.

    Returns:
        The widths, the corrected losses, and every network that was evaluated.
    """
    tried: list[JointLoss] = []
    for number in range(_ROUNDS + 1):
        widths = choose(losses)
        if widths in [loss.widths for loss in tried]:
            break
        found = evaluator.joint_loss(losses, widths)
        tried.append(found)
        if found.is_as_expected or found.is_guess or number == _ROUNDS:
            break
        gone = _removed_shares(widths, evaluator.whole)
        more = _extra_losses(evaluator, losses, widths, progress)
        if not more:
            break
        scale = (evaluator.loss(widths) - _sum_losses(losses, gone)) / sum(more.values())
        losses = LossCurves(
            curves={
                name: curve.raise_at(gone[name], scale * more[name]) if name in more else curve
                for name, curve in losses.curves.items()
            }
        )
    best = max(tried, key=lambda loss: loss.found)
    return dict(best.widths), losses, tuple(tried)


def _extra_losses(
    evaluator: WidthEvaluator, losses: LossCurves, widths: Mapping[str, int], progress: Progress
) -> dict[str, float]:
    """By how much each group loses more beside the others than alone, where it does."""
    gone = _removed_shares(widths, evaluator.whole)
    together, more = evaluator.loss(widths), {}
    with progress.stage("losses together", len(gone)) as stage:
        for name, ratio in gone.items():
            beside = together - evaluator.loss({**widths, name: evaluator.whole[name]})
            extra = beside - float(losses.loss_at(name, ratio))
            if extra > 0:
                more[name] = extra
            stage.advance(note=f"{name} given back: {beside:+.4f}")
    return more
