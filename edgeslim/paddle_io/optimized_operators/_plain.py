"""Operators that are the same in Paddle, run there by what runs any program's operators."""

from __future__ import annotations

from typing import Any

from edgeslim.errors import ModelError
from edgeslim.optimized_program import OperatorCall
from edgeslim.paddle_io.eager_operators import EagerOperator
from edgeslim.paddle_io.optimized_operators._meaning import Meaning
from edgeslim.paddle_io.proto import add_attribute, framework

__all__ = ["plain_operator"]

_OTHERS_IN_IT = ("with_act", "act_type", "activation_type", "fuse_scale", "fuse_greater_than")
"""Attributes that say there is more in an operator than its name does."""

_SMALL = 1 << 31


def plain_operator(call: OperatorCall) -> Meaning:
    """The same operator in Paddle.

    Raises:
        ModelError: Paddle has it not, or there is another one in it.
    """
    for name in _OTHERS_IN_IT:
        if call.attributes.get(name):
            raise ModelError(f"{call.kind} has {name} {call.attributes[name]!r} in it")
    return EagerOperator(_described(call))


def _described(call: OperatorCall) -> Any:  # noqa: ANN401 - an OpDesc
    described = framework().OpDesc(type=call.kind)
    for slots, named in ((described.inputs, call.inputs), (described.outputs, call.outputs)):
        for slot, names in named.items():
            slots.add(parameter=slot, arguments=names)
    for name, value in call.attributes.items():
        if value is not None and not _is_texts(value):
            add_attribute(described, name, value, long=_is_long(value))
    return described


def _is_texts(value: Any) -> bool:  # noqa: ANN401
    return isinstance(value, tuple) and any(isinstance(each, str) for each in value)


def _is_long(value: Any) -> bool:  # noqa: ANN401
    numbers = value if isinstance(value, tuple) else (value,)
    return any(isinstance(each, int) and not -_SMALL <= each < _SMALL for each in numbers)
