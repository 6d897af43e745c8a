"""Sum of absolute weights (Li et al., 2017, https://arxiv.org/abs/1608.08710)."""

from __future__ import annotations

import numpy as np

from edgeslim.pruning.criteria._criterion import FilterCriterion, Scores
from edgeslim.pruning.weights import Rows

__all__ = ["CRITERION"]


def _l1_norms(rows: Rows) -> Scores:
    sums: Scores = np.abs(rows).sum(axis=1)
    return sums


CRITERION = FilterCriterion(rule=_l1_norms)
