"""Absolute scale of the channel's batch norms (Liu et al., 2017, https://arxiv.org/abs/1708.06519).

A group without any batch norm, such as the hidden layer of squeeze-and-excitation, is scored by
the sum of its absolute weights: channels are compared within a group only, so the two need
not have the same scale.
"""

from __future__ import annotations

import numpy as np

from edgeslim.errors import ModelError
from edgeslim.pruning.criteria import l1
from edgeslim.pruning.criteria._criterion import Scores, sum_scores
from edgeslim.pruning.weights import Weights

__all__ = ["CRITERION"]


class _BatchNormScale:
    needs_gradients = False

    def scores(self, subject: Weights, group: int) -> Scores:
        if not subject.batch_norms():
            raise ModelError(
                "the network has no batch norm to tell its channels apart by; use the criterion l1"
            )
        own = subject.batch_norms(group)
        if not own:
            return l1.CRITERION.scores(subject, group)
        scales = (np.abs(subject.rows(norm.scale, 0, group)).sum(axis=1) for norm in own)
        return sum_scores(scales, subject.group(group).width)


CRITERION = _BatchNormScale()
