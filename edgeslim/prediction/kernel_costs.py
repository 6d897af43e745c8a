"""What an operator costs the kernels that compute it, without any measurement of it.

A latency is a sum of such costs, each times a price of the device. They are finer than those of
`edgeslim.prediction.roofline`, which are fitted for each family of operators: here a few whole
networks have to tell them apart. With several threads a cost is that of the longest share: kernels
are divided by blocks of channels, and what one core does alone is not divided. Kernels are as in
Paddle-Lite for Arm: products in blocks of 8 channels and 4 places, depthwise convolutions in blocks
of 4 channels. Memory is shared, so weights, and what does not fit the caches, are not divided.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from edgeslim.ops import macs
from edgeslim.opspec import FLOAT_BYTES, OpSpec, Shape
from edgeslim.prediction.gaussian_process import Array
from edgeslim.table_keys import is_view

__all__ = ["KERNEL_COSTS", "NOMINAL_KERNEL_PRICES", "OTHER_MAPS", "kernel_costs"]

OTHER_MAPS = "other maps"
"""Cost of operators that are none of those that are told apart."""

_NOMINAL = {
    "call": 0.003,
    "call of a product": 0.003,
    "start of threads": 0.004,
    "products of 1x1": 0.05,
    "products of images": 0.1,
    "products of larger filters": 0.08,
    "products of Winograd's kernels": 0.04,
    "products of groups": 0.1,
    "map packed": 0.1,
    "map written": 0.1,
    "gate in a product": 0.1,
    "weights": 0.1,
    "weights of one place": 0.1,
    "depthwise": 0.3,
    "depthwise with a stride": 0.3,
    "larger depthwise": 0.8,
    "larger depthwise with a stride": 0.8,
    "depthwise map read": 0.1,
    "copies": 0.1,
    "sums": 0.1,
    "gates": 0.1,
    "poolings": 0.1,
    "activations": 0.2,
    OTHER_MAPS: 0.2,
    "beyond caches": 0.1,
}
"""Milliseconds of each cost: a call, a million multiply-accumulates, or a megabyte (of a depthwise
convolution: of its output, and of one with a filter of 5x5). They are guesses for a phone's core
from before any fit; what matters is how they are to each other."""

KERNEL_COSTS = tuple(_NOMINAL)
"""Names of the costs, in the order of their columns."""

NOMINAL_KERNEL_PRICES = np.array([*_NOMINAL.values()])
"""First guess of the prices, ``(costs,)``."""

_DEPTHWISE_BLOCK, _PRODUCT_BLOCK, _PLACE_BLOCK = 4, 8, 4
_SMALL_FILTER, _LARGER_FILTER = 3 * 3, 5 * 5
_GATED = {"hard_swish", "swish"}
"""Activations in a convolution that take longer than a comparison."""
_IMAGE_CHANNELS = 4
"""A larger filter on so few channels has a kernel of its own."""
_WINOGRAD_CHANNELS = 32
"""A 3x3 convolution without stride of so many channels, in and out, is Winograd's."""
_CACHE_MB = 1.0
"""The part of a map beyond so many megabytes goes through memory."""

_COPIES = {"concat", "split", "shuffle_channel", "transpose2", "slice", "stack", "pad2d", "tile"}
_COPIES |= {"nearest_interp", "nearest_interp_v2", "bilinear_interp", "bilinear_interp_v2"}
_SUMS = {"elementwise_add", "fusion_elementwise_add_activation", "scale", "batch_norm"}
_GATES = {"elementwise_mul", "elementwise_sub", "elementwise_div"}
_ACTIVATIONS = {
    *("hard_swish", "swish", "sigmoid", "hard_sigmoid", "tanh", "gelu", "exp"),
    *("relu", "relu6", "leaky_relu", "prelu", "clip", "softmax"),
}
_POOLINGS = {"pool2d", "reduce_mean"}
_CONVOLUTIONS = {"conv2d", "depthwise_conv2d"}
_ONE_CORE = {*_COPIES, *_SUMS}
"""Kinds that one core computes, whatever the threads."""

_BY_BLOCKS = {
    *("products of 1x1", "map written", "depthwise", "depthwise with a stride"),
    *("larger depthwise", "larger depthwise with a stride", "depthwise map read"),
}
"""Costs that threads divide by whole blocks of channels."""
_SHARED = {"products of images", "copies", "weights", "weights of one place"}
"""Costs that several cores do not share: one does all, or memory gives no more."""


def kernel_costs(specs: Sequence[OpSpec], threads: int = 1) -> Array:
    """Costs of operators as named by `KERNEL_COSTS`, ``(operators, costs)``.

    Args:
        specs: Operators as they run, after fusion.
        threads: Threads that compute each of them.
    """
    rows = [_costs(spec, threads) for spec in specs]
    costs = np.array([[row.get(name, 0.0) for name in KERNEL_COSTS] for row in rows], np.float64)
    return costs.reshape(-1, len(KERNEL_COSTS))


