"""The kinds of operators that edgeslim knows, one file for each family."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from edgeslim.ops._kind import ELEMENT_NUMBERS, ELEMENT_TYPES, OperatorKind
from edgeslim.opspec import OpSpec
from edgeslim.registry import Shelf

__all__ = [
    "ELEMENT_NUMBERS",
    "ELEMENT_TYPES",
    "FAMILIES",
    "OperatorKind",
    "known_kinds",
    "macs",
    "paddleslim1_flops",
]

FAMILIES: Shelf[tuple[OperatorKind, ...]] = Shelf(
    what="family of operators", package="edgeslim.ops", attribute="KINDS"
)
"""All kinds by family."""


@cache
def known_kinds() -> dict[str, OperatorKind]:
    """All kinds by their names in Paddle, sorted."""
    kinds = {kind.kind: kind for family in FAMILIES.members().values() for kind in family}
    return dict(sorted(kinds.items()))


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
