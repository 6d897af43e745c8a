"""Small networks of which Paddle-Lite would make something else as they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

import paddle
import paddle.nn.functional as F  # noqa: N812 - what Paddle's own documents call it
from paddle import nn

__all__ = ["INPUT_SHAPE", "NETS"]

INPUT_SHAPE = (1, 4, 8, 8)


class Net(nn.Layer):
    """What a function computes with some layers and parameters of some shapes."""

    def __init__(
        self,
        compute: Callable[..., Any],
        shapes: Mapping[str, Sequence[int]] = MappingProxyType({}),
        **layers: nn.Layer,
    ) -> None:
        super().__init__()
        self._compute = compute
        noise = nn.initializer.Normal()
        for name, shape in shapes.items():
            setattr(self, name, self.create_parameter(list(shape), default_initializer=noise))
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


Make = Callable[[], nn.Layer]

CONVOLUTIONS: dict[str, Make] = {
    "dense": dense,
    "depthwise": lambda: nn.Conv2D(4, 4, 3, padding=1, groups=4),
    "transposed": lambda: nn.Conv2DTranspose(4, 4, 3, padding=1),
}
ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "relu": F.relu,
    "relu6": F.relu6,
    "leaky": lambda x: F.leaky_relu(x, 0.3),
    "hard-swish": F.hardswish,
}

_RANK_OF_PICTURES = 2


def _one_minus(make: Make, act: Callable[[Any], Any]) -> nn.Layer:
    return Net(lambda net, x: 1 - act(net.conv(x)), conv=make())


def _leaky_behind_relu6(make: Make) -> nn.Layer:
    return Net(lambda net, x: F.leaky_relu(F.relu6(net.conv(x)), 0.3), conv=make())


def _hard_swish_behind_leaky(make: Make) -> nn.Layer:
    return Net(lambda net, x: F.hardswish(F.leaky_relu(net.conv(x), 0.3)), conv=make())


def _constant_and_norm(make: Make, shape: tuple[int, ...]) -> nn.Layer:
    return Net(
        lambda net, x: F.relu(net.norm(net.conv(x)) + net.value) + net.other(x).mean(),
        {"value": shape},
        conv=make(),
        norm=norm(),
        other=make(),
    )


def _constant(make: Make, shape: tuple[int, ...]) -> nn.Layer:
    return Net(
        lambda net, x: F.relu(net.other(x)).mean() + net.conv(x) + net.value,
        {"value": shape},
        conv=dense(bias_attr=False),
        other=make(),
    )


def _power_of(power: float) -> nn.Layer:
    return Net(
        lambda net, x: paddle.pow(
            net.conv(x) if power == int(power) else net.conv(x).abs() + 0.1, power
        ),
        conv=nn.Conv2D(4, 4, 1, bias_attr=nn.initializer.Assign([3.0, -3.0, 4.0, -4.0])),
    )


def _depthwise_transposed(extent: int, stride: int, padding: int | str, more: int) -> nn.Layer:
    return Net(
        lambda net, x: net.conv(x),
        conv=nn.Conv2DTranspose(
            4, 4, extent, stride, padding=padding, output_padding=more, groups=4
        ),
    )


NETS: dict[str, Make] = {}
"""Each by name; made anew at each call."""

for _kind, _make in CONVOLUTIONS.items():
    for _name, _act in ACTIVATIONS.items():
        NETS[f"{_kind}: one minus {_name}"] = partial(_one_minus, _make, _act)
    NETS[f"{_kind}: leaky behind relu6"] = partial(_leaky_behind_relu6, _make)
    NETS[f"{_kind}: hard swish behind leaky"] = partial(_hard_swish_behind_leaky, _make)
for _title, _shape in {
    "one number": (1,),
    "one for each channel": (4, 1, 1),
    "one for each channel and image": (1, 4, 1, 1),
    "a picture": (8, 8),
    "all": (1, 4, 8, 8),
}.items():
    for _kind, _make in CONVOLUTIONS.items():
        if _kind != "dense" and len(_shape) != _RANK_OF_PICTURES:
            continue
        _named = f"{_kind}: constant of {_title}"
        NETS[f"{_named}, and a bias elsewhere"] = partial(_constant_and_norm, _make, _shape)
        NETS[f"{_named} alone, and a bias elsewhere"] = partial(_constant, _make, _shape)
for _power in (-3, -1, -0.5, 0, 0.5, 1, 2, 3, 6, 7):
    NETS[f"power {_power}"] = partial(_power_of, _power)
for _extent, _stride, _padding, _more in ((3, 2, 1, 1), (4, 2, 1, 0), (3, 1, "SAME", 0)):
    NETS[f"depthwise transposed {_extent}x{_extent} by {_stride}"] = partial(
        _depthwise_transposed, _extent, _stride, _padding, _more
    )
NETS |= {
    "a constant along the width of as many columns as channels": lambda: Net(
        lambda net, x: net.conv(x) + net.value,
        {"value": (4,)},
        conv=nn.Conv2D(4, 4, 1, stride=(1, 2)),
    ),
    "constants behind products": lambda: Net(
        lambda net, x: net.two(net.one(x) + net.value) + net.value,
        {"value": (8, 1)},
        one=nn.Linear(8, 8, bias_attr=False),
        two=nn.Linear(8, 8),
    ),
    "a norm of layers by hand": lambda: Net(
        lambda net, x: (
            (x - x.mean(-1, keepdim=True))
            / ((x - x.mean(-1, keepdim=True)).pow(2).mean(-1, keepdim=True) + 1e-5).sqrt()
            * net.value
        ),
        {"value": (8,)},
    ),
    "unbound": lambda: Net(
        lambda net, x: paddle.unbind(net.conv(x), 1)[0] * paddle.unbind(x, -3)[2],
        conv=dense(),
    ),
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


def pointwise(compute: Callable[..., Any], **layers: nn.Layer) -> nn.Layer:
    """What a function computes of three times a convolution's result."""
    return Net(lambda net, x: compute(net.conv(x) * 3), conv=dense(), **layers)


