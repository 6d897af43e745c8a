"""Sums of products as Arm's fp16 kernels compute them: convolutions and matrix products.

The kernel of a convolution follows from its shape (Paddle-Lite,
``lite/kernels/arm/conv_compute.cc``). All but Winograd's add products one after the other in
one accumulator; a product of a matrix and a vector has eight in parallel.
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
from edgeslim.paddle_io.optimized_operators._halves import (
    Array,
    HalfSum,
    parts_of,
    round_steps,
    to_half,
)
from edgeslim.paddle_io.optimized_operators._meaning import Meaning, Slots, attribute, single
from edgeslim.paddle_io.optimized_operators._winograd import Winograd, is_winograd

__all__ = ["convolution", "full_connection", "matrix_product", "transposed_convolution"]

_LANES = 8

_ACTIVATION_STEPS: Mapping[str, int] = {"": 0, "relu": 0, "relu6": 0, "leaky_relu": 1, "prelu": 1}
"""Number of roundings of a fused activation."""

_OTHER_STEPS = 3
"""Number of roundings of any other fused activation."""


def convolution(call: OperatorCall, draw: np.random.Generator) -> Meaning:
    """``conv2d`` and ``depthwise_conv2d``, with bias and activation."""
    act = convolution_activation(call)
    strides, groups = list(attribute(call, "strides")), attribute(call, "groups")
    winograd: list[Winograd] = []

    def compute(given: Slots) -> Slots:
        from paddle.nn.functional import conv2d

        images, filters = (single(given, slot).numpy() for slot in ("Input", "Filter"))
        padding, dilations = geometry(call, images.shape[2:], filters.shape[2:])
        bias = _channels(single(given, "Bias"))
        if is_winograd(filters.shape, strides, dilations, groups):
            if not winograd:  # filters are constant
                winograd.append(Winograd(filters, draw))
            sums = to_half(winograd[0](images, padding) + bias)
        else:
            convolve = partial(
                conv2d, stride=strides, padding=padding, dilation=dilations, groups=groups
            )
            parted = _Filters(filters, groups, 1, prod(filters.shape[2:]))
            sums = _sum_channels(images, parted, convolve, bias, draw)
        return {"Output": (_activate(call, sums, act, given, draw),)}

    return compute


def transposed_convolution(call: OperatorCall, draw: np.random.Generator) -> Meaning:
    """``conv2d_transpose``: sums of products over channels, and where windows overlap."""
    act = convolution_activation(call)
    groups = attribute(call, "groups")

    def compute(given: Slots) -> Slots:
        from paddle.nn.functional import conv2d_transpose

        images, filters = (single(given, slot).numpy() for slot in ("Input", "Filter"))
        arguments = transposed_arguments(call, images.shape[2:], filters.shape[2:])
        bias = _channels(single(given, "Bias"))
        convolve = partial(conv2d_transpose, **arguments)
        # The number of a filter's elements that contribute to one element of the result.
        overlapping = prod(filters.shape[2:]) / prod(arguments["stride"])
        parted = _Filters(filters, groups, 0, max(overlapping, 1.0))
        sums = _sum_channels(images, parted, convolve, bias, draw)
        return {"Output": (_activate(call, sums, act, given, draw),)}

    return compute


def _channels(bias: Any) -> Array:  # noqa: ANN401 - a Tensor or None
    """A bias in a shape that can be added to images."""
    return np.zeros((), np.float32) if bias is None else bias.numpy().reshape(1, -1, 1, 1)


class _Filters:
    """Filters that can be reduced to some of their input channels.

    Args:
        values: The filters, as Paddle's convolution takes them.
        groups: Number of groups of channels.
        axis: Axis of the input channels: 1 for those of a group, or 0 for those of all groups.
        elements: Number of products of each channel in one element of the result.
    """

    def __init__(self, values: Array, groups: int, axis: int, elements: float) -> None:
        self.groups = groups
        self.channels = values.shape[1] if axis else values.shape[0] // groups
        self.elements = elements
        self._values = values if axis else values.reshape(groups, -1, *values.shape[1:])

    def part(self, part: slice) -> Array:
        """The filters for some channels of each group."""
        values = self._values[:, part]
        if values.ndim > 4:
            values = values.reshape(-1, *values.shape[2:])
        return np.ascontiguousarray(values)


def _sum_channels(
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
        # A result of one pixel is a product of a matrix and a vector.
        result.add(found, terms, lanes=_LANES if prod(found.shape[2:]) == 1 else 1)
    return result.total


def _share(values: Array) -> float:
    """The share of elements that are not 0; adding 0 rounds nothing."""
    return float(np.count_nonzero(values)) / max(values.size, 1)


def _activate(
    call: OperatorCall,
    sums: Array,
    act: Activation,
    given: Slots,
    draw: np.random.Generator,
) -> Any:  # noqa: ANN401 - a Tensor
    """Applies the activation to sums, and rounds the result."""
    from paddle import to_tensor

    own = call.attributes
    kind = str(own.get("act_type") or own.get("activation_type") or "")
    steps = _ACTIVATION_STEPS.get(kind, _OTHER_STEPS)
    return to_tensor(round_steps(act(to_tensor(sums), given).numpy(), steps, draw))


def full_connection(call: OperatorCall, draw: np.random.Generator) -> Meaning:
    """``fc``: with eight parallel sums for a single row, else with one."""
    act = activation(
        call, call.attributes.get("activation_type", ""), {"threshold": "alpha"}, "Alpha"
    )
    columns = attribute(call, "in_num_col_dims")
    over_last_axis = call.attributes.get("op_type", "") in {"matmul", "matmul_v2"}

    def compute(given: Slots) -> Slots:
        from paddle import to_tensor

        rows, weight = (single(given, slot).numpy() for slot in ("Input", "W"))
        bias = single(given, "Bias")
        first = rows.ndim - 1 if over_last_axis else columns
        outer = rows.shape[:first]
        sums = _product(rows.reshape(prod(outer), -1), weight, draw)
        if bias is not None:
            sums = to_half(sums + bias.numpy().reshape(1, -1))
        result = _activate(call, sums, act, given, draw)
        return {"Out": (to_tensor(result.numpy().reshape([*outer, weight.shape[1]])),)}

    return compute


def matrix_product(call: OperatorCall, draw: np.random.Generator) -> Meaning:
    """``mul``, ``matmul`` and ``matmul_v2``."""
    kind = call.kind
    transposed = [
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

        left, right = single(given, "X").numpy(), single(given, "Y").numpy()
        if kind == "mul":
            outer = left.shape[: attribute(call, "x_num_col_dims")]
            inner = right.shape[attribute(call, "y_num_col_dims") :]
            left = left.reshape(prod(outer), -1)
            right = right.reshape(left.shape[1], -1)
            return {"Out": (to_tensor(_product(left, right, draw).reshape([*outer, *inner])),)}
        left, right = (
            side.swapaxes(-1, -2) if is_transposed and side.ndim > 1 else side
            for side, is_transposed in zip((left, right), transposed, strict=True)
        )
        scaled = left if factor == 1.0 else to_half(left * np.float32(factor))
        return {"Out": (to_tensor(_product(scaled, right, draw)),)}

    return compute


def _product(left: Array, right: Array, draw: np.random.Generator) -> Array:
    """The matrix product of two tensors, summed as the kernel does."""
    terms = left.shape[-1]
    vector = left.ndim == 1 or right.ndim == 1 or 1 in {left.shape[-2], right.shape[-1]}
    lanes = _LANES if vector else 1
    result = HalfSum(np.zeros((), np.float32), draw)
    for part in parts_of(terms):
        few = left[..., part]
        other = right[part] if right.ndim == 1 else right[..., part, :]
        result.add(np.matmul(few, other), (part.stop - part.start) * _share(few), lanes=lanes)
    return result.total
