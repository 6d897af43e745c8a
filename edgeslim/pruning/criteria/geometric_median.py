"""Distance to all other filters of a weight (He et al., 2019, https://arxiv.org/abs/1811.00250).

The geometric median is the point whose distances to all filters have the smallest sum. A
filter near it is best represented by the others.
"""

from __future__ import annotations

import numpy as np

from edgeslim.pruning.criteria._criterion import FilterCriterion, Scores
from edgeslim.pruning.weights import Rows

__all__ = ["CRITERION"]


def _distance_sums(rows: Rows) -> Scores:
    # |a - b|^2 = |a|^2 + |b|^2 - 2ab: one matrix product instead of width^2 differences. The
    # common mean changes no distance, and subtracting it first reduces cancellation.
    rows = rows - rows.mean(axis=0)
    lengths = np.square(rows).sum(axis=1)
    squares = lengths[:, None] + lengths[None, :] - 2 * rows @ rows.T
    np.fill_diagonal(squares, 0)
    sums: Scores = np.sqrt(np.maximum(squares, 0)).sum(axis=1)
    return sums


CRITERION = FilterCriterion(rule=_distance_sums)
