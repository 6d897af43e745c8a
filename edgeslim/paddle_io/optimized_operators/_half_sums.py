"""Sums of products as Arm's fp16 kernels make them: convolutions and products of matrices.

Which way a convolution goes follows from its shape alone (Paddle-Lite,
``lite/kernels/arm/conv_compute.cc``). All but Winograd's add products up one after the other in
one accumulator; a product of a matrix and a vector has eight beside each other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from math import prod
from typing import Any

import numpy as np

from edgeslim.optimized_program import OperatorCall
from edgeslim.paddle_io.optimized_operators._activations import (
    Activation,
    activation,
    convolution_activation,
)
from edgeslim.paddle_io.optimized_operators._convolutions import geometry, transposed_arguments
from edgeslim.paddle_io.optimized_operators._halves import Array, HalfSum, half, parts_of, rounded
from edgeslim.paddle_io.optimized_operators._meaning import Meaning, Slots, attribute, only
from edgeslim.paddle_io.optimized_operators._winograd import Winograd, is_winograd

__all__ = ["convolution", "full_connection", "matrix_product", "transposed_convolution"]

_LANES = 8

_ACTIVATION_STEPS: Mapping[str, int] = {"": 0, "relu": 0, "relu6": 0, "leaky_relu": 1, "prelu": 1}
"""How often an activation in another operator rounds; any other does so three times."""

_OTHER_STEPS = 3


def convolution(call: OperatorCall, draw: np.random.Generator) -> Meaning:
    """``conv2d`` and ``depthwise_conv2d``, with bias and activation."""
    act = convolution_activation(call)
    strides, groups = list(attribute(call, "strides")), attribute(call, "groups")
    winograd: list[Winograd] = []

    def compute(given: Slots) -> Slots:
        from paddle.nn.functional import conv2d

        images, filters = (only(given, slot).numpy() for slot in ("Input", "Filter"))
        padding, dilations = geometry(call, images.shape[2:], filters.shape[2:])
        bias = _channels(only(given, "Bias"))
        if is_winograd(filters.shape, strides, dilations, groups):
            if not winograd:  # filters stay as they are
                winograd.append(Winograd(filters, draw))
            sums = half(winograd[0](images, padding) + bias)
        else:
            convolve = partial(
                conv2d, stride=strides, padding=padding, dilation=dilations, groups=groups
            )
            taken = _Filters(filters, groups, 1, prod(filters.shape[2:]))
            sums = _by_channels(images, taken, convolve, bias, draw)
        return {"Output": (_activated(call, sums, act, given, draw),)}

    return compute


def transposed_convolution(call: OperatorCall, draw: np.random.Generator) -> Meaning:
    """``conv2d_transpose``: products over channels, added up where windows overlap."""
    act = convolution_activation(call)
    groups = attribute(call, "groups")

    def compute(given: Slots) -> Slots:
        from paddle.nn.functional import conv2d_transpose

        images, filters = (only(given, slot).numpy() for slot in ("Input", "Filter"))
        arguments = transposed_arguments(call, images.shape[2:], filters.shape[2:])
        bias = _channels(only(given, "Bias"))
        convolve = partial(conv2d_transpose, **arguments)
        # Of a window, every so many elements meet in one place.
        overlapping = prod(filters.shape[2:]) / prod(arguments["stride"])
        taken = _Filters(filters, groups, 0, max(overlapping, 1.0))
        sums = _by_channels(images, taken, convolve, bias, draw)
        return {"Output": (_activated(call, sums, act, given, draw),)}

    return compute


def _channels(bias: Any) -> Array:  # noqa: ANN401 - a Tensor or None
    """A bias as what is added to images."""
    return np.zeros((), np.float32) if bias is None else bias.numpy().reshape(1, -1, 1, 1)


class _Filters:
    """Filters of which parts of the input channels can be had.

    Args:
        values: They.
        groups: Groups of channels.
        axis: Which axis is the input channels: 1, of each group, or 0, of all groups.
        elements: Products of each channel in one place.
    """

    def __init__(self, values: Array, groups: int, axis: int, elements: float) -> None:
        self.groups = groups
        self.channels = values.shape[1] if axis else values.shape[0] // groups
        self.elements = elements
        self._values = values if axis else values.reshape(groups, -1, *values.shape[1:])

    def part(self, part: slice) -> Array:
        """Those of some channels of each group."""
        taken = self._values[:, part]
        if taken.ndim > 4:
            taken = taken.reshape(-1, *taken.shape[2:])
        return np.ascontiguousarray(taken)


def _by_channels(
    images: Array,
    filters: _Filters,
    convolve: Callable[[Any, Any], Any],
    bias: Array,
    draw: np.random.Generator,
) -> Array:
    """Sums over the input channels of each group, and over the elements of a filter."""
    from paddle import to_tensor

    batch, _, *size = images.shape
    grouped = images.reshape(batch, filters.groups, -1, *size)
    result = HalfSum(bias, draw)
    for part in parts_of(filters.channels):
        few = np.ascontiguousarray(grouped[:, :, part].reshape(batch, -1, *size))
        found = convolve(to_tensor(few), to_tensor(filters.part(part))).numpy()
        terms = (part.stop - part.start) * filters.elements * _share(few)
        # One place of an image is a product of a matrix and a vector.
        result.added(found, terms, lanes=_LANES if prod(found.shape[2:]) == 1 else 1)
    return result.total


def _share(values: Array) -> float:
    """How many are not nought: nought adds nothing that could be rounded."""
    return float(np.count_nonzero(values)) / max(values.size, 1)


def _activated(
    call: OperatorCall,
    sums: Array,
    act: Activation,
    given: Slots,
    draw: np.random.Generator,
) -> Any:  # noqa: ANN401 - a Tensor
    """What comes behind a sum."""
    from paddle import to_tensor

    own = call.attributes
    kind = str(own.get("act_type") or own.get("activation_type") or "")
    steps = _ACTIVATION_STEPS.get(kind, _OTHER_STEPS)
    return to_tensor(rounded(act(to_tensor(sums), given).numpy(), steps, draw))


def full_connection(call: OperatorCall, draw: np.random.Generator) -> Meaning:
    """``fc``: of one row by vectors, of several by columns of the weight."""
    act = activation(
        call, call.attributes.get("activation_type", ""), {"threshold": "alpha"}, "Alpha"
    )
    columns = attribute(call, "in_num_col_dims")
    over_last_axis = call.attributes.get("op_type", "") in {"matmul", "matmul_v2"}

    def compute(given: Slots) -> Slots:
        from paddle import to_tensor

        rows, weight = (only(given, slot).numpy() for slot in ("Input", "W"))
        bias = only(given, "Bias")
        first = rows.ndim - 1 if over_last_axis else columns
        outer = rows.shape[:first]
        sums = _product(rows.reshape(prod(outer), -1), weight, draw)
        if bias is not None:
            sums = half(sums + bias.numpy().reshape(1, -1))
        result = _activated(call, sums, act, given, draw)
        return {"Out": (to_tensor(result.numpy().reshape([*outer, weight.shape[1]])),)}

    return compute


def matrix_product(call: OperatorCall, draw: np.random.Generator) -> Meaning:
    """``mul``, ``matmul`` and ``matmul_v2``."""
    kind = call.kind
    turned = [
        bool(attribute(call, name))
        for name in {
            "mul": (),
            "matmul": ("transpose_X", "transpose_Y"),
            "matmul_v2": ("trans_x", "trans_y"),
        }[kind]
    ] or [False, False]
    factor = float(call.attributes.get("alpha", 1.0)) if kind == "matmul" else 1.0

    def compute(given: Slots) -> Slots:
        from paddle import to_tensor

        left, right = only(given, "X").numpy(), only(given, "Y").numpy()
        if kind == "mul":
            outer = left.shape[: attribute(call, "x_num_col_dims")]
            inner = right.shape[attribute(call, "y_num_col_dims") :]
            left = left.reshape(prod(outer), -1)
            right = right.reshape(left.shape[1], -1)
            return {"Out": (to_tensor(_product(left, right, draw).reshape([*outer, *inner])),)}
        left, right = (
            each.swapaxes(-1, -2) if turn and each.ndim > 1 else each
            for each, turn in zip((left, right), turned, strict=True)
        )
        scaled = left if factor == 1.0 else half(left * np.float32(factor))
        return {"Out": (to_tensor(_product(scaled, right, draw)),)}

    return compute


def _product(left: Array, right: Array, draw: np.random.Generator) -> Array:
    """A product over the last axis of one and the last but one of the other."""
    terms = left.shape[-1]
    vector = left.ndim == 1 or right.ndim == 1 or 1 in {left.shape[-2], right.shape[-1]}
    lanes = _LANES if vector else 1
    result = HalfSum(np.zeros((), np.float32), draw)
    for part in parts_of(terms):
        few = left[..., part]
        other = right[part] if right.ndim == 1 else right[..., part, :]
        result.added(np.matmul(few, other), (part.stop - part.start) * _share(few), lanes=lanes)
    return result.total
