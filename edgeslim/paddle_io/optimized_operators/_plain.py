"""Operators with the same meaning in Paddle, run by `eager_operators`."""

from __future__ import annotations

from typing import Any

from edgeslim.errors import ModelError
from edgeslim.optimized_program import OperatorCall
from edgeslim.paddle_io.block_edits import new_operator
from edgeslim.paddle_io.eager_operators import EagerOperator
from edgeslim.paddle_io.optimized_operators._meaning import Meaning
from edgeslim.paddle_io.proto import add_attribute

__all__ = ["plain_operator"]

_FUSION_MARKS = ("with_act", "act_type", "activation_type", "fuse_scale", "fuse_greater_than")
"""Attributes that mark another operator fused into one."""

_LONG = 1 << 31
"""Magnitude from which a number needs 64 bits."""


def plain_operator(call: OperatorCall) -> Meaning:
    """The meaning of the same operator in Paddle.

    Raises:
        ModelError: Paddle does not have it, or another operator is fused into it.
    """
    for name in _FUSION_MARKS:
        if call.attributes.get(name):
            raise ModelError(f"{call.kind} has a fused {name} {call.attributes[name]!r}")
    return EagerOperator(_describe(call))


def _describe(call: OperatorCall) -> Any:  # noqa: ANN401 - an OpDesc
    op = new_operator(call.kind, call.inputs, call.outputs, {})
    for name, value in call.attributes.items():
        if value is not None and not _is_texts(value):
            add_attribute(op, name, value, long=_is_long(value))
    return op


def _is_texts(value: Any) -> bool:  # noqa: ANN401
    return isinstance(value, tuple) and any(isinstance(item, str) for item in value)


def _is_long(value: Any) -> bool:  # noqa: ANN401
    numbers = value if isinstance(value, tuple) else (value,)
    return any(isinstance(number, int) and not -_LONG <= number < _LONG for number in numbers)
