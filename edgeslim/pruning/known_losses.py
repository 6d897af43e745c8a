"""Losses of pruning each group, estimated from sensitivities or from the weights alone."""

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

__all__ = ["importance_losses", "loss_of", "measured_losses", "noise_of", "warn_hidden_loss"]

_log = logging.getLogger(__name__)

_KNOTS = 33

_LEAST_LEFT = 1e-3
"""Smallest share of a metric that is told from none, so that its logarithm stays finite."""

_LEAST_IMPORTANCE = 1e-3
"""Floor of losses by importance: channels with zero weights are removed first, but not for free.

It is also the floor where the number of examples is not known.
"""


def importance_losses(scores: GroupScores) -> LossCurves:
    """Losses by the weights alone: the removed share of a group's importance.

    All groups count alike; weights do not say how much a network depends on each.

    Args:
        scores: Importance of each channel of each group.
    """
    curves = {}
    for name, channel_scores in scores.items():
        gone = np.append(0.0, np.cumsum(np.sort(channel_scores)))
        total = gone[-1] if gone[-1] > 0 else 1.0
        ratios = np.linspace(0.0, 1.0, _KNOTS)
        losses = np.interp(ratios * channel_scores.size, np.arange(gone.size), gone / total)
        curves[name] = LossCurve.fit(ratios, losses, highest=1.0, floor=_LEAST_IMPORTANCE)
    return LossCurves(curves=curves)


def measured_losses(found: Sensitivities, groups: Iterable[str], file: object) -> LossCurves:
    """Losses by sensitivities: the logarithm of the share of the metric that each group leaves.

    Adding up logarithms over groups means that each group leaves its share of what the others
    leave. A metric falls no further than to chance, so that differences of it would make the
    last channels of a group look free.

    The examples cannot tell a loss below their noise from none: that noise, the floor of
    `LossCurve.fit`, is the least loss of each group where all of it is removed.

    Args:
        found: Sensitivities that were measured.
        groups: Names of the groups that must have sensitivities.
        file: File that they are from, for errors.

    Raises:
        BadFileError: A group has no sensitivities; the message names the first.
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
    """The loss that leaves a share of the metric: its negative logarithm, never infinite."""
    return -math.log(max(left, _LEAST_LEFT))


def noise_of(right: float) -> float:
    """The largest loss that examples may hide, as the logarithm of what is left.

    If none of ``right`` correct examples became wrong, the upper end of Wilson's interval still
    allows for a share of ``z^2 / (right + z^2)`` of all. For metrics that are not shares of
    examples this is a guess of the right order of magnitude.
    """
    return math.log1p(Z**2 / right)


def warn_hidden_loss(context: SensitivityContext, allowed: float) -> None:
    """Warns where the allowed loss is below the noise of the examples.

    Args:
        context: Context of the sensitivities.
        allowed: Share of the metric that each group may lose.
    """
    if not context.examples:
        return  # their number is not known
    hidden = -math.expm1(-noise_of(context.baseline * context.examples))
    if hidden > allowed:
        _log.warning(
            "a loss of %.1f %% is allowed, and %d examples may hide one of %.1f %%: what goes "
            "is chance; judge by more examples, or allow more",
            *(100 * allowed, context.examples, 100 * hidden),
        )
