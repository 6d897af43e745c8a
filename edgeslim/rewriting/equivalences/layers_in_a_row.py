"""Two linear layers in a row, written as one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from edgeslim.rewriting.affine import Values, is_single_precision
from edgeslim.rewriting.branches import Branch, branch_of
from edgeslim.rewriting.equivalences._equivalence import Equivalence, OtherForm
from edgeslim.rewriting.equivalences._example import Example
from edgeslim.rewriting.layers import Layer, add_offset, layer_of, padding_algorithm
from edgeslim.rewriting.network import Network, Op

__all__ = ["EQUIVALENCE"]

_KINDS = ({"conv2d"}, {"matmul_v2", "mul"})
"""Kinds of layers that are merged with each other."""

_WORTHWHILE = 2.0
"""How many times the multiplications of both a merged layer may have to be looked at."""


def _forms(network: Network, op: Op) -> Iterator[OtherForm]:
    layer = layer_of(network, op)
    kinds = next((some for some in _KINDS if op.kind in some), None)
    if layer is None or kinds is None or len(layer.grouped) != 1:
        return
    if layer.source in network.values or len(network.shapes[layer.source]) <= layer.axis:
        return
    branch = branch_of(network, layer.source, kinds, layer.axis)
    before = branch.layer
    if before is None or len(before.grouped) != 1 or before.axis != layer.axis:
        return
    base = _base(before, layer, branch)
    if base is None or not _is_small(network, before, layer):
        return

    def write() -> None:
        weights, offset = _product(before, layer, branch)
        if not is_single_precision(weights, offset):
            return
        made = _write_merged(network, base, before, layer, weights)
        for extra in branch.ops:
            network.replace(extra)
        ops = [made] if not (offset != 0).any() else add_offset(network, layer, made, offset)
        network.replace(op, *ops)

    yield OtherForm(name="one", touched=(op, *branch.ops), write=write)


def _base(before: Layer, layer: Layer, branch: Branch) -> Layer | None:
    """The layer whose filter has the extents of the merged one; None if they do not merge."""
    if layer.op.kind != "conv2d":
        return before
    if _is_point(layer):
        # How much SAME pads is computed from the strides, which are those of both then.
        return before if _is_dense(layer) or padding_algorithm(before.op) != "SAME" else None
    is_shifted = bool((branch.offset != 0).any()) and not layer.is_even
    return layer if _is_point(before) and _is_dense(before) and not is_shifted else None


def _is_dense(layer: Layer) -> bool:
    """Whether a convolution writes something for each place that it reads."""
    return set(layer.op.attributes.get("strides", (1, 1))) == {1}


def _is_point(layer: Layer) -> bool:
    """Whether a convolution is 1x1 and pads nothing."""
    is_explicit = padding_algorithm(layer.op) == "EXPLICIT"
    return layer.weights.shape[2:] == (1, 1) and layer.is_even and is_explicit


def _is_small(network: Network, before: Layer, layer: Layer) -> bool:
    """Whether the merged layer has not far more multiplications than both."""
    places = [float(np.prod(network.shapes[one.result])) / one.outputs for one in (before, layer)]
    both = places[0] * before.weights.size + places[1] * layer.weights.size
    taps = max(before.grouped.shape[3], layer.grouped.shape[3])
    return places[1] * before.inputs * layer.outputs * taps <= _WORTHWHILE * both


def _product(before: Layer, layer: Layer, branch: Branch) -> tuple[Values, Values]:
    """Weights ``(outputs, inputs, others)`` of both, and what they add to each channel."""
    first = before.grouped[0] * branch.factor.reshape(-1, 1, 1)
    # One of both has a single element in its filter.
    weights = np.tensordot(layer.grouped[0], first, axes=(1, 0)).swapaxes(1, 2)
    return weights.reshape(layer.outputs, before.inputs, -1), layer.of_constant(branch.offset)


def _write_merged(
    network: Network, base: Layer, before: Layer, layer: Layer, weights: Values
) -> Op:
    """The operator that computes both, not yet in the network."""
    (slot,) = base.op.outputs if len(base.op.outputs) == 1 else (_slot_of(base),)
    made = base.op.with_outputs(**{slot: layer.result})
    if base.op.kind == "conv2d":
        value = weights.reshape(layer.outputs, before.inputs, *base.weights.shape[2:])
        first, second = (one.op.attributes.get("strides", (1, 1)) for one in (before, layer))
        strides = tuple(int(one) * int(two) for one, two in zip(first, second, strict=True))
        made = made.with_attributes(strides=strides)
    else:
        plain = weights[:, :, 0]
        value = plain if base.op.attributes.get("trans_y") else plain.T
    name = network.add_value(f"{layer.op.source(layer.slot)}.merged", value)
    return made.with_inputs(**{base.slot: name, _input_slot(base): before.source})


def _slot_of(layer: Layer) -> str:
    return next(slot for slot, names in layer.op.outputs.items() if layer.result in names)


def _input_slot(layer: Layer) -> str:
    return "Input" if layer.op.kind == "conv2d" else "X"


def _example(example: Example) -> str:
    if example.chance(0.3):
        extents = [example.integer(2, 6) for _ in range(3)]
        x = example.feed((example.integer(1, 3), extents[0]))
        for rows, columns in pairwise(extents):
            names = {"X": x, "Y": example.weights((rows, columns))}
            shape = (example.shape(x)[0], columns)
            x = example.write("matmul_v2", names, shape, trans_x=False, trans_y=False)
            if example.chance():
                x = example.binary("add", x, example.weights((columns,)))
        return x
    x = example.image(channels=example.integer(4, 6), least=3)
    kernels = example.one_of((1, 1), (3, 1), (1, 3))
    is_late = kernels[1] > 1
    for number, kernel in enumerate(kernels):
        stride = 1 if is_late and not number else example.integer(1, 2)
        padding = 0 if kernel == 1 else example.integer(0, 1)
        channels = example.integer(2, 3)
        x = example.convolution(x, channels, kernel=kernel, stride=stride, padding=padding)
        if example.chance() and not (is_late and not number):
            x = example.batch_norm(x)
    return x


EQUIVALENCE = Equivalence(
    law="V (W x + b) = (V W) x + V b",
    limits="something between them that is not linear, or that something else reads; groups; "
    "filters of which neither is 1x1; a sum before a convolution that pads; where it would "
    "multiply more than twice as much",
    saves="one of both layers",
    bound=5e-6,
    kinds=frozenset().union(*_KINDS),
    forms=_forms,
    example=_example,
)
