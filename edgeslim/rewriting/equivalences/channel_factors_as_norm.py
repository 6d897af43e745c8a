"""Products and sums with a number for each channel, written as one batch norm."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from edgeslim.rewriting.affine import AFFINE_KINDS, affine_chain
from edgeslim.rewriting.equivalences._equivalence import Equivalence, OtherForm
from edgeslim.rewriting.equivalences._example import Example
from edgeslim.rewriting.layers import layer_of
from edgeslim.rewriting.network import Network, Op
from edgeslim.rewriting.writer import OperatorWriter

__all__ = ["EQUIVALENCE"]


def _forms(network: Network, op: Op) -> Iterator[OtherForm]:
    chain = affine_chain(network, op)
    if chain is None or chain.axis != 1 or [op.kind for op in chain.ops] == ["batch_norm"]:
        return
    shape = network.shapes[chain.source]
    maker = network.maker(chain.source)
    is_taken_in = maker is not None and layer_of(network, maker) is not None
    if len(shape) != len("NCHW") or (is_taken_in and network.only_reader(chain.source) is op):
        return

    def write() -> None:
        writer = OperatorWriter(network, chain.result)
        last = writer.norm_of(chain.source, *chain.along(shape[1]))
        for extra in chain.ops[:-1]:
            network.replace(extra)
        network.replace(chain.ops[-1], *writer.finish(last, chain.result))

    yield OtherForm(name="batch norm", touched=chain.ops, write=write)


def _example(example: Example) -> str:
    x = example.image(channels=example.integer(2, 9))
    vector = (example.shape(x)[1],)
    x = example.binary("mul", x, example.weights(vector), axis=1)
    if example.chance():
        x = example.batch_norm(x)
    for kind in ("add", "sub") if example.chance() else ():
        number = example.constant(np.full((1,), example.number(-2, 2)))
        x = example.binary(kind, x, example.weights(vector) if example.chance() else number, axis=1)
    return x


EQUIVALENCE = Equivalence(
    law="((x * a1 + b1) * a2 + b2) ... = batch_norm(x) with scale a, bias b, mean 0, variance 1",
    limits="numbers along another axis than the channels, or other tensors than (N, C, H, W); "
    "behind a layer that takes them in (factors-into-layer-before)",
    saves="x86: a product with a vector takes 0.6 to 0.9 times the 1x1 convolution before it, a "
    "batch norm 0.1 to 0.3 times",
    bound=2e-6,
    kinds=AFFINE_KINDS,
    forms=_forms,
    example=_example,
)
