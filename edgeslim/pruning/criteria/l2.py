"""Length of a filter as a vector (He et al., 2018, https://arxiv.org/abs/1808.06866)."""

from __future__ import annotations

import numpy as np

from edgeslim.pruning.criteria._criterion import FilterCriterion, Scores
from edgeslim.pruning.weights import Rows

__all__ = ["CRITERION"]


def _l2_norms(rows: Rows) -> Scores:
    lengths: Scores = np.sqrt(np.square(rows).sum(axis=1))
    return lengths


CRITERION = FilterCriterion(rule=_l2_norms)
