"""The kinds of operators that edgeslim knows, one file for each family."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from functools import cache

from edgeslim.ops._contradictions import find_contradiction, find_missing_tensor
from edgeslim.ops._kind import ELEMENT_NUMBERS, ELEMENT_TYPES, OperatorKind
from edgeslim.opspec import OpSpec, Shapes
from edgeslim.registry import Shelf

__all__ = [
    "ELEMENT_NUMBERS",
    "ELEMENT_TYPES",
    "FAMILIES",
    "OperatorKind",
    "check_tensors",
    "find_problem",
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


def check_tensors(kind: str, inputs: Shapes, weights: Shapes, outputs: Shapes) -> OperatorKind:
    """The kind of an operator that lacks no tensor.

    Args:
        kind: Name of the kind in Paddle.
        inputs: Activations read, by slot.
        weights: Persistent tensors read, by slot.
        outputs: Activations written, by slot.

    Raises:
        ValueError: The kind is not known, or a tensor is missing or of another rank; the text
            has the nearest name or the tensor.
    """
    known = known_kinds().get(kind)
    if known is None:
        near = get_close_matches(kind, known_kinds(), n=1, cutoff=0.5)
        meant = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"{kind!r} is not an operator that edgeslim knows{meant}")
    missing = find_missing_tensor(kind, known.slots, {**inputs, **weights}, outputs)
    if missing:
        raise ValueError(missing)
    return known


def find_problem(spec: OpSpec) -> str:
    """Text on why there can be no such operator; empty if nothing speaks against it.

    It may be of an unknown kind, lack a tensor, or have shapes that contradict each other.
    """
    try:
        check_tensors(spec.kind, spec.inputs, spec.weights, spec.outputs)
    except ValueError as error:
        return str(error)
    try:
        return find_contradiction(spec)
    except (IndexError, ValueError):  # a tensor has fewer extents than the kind needs
        return f"the shapes do not fit a {spec.kind}"


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
