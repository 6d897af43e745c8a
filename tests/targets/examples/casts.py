"""Networks that make types of others for which there are no kernels."""

from __future__ import annotations

from tests.targets.examples._layers import Computed
from tests.targets.nets import Example

__all__ = ["EXAMPLES"]

EXAMPLES = (
    Example(
        law="casts-in-two-steps",
        build=lambda: Computed(lambda x: (x * 2.0).astype("int64").astype("bool").astype("int32")),
    ),
    Example(
        law="casts-in-two-steps",
        build=lambda: Computed(
            lambda x: (x * 300.0).astype("int64").astype("uint8").astype("int32")
        ),
    ),
    Example(
        law="casts-without-kernel",
        build=lambda: Computed(lambda x: x.astype("int16").astype("float32")),
    ),
)
