"""Functions of single elements, written by other functions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from edgeslim.rewriting.equivalences._equivalence import Equivalence, OtherForm
from edgeslim.rewriting.equivalences._example import Example
from edgeslim.rewriting.network import Network, Op
from edgeslim.rewriting.writer import OperatorWriter

__all__ = ["function_equivalence"]

Formula = Callable[[OperatorWriter, Op, str], str | None]
"""Writes operators that compute the same of a tensor, and returns the name of the result; None if
the attributes have no such form."""


def function_equivalence(
    kinds: Mapping[str, Callable[[Example], dict[str, float | bool]]],
    formulas: Mapping[str, Formula],
    *,
    law: str,
    limits: str,
    saves: str,
    bound: float,
) -> Equivalence:
    """An equivalence that replaces a function of each element by others.

    Args:
        kinds: Kinds of operators, each with random attributes for its example.
        formulas: What is written for each form, by the form's name.
        law: The equation that it keeps.
        limits: Where it does not hold, and is not offered.
        saves: What it saves, and on which target that was seen.
        bound: Largest difference of results over the largest value.
    """

    def forms(network: Network, op: Op) -> Iterator[OtherForm]:
        x, result = op.source("X"), op.result()
        if not network.is_known(x) or network.shapes[x] != network.shapes.get(result):
            return
        if x in network.values:
            return
        for name, formula in formulas.items():
            if formula(OperatorWriter(network.copy(), result), op, x) is not None:
                yield OtherForm(name=name, touched=(op,), write=_writing(network, op, formula))

    def example(drawn: Example) -> str:
        x = drawn.image()
        if drawn.chance():
            x = drawn.convolution(x)
        kind = drawn.one_of(*kinds)
        return drawn.apply(kind, x, **kinds[kind](drawn))

    return Equivalence(
        law=law,
        limits=limits,
        saves=saves,
        bound=bound,
        kinds=frozenset(kinds),
        forms=forms,
        example=example,
    )


def _writing(network: Network, op: Op, formula: Formula) -> Callable[[], None]:
    def write() -> None:
        writer = OperatorWriter(network, op.result())
        last = formula(writer, op, op.source("X"))
        if last is not None:
            network.replace(op, *writer.finish(last, op.result()))

    return write
