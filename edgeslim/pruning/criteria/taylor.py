"""Change of the loss, to first order (Molchanov et al., 2019, https://arxiv.org/abs/1906.10771).

If a channel is multiplied by a gate of 1, closing the gate changes the loss by the gate's
gradient; the square of that is the importance. Behind a batch norm the gradient is
``scale * g_scale + shift * g_shift``, which they found to be best. A group without batch
norm is scored by the filters, with the sum of weight times gradient. Before a batch norm
that sum is zero in training, as the loss does not depend on the length of such a filter.

These scores are in the unit of the loss already, so that, unlike for the other criteria, those of
several weights are added up without scaling.
"""

from __future__ import annotations

import numpy as np

from edgeslim.errors import UsageError
from edgeslim.pruning.criteria._criterion import Scores
from edgeslim.pruning.weights import Weights

__all__ = ["CRITERION"]


class _Taylor:
    needs_gradients = True

    def scores(self, subject: Weights, group: int) -> Scores:
        if subject.gradients is None:
            raise UsageError(
                "the criterion taylor needs gradients, and these weights come without any"
            )
        total = np.zeros(subject.group(group).width)
        norms = subject.batch_norms(group)
        for norm in norms:
            total += np.square(
                _gate_gradients(subject, norm.scale, 0, group)
                + _gate_gradients(subject, norm.shift, 0, group)
            )
        if not norms:
            for name in subject.group(group).producers:
                total += np.square(
                    _gate_gradients(subject, name, subject.channels.producers[name], group)
                )
        return total


def _gate_gradients(subject: Weights, name: str, axis: int, group: int) -> Scores:
    """Gradient of a gate on each channel, through one tensor."""
    products = subject.rows(name, axis, group) * subject.gradient_rows(name, axis, group)
    total: Scores = products.sum(axis=1)
    return total


CRITERION = _Taylor()