def _costs(spec: OpSpec, threads: int) -> dict[str, float]:
    if is_view(spec):
        return {}
    block = 0
    if spec.kind in _CONVOLUTIONS:
        found, block = _convolution_costs(spec)
    elif count := macs([spec]):
        rows = math.prod(spec.output_shape[:-1])
        found = {"weights of one place": _weights_mb(spec)}
        found |= {"products of 1x1": count / 1e6} if rows > 1 else {}
    else:
        found = _map_costs(spec)
    share = _longest_share(spec.output_shape, block, threads)
    found = {
        name: cost * (1.0 if name in _SHARED else share if name in _BY_BLOCKS else 1.0 / threads)
        for name, cost in found.items()
    }
    if "products of 1x1" in found and spec.kind in _CONVOLUTIONS:
        found["call of a product"] = 1.0
    found["call"] = 1.0
    found["beyond caches"] = _beyond_caches(spec)
    if threads > 1 and spec.kind not in _ONE_CORE:
        found["start of threads"] = 1.0
    return found


def _convolution_costs(spec: OpSpec) -> tuple[dict[str, float], int]:
    """Costs of a convolution by one thread, and how many channels its threads take at once."""
    (_, c_in, *_), (_, c_out, *places) = spec.input_shape, spec.output_shape
    kernel, groups = spec.weights["Filter"][0][2:], spec.attributes.get("groups", 1)
    written, products = spec.output_bytes / 1e6, macs([spec]) / 1e6
    gate = {"gate in a product": written} if spec.attributes.get("act_type") in _GATED else {}
    if groups == c_in == c_out:
        return _depthwise_costs(spec, math.prod(kernel)), _DEPTHWISE_BLOCK
    if groups != 1:
        return {"products of groups": products, **gate}, 0
    if math.prod(places) == 1:
        return {"weights of one place": _weights_mb(spec)}, 0
    if math.prod(kernel) > 1:
        name = "products of larger filters"
        if c_in <= _IMAGE_CHANNELS:
            name = "products of images"
        elif (
            kernel == (3, 3)
            and spec.attributes.get("strides", (1, 1)) == (1, 1)
            and min(c_in, c_out) >= _WINOGRAD_CHANNELS
        ):
            name = "products of Winograd's kernels"
        return {name: products, **gate}, 0
    blocks = _round_up(c_out, _PRODUCT_BLOCK) * _round_up(math.prod(places), _PLACE_BLOCK)
    return {
        "products of 1x1": c_in * blocks / 1e6,
        "map packed": spec.input_bytes / 1e6,
        "map written": written,
        "weights": _weights_mb(spec),
        **gate,
    }, _PRODUCT_BLOCK


def _depthwise_costs(spec: OpSpec, filter_size: int) -> dict[str, float]:
    larger = filter_size > _SMALL_FILTER
    name = "larger depthwise" if larger else "depthwise"
    if spec.attributes.get("strides", (1, 1)) != (1, 1):
        name += " with a stride"
    size = spec.output_bytes / 1e6 * (filter_size / _LARGER_FILTER if larger else 1.0)
    return {name: size, "depthwise map read": spec.input_bytes / 1e6}


def _map_costs(spec: OpSpec) -> dict[str, float]:
    """Costs of an operator that has no products."""
    read, written = spec.input_bytes / 1e6, spec.output_bytes / 1e6
    if spec.kind in _ACTIVATIONS:
        return {"activations": written}
    if spec.kind in _POOLINGS:
        return {"poolings": read}
    for kinds, name in ((_COPIES, "copies"), (_SUMS, "sums"), (_GATES, "gates")):
        if spec.kind in kinds:
            return {name: read + written}
    return {OTHER_MAPS: read + written}


def _weights_mb(spec: OpSpec) -> float:
    return spec.weight_bytes / 1e6


def _beyond_caches(spec: OpSpec) -> float:
    maps = (
        FLOAT_BYTES * math.prod(shape) / 1e6
        for slots in (spec.inputs, spec.outputs)
        for shapes in slots.values()
        for shape in shapes
    )
    return sum(max(0.0, size - _CACHE_MB) for size in maps)


def _longest_share(shape: Shape, block: int, threads: int) -> float:
    """Share of an operator's channels that the thread with the most of them computes."""
    if not block:
        return 1.0 / threads
    blocks = -(-shape[1] // block)
    return -(-blocks // threads) / blocks


def _round_up(number: int, block: int) -> int:
    return -(-number // block) * block
