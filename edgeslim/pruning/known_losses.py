"""What narrowing each group is thought to cost, from what there is to know."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from edgeslim.errors import BadFileError
from edgeslim.pruning.loss_curves import LossCurve, LossCurves
from edgeslim.pruning.ranking import GroupScores
from edgeslim.pruning.sensitivity_file import Sensitivities

__all__ = ["importance_losses", "measured_losses"]

_KNOTS = 33


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
        curves[name] = LossCurve.fit(ratios, losses, highest=1.0)
    return LossCurves(curves=curves)


def measured_losses(found: Sensitivities, groups: Iterable[str], file: object) -> LossCurves:
    """By sensitivities, which must be known of all groups.

    Raises:
        BadFileError: They are not; names the first that lacks.
    """
    from edgeslim.pruning.loss_curves import loss_curves

    curves = loss_curves(found)
    for name in groups:
        if name not in curves.curves:
            raise BadFileError(
                f"{file} says nothing of {name}; complete it with edgeslim sensitivity"
            )
    return curves
