"""Networks that take elements from other places."""

from __future__ import annotations

import paddle

from tests.targets.examples._layers import Computed
from tests.targets.nets import Example

__all__ = ["EXAMPLES"]

EXAMPLES = (
    Example(law="backward-slices", build=lambda: Computed(lambda x: x[:, ::-1, 6:1:-2])),
    Example(law="rolls-of-all", build=lambda: Computed(lambda x: paddle.roll(x, 3))),
    Example(law="unbound", build=lambda: Computed(lambda x: paddle.unbind(x, 1)[2])),
)
