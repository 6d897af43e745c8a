"""Channels of every group in the order of their importance, and the plans that follow from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from edgeslim.channels.plan import PruningPlan
from edgeslim.errors import ModelError, UnknownNameError, UsageError
from edgeslim.pruning.criteria import Criterion
from edgeslim.pruning.weights import Weights

__all__ = ["Rankings", "group_scores", "mean_scores", "orders", "plan_for", "ranking"]

GroupScores = Mapping[str, NDArray[np.float64]]
"""How important each unit of a group is, ``(width,)``, by the group's name."""

Rankings = Mapping[str, NDArray[np.int64]]
"""Places of all units of a group, most important first, ``(width,)``, by the group's name."""


def ranking(weights: Weights, criterion: Criterion) -> Rankings:
    """The channels of every group by their importance; of equals, the first comes first.

    Raises:
        ModelError: Weights that are no numbers, or the network lacks what the criterion goes by.
        UsageError: There are no gradients and it needs them.
    """
    return orders(group_scores(weights, criterion))


def group_scores(weights: Weights, criterion: Criterion) -> GroupScores:
    """How important each unit of each group is; raises as `ranking`."""
    found = {}
    for place, group in enumerate(weights.channels.groups):
        scores = criterion.scores(weights, place)
        if not np.isfinite(scores).all():
            raise ModelError(
                f"the channels of {group.name} cannot be ranked: its weights or gradients are no "
                "numbers"
            )
        found[group.name] = scores
    return found


def mean_scores(batches: Iterable[GroupScores]) -> GroupScores:
    """The mean over several batches of images, for scores that are not linear in gradients.

    The gradient over all images of a trained network is about nought; how large it is for
    some of them is what Molchanov et al. (https://arxiv.org/abs/1906.10771) average.
    """
    total: dict[str, NDArray[np.float64]] = {}
    count = 0
    for count, scores in enumerate(batches, start=1):  # noqa: B007 - it is used below
        for name, each in scores.items():
            total[name] = total[name] + each if name in total else each
    return {name: each / count for name, each in total.items()}


def orders(scores: GroupScores) -> Rankings:
    """Units by falling score; of equals, the first comes first."""
    return {name: np.argsort(-each, kind="stable") for name, each in scores.items()}


def plan_for(widths: Mapping[str, int], rankings: Rankings) -> PruningPlan:
    """The plan that keeps so many of the most important channels of each group.

    Raises:
        UnknownNameError: A group without a ranking.
        UsageError: Less than one channel of a group, or more than it has.
    """
    kept = {}
    for name, width in widths.items():
        if name not in rankings:
            raise UnknownNameError("channel group", name, rankings)
        order = rankings[name]
        if not 1 <= width <= order.size:
            raise UsageError(f"of the {order.size} channels of {name}, {width} cannot be kept")
        kept[name] = tuple(sorted(order[:width].tolist()))
    return PruningPlan(kept=kept)
