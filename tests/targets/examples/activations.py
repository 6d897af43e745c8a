"""Networks with functions of single elements."""

from __future__ import annotations

import paddle
from paddle.nn import functional

from tests.targets.examples._layers import Computed, SlopesByElement
from tests.targets.nets import Example

__all__ = ["EXAMPLES"]

EXAMPLES = (
    Example(law="signs", build=lambda: Computed(paddle.sign), shape=(1, 3, 5, 7)),
    Example(
        law="large-tangents",
        build=lambda: Computed(lambda x: paddle.tanh(x * 100.0)),
        shape=(1, 3, 5, 7),
    ),
    Example(
        law="large-tangents",
        build=lambda: Computed(lambda x: paddle.tanh(x + 100.0 * x.abs())),
        shape=(1, 3, 5, 7),
    ),
    Example(
        law="large-softplus",
        build=lambda: Computed(lambda x: functional.softplus(x * 100.0)),
        shape=(2, 35),
    ),
    Example(
        law="large-softplus",
        build=lambda: Computed(lambda x: functional.softplus(x * 3.0, 1.5, 4.0)),
        shape=(2, 35),
    ),
    Example(law="slopes-by-element", build=lambda: SlopesByElement((3, 5, 7)), shape=(2, 3, 5, 7)),
    Example(law="slopes-by-element", build=lambda: SlopesByElement((6,)), shape=(3, 6)),
    Example(law="steep-slopes", build=lambda: Computed(lambda x: functional.leaky_relu(x, 1.5))),
    Example(
        law="tanh-gelus", build=lambda: Computed(lambda x: functional.gelu(x, approximate=True))
    ),
    Example(
        law="thresholds-with-values",
        build=lambda: Computed(lambda x: functional.thresholded_relu(x, 0.2, -0.5)),
    ),
    Example(
        law="logarithms-at-ends",
        build=lambda: Computed(lambda x: paddle.log(functional.relu(x)).clip(min=-50.0)),
    ),
    Example(
        law="logarithms-at-ends",
        build=lambda: Computed(lambda x: paddle.logit(paddle.round(x), 1e-9).clip(-95.0, 95.0)),
    ),
    Example(
        law="logarithms-of-softmax",
        build=lambda: Computed(lambda x: functional.log_softmax(40.0 * x)),
    ),
    Example(
        law="softmax-by-places",
        build=lambda: Computed(lambda x: functional.softmax(x * 300.0, axis=1)),
        shape=(2, 3, 5, 7),
    ),
    Example(
        law="softmax-by-places",
        build=lambda: Computed(
            lambda x: functional.softmax((300.0 * x).transpose([0, 2, 1])).transpose([0, 2, 1])
        ),
        shape=(2, 4, 6),
    ),
)
