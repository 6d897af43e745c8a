"""Constants in the list of their type, where Paddle 3 has one list for all types."""

from __future__ import annotations

from collections import Counter
from typing import Any

from edgeslim.paddle_io.proto import add_attribute
from edgeslim.paddle_io.rewrites._rewrite import Draft, Rewrite, Stage

__all__ = ["REWRITE"]

_CONSTANTS = {
    0: ("bool_values", "i"),
    2: ("int32_values", "i"),
    3: ("int64_values", "l"),
    5: ("fp32_values", "r"),
}
"""By Paddle's number of a type, where Paddle-Lite looks for constants, and of what they are."""


def _apply(draft: Draft) -> Counter[str]:
    done: Counter[str] = Counter()
    for block in draft.program.blocks:
        for op in block.ops:
            done += _with_listed_constants(op)
    return done


def _with_listed_constants(op: Any) -> Counter[str]:  # noqa: ANN401
    """Constants in the list of their type, where Paddle 3 has one list for all types."""
    given = {attribute.name: attribute for attribute in op.attrs}
    if op.type != "assign_value" or "values" not in given:
        return Counter()
    name, field = _CONSTANTS.get(given["dtype"].i, ("", ""))
    if not name or name in given:
        return Counter()
    values = tuple(_number(each, field) for each in given["values"].scalars)
    add_attribute(op, name, values, like=(0.0,) if field == "r" else (0,), long=field == "l")
    return Counter({"assign_value: constants listed": 1})


def _number(scalar: Any, field: str) -> int | float:  # noqa: ANN401 - a Scalar
    types = type(scalar)
    number = {types.BOOLEAN: scalar.b, types.LONG: scalar.i}.get(scalar.type, scalar.r)
    return float(number) if field == "r" else int(number)


REWRITE = Rewrite(stage=Stage.FORM, apply=_apply)
