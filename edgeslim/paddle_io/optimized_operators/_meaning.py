"""Types and helpers of all meanings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from edgeslim.errors import ModelError
from edgeslim.optimized_program import OperatorCall

__all__ = ["Meaning", "Slots", "attribute", "is_int8", "single"]

Slots = Mapping[str, Sequence[Any]]
"""Tensors by slot; int8 tensors are held as whole numbers in float32."""

Meaning = Callable[[Slots], Slots]
"""Computes an operator's outputs from its inputs."""

_INT8 = 2
"""The number of the precision in the names of int8 kernels."""


def attribute(call: OperatorCall, name: str) -> Any:  # noqa: ANN401 - of whatever type it has
    """The value of an attribute that an operator must have.

    Raises:
        ModelError: The operator does not have it.
    """
    if name not in call.attributes:
        raise ModelError(f"{call.kind} has no attribute {name!r}")
    return call.attributes[name]


def single(given: Slots, slot: str) -> Any:  # noqa: ANN401 - a Tensor or None
    """The single tensor of a slot; None if there is none."""
    return given[slot][0] if slot in given else None


def is_int8(call: OperatorCall) -> bool:
    """Whether an int8 kernel runs the operator, by the kernel's name."""
    parts = call.kernel.split("/")
    return len(parts) > 3 and parts[3] == str(_INT8)
