"""The operators edgeslim knows, one file a kind."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from edgeslim.ops._kind import ELEMENT_NUMBERS, ELEMENT_TYPES, OperatorKind
from edgeslim.opspec import OpSpec
from edgeslim.registry import Shelf

__all__ = [
    "ELEMENT_NUMBERS",
    "ELEMENT_TYPES",
    "KINDS",
    "OperatorKind",
    "known_kinds",
    "macs",
    "paddleslim1_flops",
]

KINDS: Shelf[OperatorKind] = Shelf(what="operator", package="edgeslim.ops", attribute="KIND")
"""All kinds, by name."""


@cache
def known_kinds() -> dict[str, OperatorKind]:
    """All kinds by their name in Paddle."""
    return {kind.kind: kind for kind in KINDS.members().values()}


def macs(specs: Iterable[OpSpec]) -> int:
    """Multiply-accumulate operations of all convolutions and matrix products."""
    kinds = known_kinds()
    return sum(kinds[spec.kind].macs(spec) for spec in specs if spec.kind in kinds)


def paddleslim1_flops(specs: Iterable[OpSpec], *, python: int = 2) -> int:
    """The count that PaddleSlim 1.x published, on the *unfused* operators of a network.

    It counts two for each multiply-accumulate of a dense convolution and of a fully
    connected layer, one for each element of a batch norm, relu or sigmoid, one for each
    element of a declared pooling window, and nothing for relu6, softmax and additions. It
    divides a depthwise convolution's channels by its groups twice: in whole numbers under
    Python 2, with which the published numbers were made, so that it counts nothing.

    Args:
        specs: Operators before any fusion.
        python: Major version of the Python that the counter runs under.
    """
    kinds = known_kinds()
    whole_numbers = python < 3
    return round(
        sum(
            kinds[spec.kind].paddleslim1_flops(spec, whole_numbers=whole_numbers)
            for spec in specs
            if spec.kind in kinds
        )
    )
