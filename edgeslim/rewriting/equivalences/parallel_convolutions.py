"""Convolutions of one tensor whose results are added, merged into one.

Blocks that were trained with branches (RepVGG, MobileOne and others) are often saved with them:
3x3 beside 1x1 beside the tensor itself, each with a batch norm.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from edgeslim.rewriting.affine import Values
from edgeslim.rewriting.branches import Branch, branch_of
from edgeslim.rewriting.equivalences._equivalence import Equivalence, OtherForm
from edgeslim.rewriting.equivalences._example import Example
from edgeslim.rewriting.layers import Layer, add_offset, padding_algorithm
from edgeslim.rewriting.network import Network, Op

__all__ = ["EQUIVALENCE"]


def _forms(network: Network, op: Op) -> Iterator[OtherForm]:
    if op.kind != "elementwise_add" or op.attributes.get("act_type"):
        return
    names = op.source("X"), op.source("Y")
    shapes = {network.shapes.get(name) for name in (*names, op.result())}
    if len(shapes) > 1 or names[0] == names[1] or not network.is_known(op.result()):
        return
    if len(network.shapes[op.result()]) != len("NCHW"):
        return
    first, second = (branch_of(network, name) for name in names)
    merged = _merge(first, second)
    if merged is None:
        return
    layer, filters, sides = merged

    def write() -> None:
        made = layer.op.with_inputs(Filter=network.add_value("merged.filter", filters))
        made = made.with_attributes(paddings=sides)
        (slot,) = layer.op.outputs
        for extra in {*first.ops, *second.ops} - {layer.op}:
            network.replace(extra)
        network.replace(layer.op)
        offset = first.offset + second.offset
        own = made.with_outputs(**{slot: op.result()})
        if not (offset != 0).any():
            network.replace(op, own)
            return
        ops = add_offset(network, layer, made, offset)
        network.replace(op, *ops[:-1], ops[-1].with_outputs(Out=op.result()))

    yield OtherForm(name="one convolution", touched=(op, *first.ops, *second.ops), write=write)


def _merge(one: Branch, two: Branch) -> tuple[Layer, Values, tuple[int, ...]] | None:
    """The larger convolution, with the filter and padding of the sum of both."""
    layers = [branch.layer for branch in (one, two) if branch.layer is not None]
    if one.source != two.source or not layers or not ((one.ops and two.ops) or len(layers) == 1):
        return None
    layer = max(layers, key=lambda found: max(found.weights.shape[2:]))
    if any(not _are_alike(layer, other) for other in layers):
        return None
    parts = [_filter_of(branch, layer) for branch in (one, two)]
    if parts[0] is None or parts[1] is None:
        return None
    return layer, (parts[0] + parts[1]).astype(np.float32), _sides(layer)


def _are_alike(layer: Layer, other: Layer) -> bool:
    """Whether two convolutions differ in the extents of their filters and padding alone."""

    def what(found: Layer) -> tuple[object, ...]:
        attributes = found.op.attributes
        kernel = found.weights.shape[2:]
        single = kernel == (1, 1)
        return (
            tuple(attributes.get("strides", (1, 1))),
            (1, 1) if single else tuple(attributes.get("dilations", (1, 1))),
            attributes.get("groups", 1),
            padding_algorithm(found.op),
            found.weights.shape[:2],
        )

    mine, others = what(layer), what(other)
    return (mine[0], *mine[2:]) == (others[0], *others[2:]) and (
        mine[1] == others[1] or other.weights.shape[2:] == (1, 1)
    )


def _sides(layer: Layer) -> tuple[int, ...]:
    return tuple(int(side) for side in layer.op.attributes.get("paddings", (0, 0)))


def _filter_of(branch: Branch, layer: Layer) -> Values | None:
    """The filter of a branch in the extents of the larger convolution; None if it does not fit."""
    outputs, inputs, *kernel = layer.weights.shape
    groups = int(layer.op.attributes.get("groups", 1))
    padding = _sides(layer)
    own = branch.layer
    if len(set(padding)) > 1 or padding_algorithm(layer.op) != "EXPLICIT":
        return None
    if own is None:
        strides = layer.op.attributes.get("strides", (1, 1))
        if outputs != inputs * groups or set(strides) != {1}:
            return None
        weights = np.zeros((outputs, inputs, 1, 1))
        weights[np.arange(outputs), np.arange(outputs) % inputs] = 1.0
        own_padding = 0
    else:
        weights, sides = own.weights.astype(np.float64), _sides(own)
        if len(set(sides)) > 1:
            return None
        own_padding = sides[0]
    dilation = int(next(iter(layer.op.attributes.get("dilations", (1, 1)))))
    shift, rest = divmod(padding[0] - own_padding, dilation)
    small = weights.shape[2:]
    fits = all(
        shift >= 0 and shift + mine <= extent for mine, extent in zip(small, kernel, strict=True)
    )
    if rest or not fits:
        return None
    found = np.zeros(layer.weights.shape)
    found[:, :, shift : shift + small[0], shift : shift + small[1]] = weights
    return np.asarray(found * branch.factor.reshape(-1, 1, 1, 1))


def _example(example: Example) -> str:
    channels = example.integer(2, 4)
    groups = example.one_of(1, channels)
    x = example.apply("sigmoid", example.image(channels=channels, least=3))
    stride = example.integer(1, 2)
    branches = [example.convolution(x, channels, kernel=3, padding=1, stride=stride, groups=groups)]
    if stride == 1 and example.chance():
        branches.append(example.batch_norm(x))
    else:
        small = example.convolution(x, channels, kernel=1, padding=0, stride=stride, groups=groups)
        branches.append(small)
    if example.chance():
        branches[0] = example.batch_norm(branches[0])
    if example.chance():
        branches[1] = example.binary("add", branches[1], example.weights((channels,)), axis=1)
    if example.chance():
        branches.reverse()
    return example.apply("relu", example.binary("add", branches[0], branches[1]))


EQUIVALENCE = Equivalence(
    law="A x + B x + x = (A + B + 1) x, with smaller filters padded by zeros",
    limits="branches that something else reads, of different strides or groups; padding that "
    "differs from side to side; a centre that is not on the larger filter's grid",
    saves="a convolution and a sum of each branch",
    bound=5e-6,
    kinds=frozenset({"elementwise_add"}),
    forms=_forms,
    example=_example,
)
