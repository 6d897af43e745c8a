"""What all meanings have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from edgeslim.errors import ModelError
from edgeslim.optimized_program import OperatorCall

__all__ = ["Meaning", "Slots", "attribute", "is_int8", "only"]

Slots = Mapping[str, Sequence[Any]]
"""Tensors by slot; those of 8-bit kernels are whole numbers as floats."""

Meaning = Callable[[Slots], Slots]
"""From an operator's inputs to its outputs."""

_INT8 = 2
"""The number of the precision of 8-bit kernels in their names."""


def attribute(call: OperatorCall, name: str) -> Any:  # noqa: ANN401 - of whatever type it has
    """An attribute that an operator must have.

    Raises:
        ModelError: It has not.
    """
    if name not in call.attributes:
        raise ModelError(f"{call.kind} has no attribute {name!r}")
    return call.attributes[name]


def only(given: Slots, slot: str) -> Any:  # noqa: ANN401 - a Tensor or None
    """The tensor of a slot that has one or none."""
    return given[slot][0] if slot in given else None


def is_int8(call: OperatorCall) -> bool:
    """Whether a kernel of 8 bits runs it, whatever its description says."""
    parts = call.kernel.split("/")
    return len(parts) > 3 and parts[3] == str(_INT8)
