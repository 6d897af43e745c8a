"""Channels of every group in the order of their importance, and the plans that follow from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from edgeslim.channels.plan import PruningPlan
from edgeslim.errors import ModelError, UnknownNameError, UsageError
from edgeslim.pruning.criteria import Criterion
from edgeslim.pruning.weights import Weights

__all__ = ["Rankings", "group_scores", "mean_scores", "plan_for", "rank_groups", "rank_scores"]

GroupScores = Mapping[str, NDArray[np.float64]]
"""Importance of each channel of a group, ``(width,)``, by the group's name."""

Rankings = Mapping[str, NDArray[np.int64]]
"""Places of the channels of a group, most important first, ``(width,)``, by the group's name."""


def rank_groups(weights: Weights, criterion: Criterion) -> Rankings:
    """Ranks the channels of every group by importance; of equals, the first comes first.

    Raises:
        ModelError: Weights that are not finite, or the network lacks what the criterion needs.
        UsageError: The criterion needs gradients and there are none.
    """
    return rank_scores(group_scores(weights, criterion))


def group_scores(weights: Weights, criterion: Criterion) -> GroupScores:
    """Importance of each channel of each group; raises the same errors as `rank_groups`."""
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

    The gradient over all images of a trained network is about zero; Molchanov et al.
    (https://arxiv.org/abs/1906.10771) average its magnitude over batches.
    """
    total: dict[str, NDArray[np.float64]] = {}
    count = 0
    for count, scores in enumerate(batches, start=1):  # noqa: B007 - it is used below
        for name, batch_scores in scores.items():
            total[name] = total[name] + batch_scores if name in total else batch_scores
    return {name: sums / count for name, sums in total.items()}


def rank_scores(scores: GroupScores) -> Rankings:
    """Ranks channels by descending score; of equals, the first comes first."""
    return {
        name: np.argsort(-channel_scores, kind="stable") for name, channel_scores in scores.items()
    }


def plan_for(widths: Mapping[str, int], rankings: Rankings) -> PruningPlan:
    """The plan that keeps the most important channels of each group, as many as its width.

    Raises:
        UnknownNameError: A group has no ranking.
        UsageError: A width is below one, or above the group's own.
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
