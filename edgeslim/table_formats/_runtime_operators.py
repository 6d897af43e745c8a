"""Operators of other runtimes as those of edgeslim: kinds, shapes and attributes as Paddle's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from edgeslim import ops
from edgeslim.opspec import Attribute, OpSpec, Shape
from edgeslim.table_formats._format import RowRefusedError
from edgeslim.table_formats._timing_operators import make_spec

__all__ = [
    "DO_NOT_FIT",
    "ELEMENTWISE",
    "FUSED_IN_PADDLE_LITE",
    "UNARY",
    "fully_connected",
    "guess_window",
    "plain_operator",
    "windowed_convolution",
]

ELEMENTWISE: Mapping[str, str] = {
    "Add": "elementwise_add",
    "Sub": "elementwise_sub",
    "Subtract": "elementwise_sub",
    "Mul": "elementwise_mul",
    "Multiply": "elementwise_mul",
    "Div": "elementwise_div",
    "Divide": "elementwise_div",
    "Max": "elementwise_max",
    "Maximum": "elementwise_max",
    "Min": "elementwise_min",
    "Minimum": "elementwise_min",
    "Pow": "elementwise_pow",
}
"""Arithmetic of two tensors, by the words of ONNX and of OpenVINO."""

UNARY: Mapping[str, str] = {
    **{name: name.lower() for name in ("Abs", "Exp", "Floor", "Log", "Sqrt", "Relu", "Sigmoid")},
    **{name: name.lower() for name in ("Tanh", "Gelu", "Elu", "Mish", "Softplus", "Reciprocal")},
    "SoftPlus": "softplus",
    "HSwish": "hard_swish",
    "HardSwish": "hard_swish",
    "HSigmoid": "hard_sigmoid",
    "HardSigmoid": "hard_sigmoid",
    "LeakyRelu": "leaky_relu",
    "PReLU": "leaky_relu",
    "Swish": "swish",
    "Clamp": "relu6",
    "LayerNormalization": "layer_norm",
}
"""Functions of one tensor, by the words of ONNX and of OpenVINO."""

DO_NOT_FIT = "its shapes and attributes do not fit each other"
"""Why an operator is refused of which a profile or a model says something odd."""

FUSED_IN_PADDLE_LITE = frozenset({"relu", "relu6", "leaky_relu", "hard_swish"})
"""Activations that are part of a convolution in Paddle-Lite too."""

_MOST_STRIDE = 8
"""A larger stride is a mistake."""


def plain_operator(
    kind: str,
    inputs: Sequence[Shape],
    outputs: Sequence[Shape],
    *,
    weights: Sequence[Shape] = (),
    attributes: Mapping[str, Attribute] | None = None,
) -> OpSpec:
    """An operator whose tensors take its slots in order; all stand in the only one.

    Args:
        kind: Kind of the operator in edgeslim.
        inputs: Shapes of activations that it reads.
        outputs: Shapes of what it writes, all in the first slot.
        weights: Shapes of its parameters, which take the slots behind the activations.
        attributes: Attributes that differ from the defaults.

    Raises:
        RowRefusedError: There can be no such operator; the text has why.
    """
    known = ops.known_kinds()[kind]
    try:
        placed: dict[str, tuple[Shape, ...]] = {}
        if len(known.slots) == 1:
            placed = {known.slots[0]: tuple(inputs)}
        else:
            placed = {slot: (shape,) for slot, shape in zip(known.slots, inputs, strict=False)}
        free = known.slots[len(placed) :]
        return make_spec(
            known,
            placed,
            {slot: (shape,) for slot, shape in zip(free, weights, strict=False)},
            {known.outputs[0]: tuple(outputs)},
            attributes or {},
        )
    except ValueError as error:
        raise RowRefusedError(str(error)) from error


def windowed_convolution(
    shapes: tuple[Shape, Shape, Shape],
    *,
    has_bias: bool,
    window: Mapping[str, Attribute],
    activation: Mapping[str, Attribute],
) -> OpSpec:
    """A convolution of images.

    Args:
        shapes: Shapes of the input, of the filter in Paddle's order, and of the output.
        has_bias: Whether it adds a bias.
        window: Its strides, paddings and dilations, as far as they are not the defaults.
        activation: Attributes of the activation behind it.

    Raises:
        RowRefusedError: There can be no such convolution; the text has why.
    """
    image, filters, out = shapes
    weights = (filters, (filters[0],)) if has_bias else (filters,)
    attributes = {**window, **activation}
    return plain_operator("conv2d", [image], [out], weights=weights, attributes=attributes)


def fully_connected(
    image: Shape, columns: int, out: Shape, *, has_bias: bool, activation: str = ""
) -> OpSpec:
    """A fully connected layer, as Paddle-Lite fuses it for ARM.

    Raises:
        RowRefusedError: There can be no such layer; the text has why.
    """
    rows = 1
    for extent in image[1:]:
        rows *= extent
    weights: list[Shape] = [(rows, columns)] + ([(columns,)] if has_bias else [])
    return plain_operator(
        "fc",
        [image],
        [out],
        weights=weights,
        attributes={"op_type": "mul", "activation_type": activation},
    )


def guess_window(
    places: Sequence[int], window: Sequence[int], out: Sequence[int]
) -> dict[str, Attribute] | None:
    """Strides and paddings with which a window gives an output, where nothing says them.

    Of several possibilities the padding of half a window comes first, then none; both axes have
    the same stride if they can.

    Args:
        places: Height and width of the input.
        window: Height and width of the window.
        out: Height and width of the output.

    Returns:
        The attributes, or None if no window without dilation gives it.
    """
    strides, paddings = [], []
    for extent, size, wanted in zip(places, window, out, strict=True):
        found = _guess_axis(extent, size, wanted)
        if found is None:
            return None
        strides.append(found[0])
        paddings.append(found[1])
    return {"strides": tuple(strides), "paddings": tuple(paddings)}


def _guess_axis(extent: int, size: int, wanted: int) -> tuple[int, int] | None:
    likely = sorted(range(size), key=lambda padding: (padding != (size - 1) // 2, padding))
    for stride in sorted(range(1, _MOST_STRIDE + 1), key=lambda s: abs(s * wanted - extent)):
        for padding in likely:
            if (extent + 2 * padding - size) // stride + 1 == wanted:
                return stride, padding
    return None
