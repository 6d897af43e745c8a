"""Networks with norms of other things than pictures."""

from __future__ import annotations

from paddle import nn

from tests.targets.examples._layers import Computed
from tests.targets.nets import Example

__all__ = ["EXAMPLES"]

EXAMPLES = (
    Example(law="norms-of-pictures", build=lambda: nn.InstanceNorm1D(3), shape=(2, 3, 17)),
    Example(law="norms-of-pictures", build=lambda: nn.InstanceNorm3D(3), shape=(2, 3, 2, 3, 5)),
    Example(law="norms-of-pictures", build=lambda: nn.GroupNorm(2, 6), shape=(2, 6, 9)),
    Example(law="norms-of-pictures", build=lambda: nn.GroupNorm(3, 6), shape=(2, 6, 2, 3, 4)),
    Example(law="norms-of-other-orders", build=lambda: Computed(lambda x: x.norm(1, 1))),
    Example(law="norms-of-other-orders", build=lambda: Computed(lambda x: x.norm(2.5, -1))),
)