NETS |= {
    name: partial(pointwise, compute)
    for name, compute in {
        "gelu by tanh": lambda x: F.gelu(x, approximate=True),
        "floor of a quotient": lambda x: paddle.floor_divide(x, x[:, 1:2].abs() + 0.3 * 3),
        "remainder": lambda x: paddle.mod(x, -1 - x[:, 1:2].abs()),
        "floor of a quotient of whole numbers": lambda x: (x.astype("int64") // 3).astype(
            "float32"
        ),
        "casts without kernels": lambda x: sum(
            (x * factor).astype(first).astype(second).astype("float32")
            for factor, first, second in (
                (2.0, "int64", "bool"),
                (300.0, "int64", "uint8"),
                (300.0, "int32", "uint8"),
            )
        ),
        "casts of truth and bytes": lambda x: (
            (x > 0).astype("uint8").astype("int64").astype("float32")
            - (x * x * 9).astype("uint8").astype("int32").astype("float32")
        ),
        "remainder of whole numbers": lambda x: (x.astype("int32") % 3).astype("float32"),
        "norm of order 1": lambda x: paddle.norm(x, 1, 1),
        "norm of order 3": lambda x: paddle.norm(x, 3, -1, keepdim=True),
        "largest": lambda x: paddle.norm(x, float("inf"), 2),
        "least": lambda x: paddle.norm(x, -float("inf"), 2),
        "norm of all": paddle.norm,
        "smallest first": lambda x: paddle.topk(x, 3, 1, largest=False)[0],
        "where smallest": lambda x: paddle.topk(x, 3, -1, largest=False)[1].astype("float32"),
        "where largest of all": lambda x: paddle.argmax(x).astype("float32"),
        "padding with another value": lambda x: F.pad(x, [1, 2, 3, 0], value=0.7),
        "padding with the edge": lambda x: F.pad(x, [1, 1, 1, 1], "replicate"),
        "padding with the edge, and what is padded read again": lambda x: (
            F.pad(x, [1, 2, 0, 1], "replicate")[:, :, :8, :8] * x
        ),
        "padding around": lambda x: F.pad(x, [2, 2, 2, 2], "circular"),
        "any": lambda x: paddle.any(x > 1, 1).astype("float32"),
        "all but channels shuffled": lambda x: (
            x.reshape([1, 2, 2, 8, 8]).transpose([0, 2, 1, 4, 3]).reshape([1, 4, 8, 8])
        ),
        "rows shuffled": lambda x: (
            x.reshape([1, 4, 2, 4, 8]).transpose([0, 2, 1, 3, 4]).reshape([1, 8, 4, 8])
        ),
        "shuffled to another shape": lambda x: (
            x.reshape([1, 2, 2, 8, 8]).transpose([0, 2, 1, 3, 4]).reshape([1, 4, 64])
        ),
        "softmax turned and not back": lambda x: F.softmax(x.transpose([0, 2, 3, 1]), -1).transpose(
            [0, 2, 1, 3]
        ),
        "backwards": lambda x: x[:, ::-1],
        "backwards by two": lambda x: x[:, :, 5:1:-2, -1:-8:-3],
        "layer norm of nothing learnt": lambda x: F.layer_norm(x, [8, 8]),
        "by a tensor": lambda x: paddle.scale(x, x.mean().reshape([1]), 0.5),
        "sum of whole numbers": lambda x: x.astype("int32").sum([1, 2]).astype("float32"),
        "limits of whole numbers": lambda x: x.astype("int64").clip(-1, 1).astype("float32"),
        "double precision": lambda x: F.relu(
            x.astype("float64") * paddle.full([8], 0.5, "float64")
        ),
    }.items()
}
NETS["tanh of large sums"] = lambda: Net(
    lambda net, x: paddle.tanh(x * 100.0 + net.offsets), {"offsets": (4, 1, 1)}
)
