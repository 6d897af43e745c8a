"""An independent count of what a network costs."""

from __future__ import annotations

import math
from typing import Any


def cost_of(net: Any, input_shape: tuple[int, ...]) -> tuple[int, int]:
    """Multiply-accumulates of a network for one image, and how many trainable parameters it has."""
    import paddle

    macs = 0

    def count(layer: Any, _inputs: Any, output: Any) -> None:
        nonlocal macs
        if isinstance(layer, (paddle.nn.Conv2D, paddle.nn.Linear)):
            macs += math.prod(layer.weight.shape) * math.prod(output.shape[2:])

    hooks = [layer.register_forward_post_hook(count) for layer in net.sublayers()]
    net.eval()
    with paddle.no_grad():
        net(paddle.zeros(list(input_shape)))
    for hook in hooks:
        hook.remove()
    return macs, sum(int(weight.size) for weight in net.parameters() if not weight.stop_gradient)
