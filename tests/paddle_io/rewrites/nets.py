"""Small networks of which Paddle-Lite would make something else as they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import paddle
import paddle.nn.functional as F  # noqa: N812 - what Paddle's own documents call it
from paddle import nn

__all__ = ["INPUT_SHAPE", "NETS"]

INPUT_SHAPE = (1, 4, 8, 8)


class Net(nn.Layer):  # type: ignore[misc]
    """What a function computes with some layers."""

    def __init__(self, compute: Callable[..., Any], **layers: nn.Layer) -> None:
        super().__init__()
        self._compute = compute
        for name, layer in layers.items():
            setattr(self, name, layer)

    def forward(self, x: Any) -> Any:
        return self._compute(self, x)


def norm() -> nn.Layer:
    """A batch norm that has learnt something."""
    layer = nn.BatchNorm2D(4)
    layer.weight.set_value(paddle.rand([4]) + 0.5)
    layer.bias.set_value(paddle.randn([4]))
    layer._mean.set_value(paddle.randn([4]))
    layer._variance.set_value(paddle.rand([4]) + 0.5)
    return layer


def dense(**given: Any) -> nn.Layer:
    return nn.Conv2D(4, 4, 3, padding=1, **given)


CONVOLUTIONS: dict[str, Callable[[], nn.Layer]] = {
    "dense": dense,
    "depthwise": lambda: nn.Conv2D(4, 4, 3, padding=1, groups=4),
    "transposed": lambda: nn.Conv2DTranspose(4, 4, 2, 2),
}
ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "relu": F.relu,
    "relu6": F.relu6,
    "leaky": lambda x: F.leaky_relu(x, 0.3),
    "hard-swish": F.hardswish,
}

NETS: dict[str, Callable[[], nn.Layer]] = {}
"""Each by name; made anew at each call."""

for _kind, _make in CONVOLUTIONS.items():
    for _name, _act in ACTIVATIONS.items():
        NETS[f"{_kind}: one minus {_name}"] = lambda make=_make, act=_act: Net(
            lambda net, x: 1 - act(net.conv(x)), conv=make()
        )
    NETS[f"{_kind}: leaky behind relu6"] = lambda make=_make: Net(
        lambda net, x: F.leaky_relu(F.relu6(net.conv(x)), 0.3), conv=make()
    )
    NETS[f"{_kind}: hard swish behind leaky"] = lambda make=_make: Net(
        lambda net, x: F.hardswish(F.leaky_relu(net.conv(x), 0.3)), conv=make()
    )
NETS |= {
    "an offset behind a factor behind relu": lambda: Net(
        lambda net, x: F.relu(net.conv(x)) * 2 + 1, conv=dense()
    ),
    "a factor behind hard swish behind a norm": lambda: Net(
        lambda net, x: F.hardswish(net.norm(net.conv(x))) * 2,
        conv=dense(bias_attr=False),
        norm=norm(),
    ),
    "a negative factor behind relu": lambda: Net(
        lambda net, x: F.relu(net.conv(x)) * -2, conv=dense()
    ),
    "leaky behind a factor behind relu": lambda: Net(
        lambda net, x: F.leaky_relu(2 * F.relu(net.conv(x)), 0.3), conv=dense()
    ),
    "an offset before a factor": lambda: Net(
        lambda net, x: paddle.scale(net.conv(x), 2.0, 1.0, bias_after_scale=False), conv=dense()
    ),
    "norms behind a shared filter": lambda: Net(
        lambda net, x: net.one(net.conv(x)) + net.two(net.conv(x * x)),
        conv=dense(bias_attr=False),
        one=norm(),
        two=norm(),
    ),
}
