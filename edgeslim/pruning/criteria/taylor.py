"""What the loss changes by, to first order (Molchanov et al., 2019, https://arxiv.org/abs/1906.10771).

A channel multiplied by a gate of 1 changes the loss by the gate's gradient when the gate
closes; the square of that is the importance. Behind a batch norm the gradient is
``scale * g_scale + shift * g_shift``, which they found to be best. A group without batch
norm goes by the filters: there it is the sum of weight times gradient. Before a batch norm
that sum is nought while training, as the loss does not depend on how long such a filter is.

These are in the unit of the loss already, so that, unlike for the other criteria, what
several weights say is added up as it is.
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
        for each in norms:
            total += np.square(
                _gate(subject, each.scale, 0, group) + _gate(subject, each.shift, 0, group)
            )
        if not norms:
            for name in subject.group(group).producers:
                total += np.square(_gate(subject, name, subject.channels.producers[name], group))
        return total


def _gate(subject: Weights, name: str, axis: int, group: int) -> Scores:
    """Gradient of a gate on each unit, as far as it goes through one tensor."""
    products = subject.rows(name, axis, group) * subject.gradient_rows(name, axis, group)
    total: Scores = products.sum(axis=1)
    return total


CRITERION = _Taylor()
