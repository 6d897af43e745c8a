"""What edgeslim has to know of a kind of operator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from edgeslim.ops._channel_flow import ChannelRule
from edgeslim.ops._channel_rules import blocked
from edgeslim.ops._channel_sizes import SizeRule, same
from edgeslim.opspec import Attribute, Attributes, OpSpec, Shapes

__all__ = ["ELEMENT_NUMBERS", "ELEMENT_TYPES", "FlopsCounter", "OperatorKind", "elements"]

ELEMENT_NUMBERS: Mapping[str, int] = {
    "bool": 0,
    "int16": 1,
    "int32": 2,
    "int64": 3,
    "float16": 4,
    "float32": 5,
    "float64": 6,
    "uint8": 20,
    "int8": 21,
    "bfloat16": 22,
}
"""Paddle's ``VarType.Type`` of elements, by NumPy's names; it has all but the last."""

ELEMENT_TYPES: Mapping[Attribute, str] = {number: name for name, number in ELEMENT_NUMBERS.items()}
"""The names by their numbers."""


def _nothing(_: OpSpec) -> int:
    return 0


class FlopsCounter(Protocol):
    """A rule of PaddleSlim 1.x's counter; see `edgeslim.ops.paddleslim1_flops`."""

    def __call__(self, spec: OpSpec, *, whole_numbers: bool) -> float:
        """The count for one operator and one image."""


def _no_flops(spec: OpSpec, *, whole_numbers: bool) -> float:  # noqa: ARG001
    return 0


def _no_attributes(_: OpSpec) -> Mapping[str, Attribute]:
    return {}


def _never(_: OpSpec) -> bool:
    return False


def _floats(_: OpSpec) -> str:
    return "float32"


def _unchanged(attributes: Attributes, _inputs: Shapes, _weights: Shapes) -> Attributes:
    return attributes


@dataclass(frozen=True, kw_only=True, slots=True)
class OperatorKind:
    """One kind of operator: its Paddle description and its cost.

    Args:
        kind: Name in Paddle.
        slots: Input slots that matter, activations and weights alike.
        outputs: Output slots that matter.
        scratch: Output slots that Paddle-Lite insists on and nothing reads.
        attributes: Significant attributes with the value they have when absent. The type
            of the value is the type in the description.
        written: Attributes that must be in a written description though they never differ.
        long_attributes: Attributes that are 64 bits wide in the description.
        filled: Attributes that a written description needs and that say nothing of the time.
        normal: Brings attributes to one form for one meaning.
        element_type: Type of the elements of activations read, as NumPy calls it.
        constants: Slots that are read for whole numbers, with the value that all of them
            have in a model of the operator alone.
        positive: Whether it is defined for positive numbers only.
        vanishes: Whether the optimizer takes it out where nothing else reads its input.
        most_rows: Attribute that says how many rows may come out, where how many do is
            known only when it runs.
        channels: How channels pass through; where nobody has said, all that it reads stays.
        resized: Attributes that change with the channels.
        macs: Multiply-accumulate operations.
        paddleslim1_flops: What the counter of PaddleSlim 1.x says, its mistakes included:
            the published numbers were made with it.
    """

    kind: str
    slots: tuple[str, ...] = ("X",)
    outputs: tuple[str, ...] = ("Out",)
    scratch: tuple[str, ...] = ()
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    written: Mapping[str, Attribute] = field(default_factory=dict)
    long_attributes: frozenset[str] = frozenset()
    filled: Callable[[OpSpec], Mapping[str, Attribute]] = _no_attributes
    normal: Callable[[Attributes, Shapes, Shapes], Attributes] = _unchanged
    element_type: Callable[[OpSpec], str] = _floats
    constants: Mapping[str, int] = field(default_factory=dict)
    positive: bool = False
    vanishes: Callable[[OpSpec], bool] = _never
    most_rows: str = ""
    channels: ChannelRule = blocked
    resized: SizeRule = same
    macs: Callable[[OpSpec], int] = _nothing
    paddleslim1_flops: FlopsCounter = _no_flops


def elements(spec: OpSpec, *, whole_numbers: bool = True) -> int:  # noqa: ARG001 - a counter
    """Number of elements of the first output, for one image."""
    count = 1
    for extent in spec.output_shape[1:]:
        count *= extent
    return count
