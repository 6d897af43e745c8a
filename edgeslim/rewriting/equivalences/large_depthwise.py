"""Depthwise convolutions with large filters, as sums of depthwise 5x5 convolutions."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from edgeslim.rewriting.affine import Values
from edgeslim.rewriting.equivalences._equivalence import Equivalence, OtherForm
from edgeslim.rewriting.equivalences._example import Example
from edgeslim.rewriting.layers import layer_of, sides_of
from edgeslim.rewriting.network import Network, Op
from edgeslim.rewriting.writer import OperatorWriter

__all__ = ["EQUIVALENCE"]

_BLOCK = 5
"""The largest filter that kernels are written for by hand."""

_MOST = 31
"""The largest filter that is looked at."""


def _forms(network: Network, op: Op) -> Iterator[OtherForm]:
    layer = layer_of(network, op)
    if layer is None or not network.is_known(op.source("Input")):
        return
    channels, inputs, *kernel = layer.weights.shape
    steps = (*op.attributes.get("strides", (1,)), *op.attributes.get("dilations", (1,)))
    sides = sides_of(op)
    is_depthwise = inputs == 1 and int(op.attributes.get("groups", 1)) == channels > 1
    if not is_depthwise or sides is None or set(steps) != {1}:
        return
    if not _BLOCK < max(kernel) <= _MOST:
        return

    def write() -> None:
        writer = OperatorWriter(network, op.result())
        last = _sum_of_blocks(writer, op, layer.weights, sides)
        network.replace(op, *writer.finish(last, op.result()))

    yield OtherForm(name="5x5", touched=(op,), write=write)


def _sum_of_blocks(writer: OperatorWriter, op: Op, weights: Values, sides: tuple[int, ...]) -> str:
    """The sum of convolutions, each of a part of the filter and of the input that it meets."""
    x = op.source("Input")
    channels, _, *kernel = weights.shape
    counts = [-(-extent // _BLOCK) for extent in kernel]
    extra = [count * _BLOCK - extent for count, extent in zip(counts, kernel, strict=True)]
    filters = np.pad(weights, ((0, 0), (0, 0), (0, extra[0]), (0, extra[1])))
    top, bottom, left, right = sides
    padded = writer.pad(x, (top, bottom + extra[0], left, right + extra[1]))
    rows, columns = writer.network.shapes[op.result()][2:]
    total = ""
    for i in range(counts[0]):
        band = writer.cut(padded, 2, i * _BLOCK, rows + _BLOCK - 1)
        for j in range(counts[1]):
            part = writer.cut(band, 3, j * _BLOCK, columns + _BLOCK - 1)
            block = filters[:, :, i * _BLOCK : (i + 1) * _BLOCK, j * _BLOCK : (j + 1) * _BLOCK]
            name = writer.network.add_value(f"{op.source('Filter')}.part", block)
            shape = (writer.shape(x)[0], channels, rows, columns)
            done = writer.depthwise(part, name, shape)
            total = done if not total else writer.binary("add", total, done)
    return total


def _example(example: Example) -> str:
    channels, kernel = example.integer(2, 4), example.one_of(6, 7, 9, 11)
    x = example.image(channels=channels, least=kernel)
    return example.convolution(
        *(x, channels), kernel=kernel, groups=channels, stride=1, padding=example.integer(0, 5)
    )


EQUIVALENCE = Equivalence(
    law="W x = sum of W[i, j] x[i, j] over blocks of 5x5 of the filter and what they meet",
    limits="strides and dilations other than 1, filters up to 5x5, which kernels are written for",
    saves="x86: a depthwise 7x7 of 64 channels at 56x56 takes 45 times as long as this",
    bound=5e-6,
    kinds=frozenset({"conv2d", "depthwise_conv2d"}),
    forms=_forms,
    example=_example,
)
