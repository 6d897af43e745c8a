"""Sums or products with tensors of constants in a row, written as one."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from edgeslim.rewriting.affine import Values, affine_of, is_single_precision
from edgeslim.rewriting.equivalences._equivalence import Equivalence, OtherForm
from edgeslim.rewriting.equivalences._example import Example
from edgeslim.rewriting.network import Network, Op
from edgeslim.rewriting.writer import OperatorWriter

__all__ = ["EQUIVALENCE"]

_KINDS = {"elementwise_add": "add", "elementwise_mul": "mul"}


def _forms(network: Network, op: Op) -> Iterator[OtherForm]:
    behind = network.only_reader(op.result())
    if behind is None or behind.kind != op.kind or op.kind not in _KINDS:
        return
    first, second = _constant(network, op), _constant(network, behind)
    if first is None or second is None or behind.source("X") != op.result():
        return
    if affine_of(network, op) is not None and affine_of(network, behind) is not None:
        return  # numbers for each channel, or single ones, which others join
    with np.errstate(all="ignore"):
        joined = first + second if op.kind == "elementwise_add" else first * second
    if not is_single_precision(joined):
        return
    source, result = op.source("X"), behind.result()

    def write() -> None:
        writer = OperatorWriter(network, result)
        name = network.add_value(f"{result}.joined", joined)
        network.replace(op)
        network.replace(
            behind, *writer.finish(writer.binary(_KINDS[op.kind], source, name), result)
        )

    yield OtherForm(name="one", touched=(op, behind), write=write)


def _constant(network: Network, op: Op) -> Values | None:
    """The second operand in as many axes as the first; None if it is not constant."""
    value = network.value(op.source("Y"))
    shape = network.shapes.get(op.source("X"), ())
    if value is None or op.source("X") in network.values or op.attributes.get("act_type"):
        return None
    if network.shapes.get(op.result()) != shape or not network.is_known(op.result()):
        return None
    axis = int(op.attributes.get("axis", -1))
    before = len(shape) - value.ndim if axis == -1 else axis
    behind = len(shape) - value.ndim - before
    if min(before, behind) < 0:
        return None
    wide = value.reshape((1,) * before + value.shape + (1,) * behind).astype(np.float64)
    fits = all(one in {1, extent} for one, extent in zip(wide.shape, shape, strict=True))
    return wide if fits else None


def _example(example: Example) -> str:
    x = example.image(least=2)
    _, c, h, w = example.shape(x)
    kind = example.one_of("add", "mul")
    shapes = [example.one_of((1, c, h, w), (1, 1, h, w), (1, c, 1, w)), (1, c, h, w)]
    for shape in shapes:
        x = example.binary(kind, x, example.weights(shape, around=1.0))
    return x


EQUIVALENCE = Equivalence(
    law="(x + A) + B = x + (A + B), (x * A) * B = x * (A * B)",
    limits="constants that are larger than what they are added to; a sum and a product; a result "
    "in between that something else reads",
    saves="one of both",
    bound=2e-6,
    kinds=frozenset(_KINDS),
    forms=_forms,
    example=_example,
)
