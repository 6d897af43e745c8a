"""What narrowing each group is thought to cost, from what there is to know."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable

import numpy as np

from edgeslim.errors import BadFileError
from edgeslim.pruning.loss_curves import LossCurve, LossCurves
from edgeslim.pruning.ranking import GroupScores
from edgeslim.runs.sensitivity_file import Sensitivities
from edgeslim.runs.sensitivity_rows import SensitivityContext
from edgeslim.training.metric_value import Z

__all__ = ["importance_losses", "loss_of", "measured_losses", "noise_of", "say_hidden"]

_log = logging.getLogger(__name__)

_KNOTS = 33

_LEAST_LEFT = 1e-3
"""Of a metric; less than that is nothing."""

_LEAST_IMPORTANCE = 1e-3
"""Of a group's: channels whose weights are all nought go before others, and not for nothing.

The same holds of losses that nobody says the examples of.
"""


def importance_losses(scores: GroupScores) -> LossCurves:
    """By the weights alone: the share of a group's importance that goes, least first.

    All groups count alike; how much a network depends on each, weights do not say.

    Args:
        scores: How important each channel of each group is.
    """
    curves = {}
    for name, each in scores.items():
        gone = np.append(0.0, np.cumsum(np.sort(each)))
        total = gone[-1] if gone[-1] > 0 else 1.0
        ratios = np.linspace(0.0, 1.0, _KNOTS)
        losses = np.interp(ratios * each.size, np.arange(gone.size), gone / total)
        curves[name] = LossCurve.fit(ratios, losses, highest=1.0, floor=_LEAST_IMPORTANCE)
    return LossCurves(curves=curves)


def measured_losses(found: Sensitivities, groups: Iterable[str], file: object) -> LossCurves:
    """By sensitivities: the logarithm of what each group leaves of the metric.

    Added up over groups, logarithms say that each group leaves its share of what the others
    leave. A metric falls no further than to chance, so that differences of it would make the
    last channels of a group look free.

    The examples cannot tell a loss from none that is smaller than their noise: that much, the
    floor of `LossCurve.fit`, each group costs at least where all of it goes.

    Args:
        found: What was measured.
        groups: All of which something must be known.
        file: Where that is from, for errors.

    Raises:
        BadFileError: Nothing is known of a group; names the first.
    """
    curves = {}
    right = found.context.baseline * found.context.examples
    floor = noise_of(right) if right else _LEAST_IMPORTANCE
    for name in groups:
        points = found.points.get(name)
        if not points:
            raise BadFileError(
                f"{file} says nothing of {name}; leave that out with --match, or measure it with "
                "edgeslim sensitivity"
            )
        lost = [loss_of(1 - point.relative_loss) for point in points]
        curves[name] = LossCurve.fit(
            [point.removed_share for point in points],
            lost,
            highest=loss_of(0.0),
            floor=floor,
        )
    return LossCurves(curves=curves)


def loss_of(left: float) -> float:
    """The loss that leaves a share of the metric: its logarithm, and never infinite."""
    return -math.log(max(left, _LEAST_LEFT))


def noise_of(right: float) -> float:
    """The largest loss that examples may hide, as the logarithm of what is left.

    If none of ``right`` examples that were right got wrong, as many as the upper end of
    Wilson's interval may all the same: ``z^2 / (right + z^2)`` of all that there are. For
    metrics that are no shares of examples this is a guess of the right size.
    """
    return math.log1p(Z**2 / right)


def say_hidden(context: SensitivityContext, allowed: float) -> None:
    """Warns where losses that are allowed cannot be told from larger ones.

    Args:
        context: What the losses are of.
        allowed: Share of the metric that each group may cost.
    """
    if not context.examples:
        return  # nobody says how many
    hidden = -math.expm1(-noise_of(context.baseline * context.examples))
    if hidden > allowed:
        _log.warning(
            "a loss of %.1f %% is allowed, and %d examples may hide one of %.1f %%: what goes "
            "is chance; judge by more examples, or allow more",
            *(100 * allowed, context.examples, 100 * hidden),
        )
