"""Transpositions in a row, and reshapes in a row, written as one or as none."""

from __future__ import annotations

from collections.abc import Iterator

from edgeslim.rewriting.equivalences._equivalence import Equivalence, OtherForm
from edgeslim.rewriting.equivalences._example import Example
from edgeslim.rewriting.network import Network, Op
from edgeslim.rewriting.writer import OperatorWriter

__all__ = ["EQUIVALENCE"]

_VIEWS = frozenset({"reshape2", "squeeze2", "unsqueeze2", "flatten_contiguous_range"})
"""Operators that keep the elements in order."""


def _forms(network: Network, op: Op) -> Iterator[OtherForm]:
    behind = network.only_reader(op.result())
    source = op.source("X")
    if behind is None or source in network.values or not network.is_known(source):
        return
    if not _is_plain(network, op) or not _is_plain(network, behind):
        return
    result = behind.result()
    shape = network.shapes.get(result, ())
    if op.kind == behind.kind == "transpose2":
        first, second = (tuple(map(int, one.attributes["axis"])) for one in (op, behind))
        order: tuple[int, ...] | None = tuple(first[axis] for axis in second)
        is_same = order == tuple(range(len(second)))
    elif {op.kind, behind.kind} <= _VIEWS:
        order, is_same = None, network.shapes[source] == shape
    else:
        return
    if is_same and result in network.fetches:
        return

    def write() -> None:
        if is_same:
            network.read_instead(result, source)
            network.replace(op)
            network.replace(behind)
            return
        writer = OperatorWriter(network, result)
        last = writer.reshape(source, shape) if order is None else writer.transpose(source, order)
        network.replace(op)
        network.replace(behind, *writer.finish(last, result))

    around = network.readers(result) if is_same else []
    name = "none" if is_same else "one"
    yield OtherForm(name=name, touched=(op, behind, *around), write=write)


def _is_plain(network: Network, op: Op) -> bool:
    """Whether an operator moves one tensor of known shape in a way that is written in it."""
    if op.kind != "transpose2" and op.kind not in _VIEWS:
        return False
    tensors = [slot for slot, names in op.inputs.items() if names and slot != "X"]
    scratch = op.outputs.get("XShape", ())
    is_read = any(network.readers(name) or name in network.fetches for name in scratch)
    return not tensors and not is_read and network.is_known(op.result())


def _example(example: Example) -> str:
    x = example.image()
    if example.chance(0.3):
        order = example.one_of((0, 2, 3, 1), (0, 3, 1, 2), (0, 1, 3, 2))
        turned = example.transpose(x, order)
        x = example.transpose(turned, [order.index(axis) for axis in range(4)])
    elif example.chance():
        for _ in range(2):
            order = example.one_of((0, 2, 3, 1), (0, 3, 1, 2), (0, 1, 3, 2))
            x = example.transpose(x, order)
    else:
        n, c, h, w = example.shape(x)
        x = example.reshape(example.reshape(x, (n, c * h, w)), (n * c, h * w))
    return example.apply("relu", x)


EQUIVALENCE = Equivalence(
    law="turn(turn(x, p), q) = turn(x, p[q]), and the same elements in the same order need none",
    limits="results in between that something else reads; shapes that are computed",
    saves="a transposition, which moves the whole tensor, or a copy of it",
    bound=1e-6,
    kinds=_VIEWS | {"transpose2"},
    forms=_forms,
    example=_example,
)
