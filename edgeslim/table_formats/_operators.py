"""Operators made from the numbers of the old formats, in their normal form."""

from __future__ import annotations

from collections.abc import Mapping

from edgeslim.ops import known_kinds
from edgeslim.opspec import Attribute, Attributes, OpSpec, Shape, Shapes
from edgeslim.table_formats._format import RowRefusedError

__all__ = ["activation", "batch_norm", "convolution", "operator", "pooling"]


def operator(
    kind: str,
    inputs: Mapping[str, tuple[Shape, ...]],
    out: Shape,
    *,
    weights: Mapping[str, tuple[Shape, ...]] | None = None,
    attributes: Mapping[str, Attribute] | None = None,
) -> OpSpec:
    """An operator of a known kind; attributes that are not given have their defaults.

    Raises:
        RowRefusedError: An unknown kind, or extents that are not above 0.
    """
    known = known_kinds().get(kind)
    if known is None:
        raise RowRefusedError(f"{kind!r} is not an operator that edgeslim knows")
    try:
        activations, parameters = Shapes(inputs), Shapes(weights or {})
        full = Attributes({**known.attributes, **(attributes or {})})
        return OpSpec(
            kind=kind,
            inputs=activations,
            weights=parameters,
            outputs=Shapes({known.outputs[0]: (out,)}),
            attributes=known.normal_form(full, activations, parameters),
        )
    except ValueError as error:
        raise RowRefusedError(str(error)) from error


def convolution(
    shape: Shape,
    c_out: int,
    *,
    kernel: tuple[int, int],
    strides: tuple[int, int],
    paddings: tuple[int, int, int, int],
    dilations: tuple[int, int] = (1, 1),
    groups: int = 1,
    bias: bool = False,
    activation: Mapping[str, Attribute] | None = None,
) -> OpSpec:
    """A convolution of ``(N, C, H, W)``, with the output's extents computed.

    Args:
        shape: Shape of the input.
        c_out: Number of output channels.
        kernel: Height and width of the filter.
        strides: Strides down and across.
        paddings: Paddings at the top, bottom, left and right.
        dilations: Dilations down and across.
        groups: Number of groups; as many as input channels is depthwise.
        bias: Whether it adds a bias.
        activation: Attributes of the activation behind it.

    Raises:
        RowRefusedError: Numbers that no convolution has; the text names them.
    """
    n, c_in, height, width = shape
    if min(*kernel, *strides, *dilations, groups, *shape, c_out) < 1 or min(paddings) < 0:
        raise RowRefusedError("a convolution has no extents, strides or groups below 1")
    if c_in % groups or c_out % groups:
        raise RowRefusedError(f"{groups} groups do not divide {c_in} channels into {c_out}")
    out = (
        n,
        c_out,
        _extent(height, kernel[0], strides[0], paddings[:2], dilations[0]),
        _extent(width, kernel[1], strides[1], paddings[2:], dilations[1]),
    )
    # The rule by which Paddle chooses the operator.
    depthwise = groups == c_in and groups > 1
    weights: dict[str, tuple[Shape, ...]] = {"Filter": ((c_out, c_in // groups, *kernel),)}
    if bias:
        weights["Bias"] = ((c_out,),)
    return operator(
        "depthwise_conv2d" if depthwise else "conv2d",
        {"Input": (shape,)},
        out,
        weights=weights,
        attributes={
            "strides": strides,
            "paddings": paddings,
            "dilations": dilations,
            "groups": groups,
            **(activation or {}),
        },
    )


def pooling(
    shape: Shape,
    *,
    average: bool,
    covers_all: bool,
    kernel: int = 1,
    stride: int = 1,
    padding: int = 0,
    ceil: bool = False,
    exclusive: bool = True,
) -> OpSpec:
    """A pooling of ``(N, C, H, W)`` with a square window, or over all of it.

    Raises:
        RowRefusedError: A window that is not within the padded input.
    """
    n, channels, height, width = shape
    if not covers_all and (min(kernel, stride) < 1 or padding < 0):
        raise RowRefusedError("a pooling has no window or stride below 1")
    attributes: dict[str, Attribute] = {
        "pooling_type": "avg" if average else "max",
        "ksize": (kernel, kernel),
        "strides": (stride, stride),
        "paddings": (padding, padding),
        "global_pooling": covers_all,
        "ceil_mode": ceil,
        "exclusive": exclusive,
    }
    places = (1, 1)
    if not covers_all:
        more = stride - 1 if ceil else 0
        places = (
            _extent(height + more, kernel, stride, (padding, padding), 1),
            _extent(width + more, kernel, stride, (padding, padding), 1),
        )
    return operator("pool2d", {"X": (shape,)}, (n, channels, *places), attributes=attributes)


def batch_norm(shape: Shape, attributes: Mapping[str, Attribute] | None = None) -> OpSpec:
    """A batch norm of ``(N, C, H, W)`` on its own."""
    channels = ((shape[1],),)
    return operator(
        "batch_norm",
        {"X": (shape,)},
        shape,
        weights=dict.fromkeys(("Scale", "Bias", "Mean", "Variance"), channels),
        attributes=attributes,
    )


_ACTIVATIONS = {
    "relu",
    "relu6",
    "leaky_relu",
    "sigmoid",
    "swish",
    "hard_swish",
    "hard_sigmoid",
}


def is_activation(kind: str) -> bool:
    """Whether edgeslim knows an activation of this name."""
    return kind in _ACTIVATIONS


def activation(kind: str, shape: Shape) -> OpSpec:
    """An activation on its own.

    Raises:
        RowRefusedError: Not one that edgeslim knows.
    """
    if kind not in _ACTIVATIONS:
        raise RowRefusedError(f"{kind!r} is not an activation that edgeslim knows")
    return operator(kind, {"X": (shape,)}, shape)


def _extent(extent: int, kernel: int, stride: int, paddings: tuple[int, ...], dilation: int) -> int:
    """Number of places at which a window fits; 0, which is refused, if it fits nowhere."""
    rest = extent + sum(paddings) - dilation * (kernel - 1) - 1
    return rest // stride + 1 if rest >= 0 else 0
