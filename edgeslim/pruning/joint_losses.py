"""What several groups cost together, where that is more than they cost one by one.

Losses of groups are measured one by one and added up. Groups that stand in for each other cost
nothing alone and much together, and the best plan by such losses is the one that finds them. So
the network of a plan is judged as a whole; where it is worse than was said, beyond what the
examples can tell, each group is given back in turn. What the network gains by it is what the
group costs beside the others; what it costs more there than alone is its part of the difference.
With that, losses say of this plan what was measured, and widths are chosen again. Of all networks
that were judged the best is taken. A network that only guesses any more says nothing of its
groups, and losses stay as they are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from edgeslim.progress import Progress
from edgeslim.pruning.known_losses import loss_of
from edgeslim.pruning.loss_curves import LossCurves
from edgeslim.pruning.subject import Widths
from edgeslim.runs.pruning_result import JointLoss
from edgeslim.training.metric_value import wilson

__all__ = ["Judge", "choose_together"]

_ROUNDS = 3
"""Times that losses are set right, at most."""


class Judge:
    """Networks judged as wholes, each once.

    Args:
        evaluate: The metric at some widths.
        whole: All widths as they are.
        baseline: The metric there.
        examples: That metrics are found on.
        chance: The metric of what guesses, which tells nothing of any group; 0 if unknown.
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
        """What they lose, as `edgeslim.pruning.known_losses` has it."""
        return loss_of(self.metric(widths) / self._baseline if self._baseline > 0 else 1.0)

    def joint_loss(self, losses: LossCurves, widths: Widths) -> JointLoss:
        """What losses say of widths together, beside what is found.

        Args:
            losses: Of each group, as the logarithm of what it leaves of the metric.
            widths: What is judged.
        """
        return JointLoss(
            widths=dict(widths),
            expected=self._baseline * math.exp(-_added_up(losses, _gone(widths, self.whole))),
            found=self.metric(widths),
            examples=self._examples,
            is_guess=wilson(self.metric(widths), self._examples)[0] <= self._chance,
        )


def _gone(widths: Widths, whole: Widths) -> dict[str, float]:
    """The share of each group that goes, of those that lose something."""
    shares = {name: 1 - width / whole[name] for name, width in widths.items()}
    return {name: share for name, share in shares.items() if share > 0}


def _added_up(losses: LossCurves, gone: Mapping[str, float]) -> float:
    return sum(float(losses.loss_at(name, share)) for name, share in gone.items())


def choose_together(
    choose: Callable[[LossCurves], dict[str, int]],
    losses: LossCurves,
    judge: Judge,
    progress: Progress,
) -> tuple[dict[str, int], LossCurves, tuple[JointLoss, ...]]:
    """Widths by losses that were set right by what groups cost together.

    Args:
        choose: Chooses widths by losses.
        losses: Of each group alone, as the logarithm of what it leaves; they add up.
        judge: Judges networks.
        progress: Where to show it.

    Returns:
        The widths, the losses as they are known now, and every network that was judged.
    """
    tried: list[JointLoss] = []
    for number in range(_ROUNDS + 1):
        widths = choose(losses)
        if widths in [each.widths for each in tried]:
            break
        found = judge.joint_loss(losses, widths)
        tried.append(found)
        if found.is_as_expected or found.is_guess or number == _ROUNDS:
            break
        gone = _gone(widths, judge.whole)
        more = _more_together(judge, losses, widths, progress)
        if not more:
            break
        scale = (judge.loss(widths) - _added_up(losses, gone)) / sum(more.values())
        losses = LossCurves(
            curves={
                name: curve.raised(gone[name], scale * more[name]) if name in more else curve
                for name, curve in losses.curves.items()
            }
        )
    best = max(tried, key=lambda each: each.found)
    return dict(best.widths), losses, tuple(tried)


def _more_together(
    judge: Judge, losses: LossCurves, widths: Mapping[str, int], progress: Progress
) -> dict[str, float]:
    """How much more each group costs beside the others than alone; those that do."""
    gone = _gone(widths, judge.whole)
    together, more = judge.loss(widths), {}
    with progress.stage("losses together", len(gone)) as stage:
        for name, ratio in gone.items():
            beside = together - judge.loss({**widths, name: judge.whole[name]})
            extra = beside - float(losses.loss_at(name, ratio))
            if extra > 0:
                more[name] = extra
            stage.advance(note=f"{name} given back: {beside:+.4f}")
    return more
