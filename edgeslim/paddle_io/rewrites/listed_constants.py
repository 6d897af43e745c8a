"""Constants in the list of their type, where Paddle 3 has one list for all types."""

from __future__ import annotations

from typing import Any

from edgeslim.paddle_io.program_operators import BlockView
from edgeslim.paddle_io.proto import add_attribute
from edgeslim.paddle_io.rewrites._rewrite import Draft, Rewrite, Stage
from edgeslim.targets.forms import CONSTANT_LISTS, CONSTANTS_OF_ANY_TYPE

__all__ = ["REWRITE"]

_FIELDS = {"bool_values": "i", "int32_values": "i", "int64_values": "l", "fp32_values": "r"}
"""Of what the lists are."""


def _apply(draft: Draft) -> None:
    for block in draft.program.blocks:
        view = BlockView(block)
        for op in block.ops:
            if op.type not in CONSTANTS_OF_ANY_TYPE.operators:
                continue
            operator = view.operator(op)
            attributes = {attr.name: attr for attr in op.attrs}
            if CONSTANTS_OF_ANY_TYPE.is_met_by(operator) and "values" in attributes:
                draft.note(CONSTANTS_OF_ANY_TYPE, operator)
                _list(
                    op, CONSTANT_LISTS[operator.attribute("dtype", 0)], attributes["values"].scalars
                )


def _list(op: Any, name: str, scalars: Any) -> None:  # noqa: ANN401 - an OpDesc and its Scalars
    field = _FIELDS[name]
    values = tuple(_number(each, field) for each in scalars)
    add_attribute(op, name, values, like=(0.0,) if field == "r" else (0,), long=field == "l")


def _number(scalar: Any, field: str) -> int | float:  # noqa: ANN401 - a Scalar
    types = type(scalar)
    number = {types.BOOLEAN: scalar.b, types.LONG: scalar.i}.get(scalar.type, scalar.r)
    return float(number) if field == "r" else int(number)


REWRITE = Rewrite(stage=Stage.FORM, apply=_apply)
