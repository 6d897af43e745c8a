"""Products and sums with single numbers, written as one ``scale``."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from edgeslim.rewriting.affine import AFFINE_KINDS, affine_chain
from edgeslim.rewriting.equivalences._equivalence import Equivalence, OtherForm
from edgeslim.rewriting.equivalences._example import Example
from edgeslim.rewriting.network import Network, Op
from edgeslim.rewriting.writer import OperatorWriter

__all__ = ["EQUIVALENCE"]


def _forms(network: Network, op: Op) -> Iterator[OtherForm]:
    chain = affine_chain(network, op)
    if chain is None or not chain.is_single or [op.kind for op in chain.ops] == ["scale"]:
        return
    if not chain.has_factor and not chain.has_offset:
        return

    def write() -> None:
        writer = OperatorWriter(network, chain.result)
        last = writer.scale(chain.source, float(chain.factor), float(chain.offset))
        for extra in chain.ops[:-1]:
            network.replace(extra)
        network.replace(chain.ops[-1], *writer.finish(last, chain.result))

    yield OtherForm(name="scale", touched=chain.ops, write=write)


def _example(example: Example) -> str:
    x = example.image()
    for _ in range(example.integer(1, 3)):
        number = example.number(0.2, 3.0) * example.one_of(1, -1)
        one = example.constant(np.full(example.one_of((), (1,), (1, 1, 1, 1)), number))
        kind = example.one_of("add", "mul", "sub", "div")
        is_first = kind != "div" and example.chance() and example.network.shapes[one] == (1,)
        shape = example.shape(x)
        pair = {"X": one, "Y": x} if is_first else {"X": x, "Y": one}
        x = example.write(f"elementwise_{kind}", pair, shape, axis=-1)
    return x


EQUIVALENCE = Equivalence(
    law="((x * a1 + b1) * a2 + b2) ... = x * a + b for single numbers",
    limits="numbers that are infinite, or overflow or vanish in 32 bits; divisions of a number by "
    "the tensor; a result in between that something else reads",
    saves="x86: a product or sum with a parameter of one number is 20 to 30 times as dear as scale",
    bound=2e-6,
    kinds=AFFINE_KINDS,
    forms=_forms,
    example=_example,
)
