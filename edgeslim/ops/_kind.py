"""What edgeslim has to know of a kind of operator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from edgeslim.ops._channel_flow import ChannelRule
from edgeslim.ops._channel_rules import keep_all
from edgeslim.ops._channel_sizes import SizeRule, keep_attributes
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


def _no_macs(_: OpSpec) -> int:
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


def _float32(_: OpSpec) -> str:
    return "float32"


def _keep_attributes(attributes: Attributes, _inputs: Shapes, _weights: Shapes) -> Attributes:
    return attributes


@dataclass(frozen=True, kw_only=True, slots=True)
class OperatorKind:
    """One kind of operator: its Paddle description and its cost.

    Args:
        kind: Name of the operator in Paddle.
        slots: Input slots that matter, activations and weights alike.
        outputs: Output slots that matter.
        scratch: Output slots that Paddle-Lite insists on and nothing reads.
        attributes: Significant attributes with the value they have when absent. The type
            of the value is the type in the description.
        required_attributes: Attributes that a written description must have though they never
            differ, with their values.
        long_attributes: Attributes that are 64 bits wide in the description.
        placeholder_attributes: Attributes that a written description must have and that do not
            affect the time.
        normal_form: Makes attributes of one meaning equal.
        element_type: Type of the elements of activations read, as NumPy calls it.
        constants: Slots that are read for whole numbers, with the value that all of them
            have in a model of the operator alone.
        positive: Whether it is defined for positive numbers only.
        is_identity: Whether the optimizer removes it where nothing else reads its input.
        row_limit: Attribute that holds the most rows that may come out, where their number is
            known only when it runs.
        channels: How channels pass through; by default nothing that it reads can be pruned.
        changed_attributes: Attributes that change with the channels, with their new values.
        macs: Counts the multiply-accumulate operations.
        paddleslim1_flops: What the counter of PaddleSlim 1.x says, its mistakes included:
            the published numbers were made with it.
    """

    kind: str
    slots: tuple[str, ...] = ("X",)
    outputs: tuple[str, ...] = ("Out",)
    scratch: tuple[str, ...] = ()
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    required_attributes: Mapping[str, Attribute] = field(default_factory=dict)
    long_attributes: frozenset[str] = frozenset()
    placeholder_attributes: Callable[[OpSpec], Mapping[str, Attribute]] = _no_attributes
    normal_form: Callable[[Attributes, Shapes, Shapes], Attributes] = _keep_attributes
    element_type: Callable[[OpSpec], str] = _float32
    constants: Mapping[str, int] = field(default_factory=dict)
    positive: bool = False
    is_identity: Callable[[OpSpec], bool] = _never
    row_limit: str = ""
    channels: ChannelRule = keep_all
    changed_attributes: SizeRule = keep_attributes
    macs: Callable[[OpSpec], int] = _no_macs
    paddleslim1_flops: FlopsCounter = _no_flops


def elements(spec: OpSpec, *, whole_numbers: bool = True) -> int:  # noqa: ARG001 - a counter
    """Number of elements of the first output, for one image."""
    count = 1
    for extent in spec.output_shape[1:]:
        count *= extent
    return count
