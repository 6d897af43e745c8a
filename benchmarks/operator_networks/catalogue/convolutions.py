"""Convolutions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from operator_networks.drawing import Operator
from operator_networks.toolkit import F, nn, weighted

__all__ = ["OPERATORS"]

Attributes = Mapping[str, Any]

_SHAPES = ((1, 8, 12, 12), (1, 8, 13, 9), (2, 8, 7, 10), (1, 16, 14, 14))
_PADDINGS = (
    0,
    1,
    2,
    [1, 0],
    [0, 2],
    [1, 0, 2, 1],
    [[0, 0], [0, 0], [1, 2], [0, 1]],
    "SAME",
    "VALID",
)


def _fits(a: Attributes, shape: Sequence[int]) -> bool:
    if "groups" in a and a.get("out", shape[1]) % a["groups"]:
        return False
    window = a["kernel"] if isinstance(a["kernel"], list) else [a["kernel"]] * 2
    dilation = a.get("dilation", 1)
    widths = dilation if isinstance(dilation, list) else [dilation] * 2
    reach = [(k - 1) * d + 1 for k, d in zip(window, widths, strict=True)]
    return reach[0] <= shape[2] and reach[1] <= shape[3]


def _conv2d(a: Attributes, shape: Sequence[int]) -> Any:
    return nn.Conv2D(
        shape[1],
        a["out"],
        a["kernel"],
        stride=a["stride"],
        padding=a["padding"],
        dilation=a["dilation"],
        groups=a["groups"],
        bias_attr=None if a["bias"] else False,
    )


def _padded(a: Attributes, shape: Sequence[int]) -> Any:
    return nn.Conv2D(shape[1], 8, 3, padding=a["padding"], padding_mode=a["padding_mode"])


def _depthwise(a: Attributes, shape: Sequence[int]) -> Any:
    return _conv2d({**a, "groups": shape[1], "out": shape[1] * a["multiplier"]}, shape)


def _transposed(a: Attributes, shape: Sequence[int]) -> Any:
    groups = shape[1] if a.get("depthwise") else a["groups"]
    return nn.Conv2DTranspose(
        shape[1],
        shape[1] if a.get("depthwise") else a["out"],
        a["kernel"],
        stride=a["stride"],
        padding=a["padding"],
        output_padding=a["output_padding"],
        dilation=a["dilation"],
        groups=groups,
        bias_attr=None if a["bias"] else False,
    )


def _sized(a: Attributes, shape: Sequence[int]) -> Any:
    size = [extent * 2 + a["more"] for extent in shape[2:]]
    layer = nn.Conv2DTranspose(shape[1], 6, 3, stride=2, padding=1)

    class Sized(nn.Layer):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.inner = layer

        def forward(self, x: Any) -> Any:
            return self.inner(x, output_size=size)

    return Sized()


def _deconv_fits(a: Attributes, shape: Sequence[int]) -> bool:
    stride = a["stride"] if isinstance(a["stride"], list) else [a["stride"]] * 2
    more = (
        a["output_padding"] if isinstance(a["output_padding"], list) else [a["output_padding"]] * 2
    )
    return all(m < s for m, s in zip(more, stride, strict=True)) and _fits(a, shape)


def _conv1d(a: Attributes, shape: Sequence[int]) -> Any:
    return nn.Conv1D(
        shape[1],
        a["out"],
        a["kernel"],
        stride=a["stride"],
        padding=a["padding"],
        dilation=a["dilation"],
        groups=a["groups"],
        padding_mode=a["padding_mode"],
        bias_attr=None if a["bias"] else False,
    )


def _conv1d_transpose(a: Attributes, shape: Sequence[int]) -> Any:
    return nn.Conv1DTranspose(
        shape[1],
        a["out"],
        a["kernel"],
        stride=a["stride"],
        padding=a["padding"],
        groups=a["groups"],
    )


def _conv3d(a: Attributes, shape: Sequence[int]) -> Any:
    return nn.Conv3D(shape[1], 6, 3, stride=a["stride"], padding=a["padding"], groups=a["groups"])


def _unfold(a: Attributes, _shape: Sequence[int]) -> Any:
    own = {name: a[name] for name in ("strides", "paddings", "dilations")}
    return lambda x: F.unfold(x, a["kernel_sizes"], **own)


def _fold(a: Attributes, shape: Sequence[int]) -> Any:
    sizes = list(shape[2:])
    return lambda x: F.fold(F.unfold(x, 2, strides=a["strides"]), sizes, 2, strides=a["strides"])


def _functional(a: Attributes, shape: Sequence[int]) -> Any:
    return weighted((6, shape[1], 3, 3), lambda x, w: F.conv2d(x, w, padding=a["padding"]))


_COMMON = {
    "stride": (1, 2, [2, 1], 3),
    "padding": _PADDINGS,
    "dilation": (1, 2, [1, 2]),
    "bias": (True, False),
}

OPERATORS: dict[str, Operator] = {
    "conv2d": Operator(
        build=_conv2d,
        shapes=_SHAPES,
        choices={
            "out": (8, 12, 4),
            "kernel": (1, 3, 5, [3, 1], 2, 7),
            "groups": (1, 2, 4),
            **_COMMON,
        },
        fits=_fits,
    ),
    "conv2d, depthwise": Operator(
        build=_depthwise,
        shapes=_SHAPES,
        choices={"multiplier": (1, 2), "kernel": (3, 5, [1, 3], 7), **_COMMON},
        fits=_fits,
        most=12,
    ),
    "conv2d, padding_mode": Operator(
        build=_padded,
        shapes=_SHAPES[:3],
        choices={
            "padding": (1, 2, [1, 2]),
            "padding_mode": ("zeros", "reflect", "replicate", "circular"),
        },
        fits=lambda a, _: a["padding_mode"] == "zeros" or isinstance(a["padding"], int),
    ),
    "conv2d, functional": Operator(
        build=_functional, shapes=_SHAPES[:2], choices={"padding": (0, "SAME")}
    ),
    "conv2d_transpose": Operator(
        build=_transposed,
        shapes=_SHAPES,
        choices={
            "out": (8, 12),
            "kernel": (2, 3, 4, [3, 2]),
            "groups": (1, 2, 4),
            "output_padding": (0, 1, [1, 0]),
            **_COMMON,
        },
        fits=_deconv_fits,
        most=12,
    ),
    "conv2d_transpose, depthwise": Operator(
        build=_transposed,
        shapes=_SHAPES[:2],
        choices={
            "depthwise": (True,),
            "kernel": (2, 3, 4),
            "stride": (1, 2),
            "padding": (0, 1, [1, 0]),
            "output_padding": (0, 1),
            "dilation": (1,),
            "bias": (True, False),
        },
        fits=lambda a, _: a["output_padding"] < a["stride"],
        most=5,
    ),
    "conv2d_transpose, output_size": Operator(
        build=_sized, shapes=_SHAPES[:2], choices={"more": (-1, 0)}
    ),
    "conv1d": Operator(
        build=_conv1d,
        shapes=((1, 8, 16), (2, 8, 11)),
        choices={
            "out": (8, 12),
            "kernel": (1, 3, 5),
            "stride": (1, 2),
            "padding": (0, 1, "SAME", "VALID"),
            "dilation": (1, 2),
            "groups": (1, 4),
            "padding_mode": ("zeros", "reflect", "replicate", "circular"),
            "bias": (True, False),
        },
        fits=lambda a, _: a["padding_mode"] == "zeros" or isinstance(a["padding"], int),
        most=10,
    ),
    "conv1d_transpose": Operator(
        build=_conv1d_transpose,
        shapes=((1, 8, 16), (1, 8, 7)),
        choices={
            "out": (8, 12),
            "kernel": (2, 3, 4),
            "stride": (1, 2),
            "padding": (0, 1),
            "groups": (1, 4),
        },
        most=4,
    ),
    "conv3d": Operator(
        build=_conv3d,
        shapes=((1, 6, 6, 7, 8),),
        choices={"stride": (1, 2), "padding": (0, 1, "SAME"), "groups": (1, 2)},
    ),
    "unfold": Operator(
        build=_unfold,
        shapes=_SHAPES[:3],
        choices={
            "kernel_sizes": (2, 3, [2, 3]),
            "strides": (1, 2),
            "paddings": (0, 1),
            "dilations": (1, 2),
        },
    ),
    "fold": Operator(build=_fold, shapes=((1, 8, 12, 12),), choices={"strides": (1, 2)}),
}
