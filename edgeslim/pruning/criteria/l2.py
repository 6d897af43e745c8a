"""Length of a filter as a vector (He et al., 2018, https://arxiv.org/abs/1808.06866)."""

from __future__ import annotations

import numpy as np

from edgeslim.pruning.criteria._criterion import ByProducer, Scores
from edgeslim.pruning.weights import Rows

__all__ = ["CRITERION"]


def _rule(rows: Rows) -> Scores:
    lengths: Scores = np.sqrt(np.square(rows).sum(axis=1))
    return lengths


CRITERION = ByProducer(rule=_rule)
