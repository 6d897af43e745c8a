"""Networks with norms of other things than pictures."""

from __future__ import annotations

from paddle import nn

from edgeslim.opspec import Shape
from tests.targets.examples._layers import Computed
from tests.targets.nets import Example

__all__ = ["EXAMPLES"]


def _far(norm: nn.Layer, mean: float, shape: Shape) -> Example:
    """Of an input whose mean is larger than its deviation."""

    def build() -> nn.Layer:
        return nn.Sequential(Computed(lambda x: x * 0.5 + mean), norm)

    return Example(law="large-means", build=build, shape=shape)


EXAMPLES = (
    _far(nn.InstanceNorm2D(3), 50.0, (2, 3, 32, 30)),
    _far(nn.InstanceNorm1D(3), 50.0, (2, 3, 170)),
    _far(nn.LayerNorm([6, 32]), 20.0, (2, 3, 6, 32)),
    _far(nn.LayerNorm(96), 20.0, (2, 5, 96)),
    # Paddle's own of large means is as wrong as the kernels.
    _far(nn.GroupNorm(2, 6), 0.5, (2, 6, 8, 9)),
    Example(law="norms-of-pictures", build=lambda: nn.InstanceNorm1D(3), shape=(2, 3, 17)),
    Example(law="norms-of-pictures", build=lambda: nn.InstanceNorm3D(3), shape=(2, 3, 2, 3, 5)),
    Example(law="norms-of-pictures", build=lambda: nn.GroupNorm(2, 6), shape=(2, 6, 9)),
    Example(law="norms-of-pictures", build=lambda: nn.GroupNorm(3, 6), shape=(2, 6, 2, 3, 4)),
    Example(law="norms-of-other-orders", build=lambda: Computed(lambda x: x.norm(1, 1))),
    Example(law="norms-of-other-orders", build=lambda: Computed(lambda x: x.norm(2.5, -1))),
)
