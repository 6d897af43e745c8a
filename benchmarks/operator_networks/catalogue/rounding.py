"""Functions that jump, where a rounding before them would decide."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from operator_networks.drawing import Operator
from operator_networks.toolkit import F, paddle

__all__ = ["OPERATORS"]

Attributes = Mapping[str, Any]

_SHAPES = ((1, 8, 6, 7), (2, 5, 9))


def _function(
    name: str,
    inside: Callable[[Any], Any] = lambda x: x,
    *,
    whole: bool = False,
    **choices: Sequence[Any],
) -> Operator:
    def build(a: Attributes, _shape: Sequence[int]) -> Any:
        own = dict(a)
        return lambda x: getattr(paddle, name)(inside(x), **own)

    return Operator(build=build, shapes=_SHAPES, choices=choices, exact=True, whole=whole, most=2)


def _compared(name: str) -> Operator:
    def build(a: Attributes, _shape: Sequence[int]) -> Any:
        if a["with"] == "number":
            return lambda x: getattr(paddle, name)(x, paddle.full([1], 0.5))
        return lambda x: getattr(paddle, name)(x, x.flip([-1]))

    return Operator(
        build=build,
        shapes=_SHAPES,
        choices={"with": ("number", "tensor")},
        exact=True,
        whole=True,
        most=2,
    )


def _logical(name: str) -> Operator:
    def build(_a: Attributes, _shape: Sequence[int]) -> Any:
        if name == "logical_not":
            return lambda x: paddle.logical_not(x > 0.0)
        low, high = (-0.5, 0.5) if name == "logical_and" else (0.25, -0.25)
        return lambda x: getattr(paddle, name)(x > low, x < high)

    return Operator(build=build, shapes=_SHAPES, exact=True, whole=True, most=1)


def _cast(a: Attributes, _shape: Sequence[int]) -> Any:
    return lambda x: x.clip(-100.0, 100.0).astype(a["dtype"]).astype(a["back"])


def _where(a: Attributes, _shape: Sequence[int]) -> Any:
    if a["other"] == "number":
        return lambda x: paddle.where(x > 0.25, x, paddle.full_like(x, -1.5))
    return lambda x: paddle.where(x > 0.25, x * 2.0, x.flip([-1]))


def _masked(a: Attributes, _shape: Sequence[int]) -> Any:
    return lambda x: paddle.masked_fill(x, x > 0.25, a["value"])


def _close(a: Attributes, _shape: Sequence[int]) -> Any:
    return lambda x: paddle.isclose(x, x.flip([-1]), rtol=a["rtol"], atol=a["atol"])


OPERATORS: dict[str, Operator] = {
    "floor": _function("floor"),
    "ceil": _function("ceil"),
    "round": _function("round"),
    "trunc": _function("trunc"),
    "frac": _function("frac"),
    "sign": _function("sign"),
    "isnan": _function("isnan", lambda x: paddle.log(x), whole=True),
    "isfinite": _function("isfinite", lambda x: paddle.log(x), whole=True),
    "isinf": _function("isinf", lambda x: paddle.log(F.relu(x)), whole=True),
    "equal": _compared("equal"),
    "not_equal": _compared("not_equal"),
    "less_than": _compared("less_than"),
    "less_equal": _compared("less_equal"),
    "greater_than": _compared("greater_than"),
    "greater_equal": _compared("greater_equal"),
    "logical_and": _logical("logical_and"),
    "logical_or": _logical("logical_or"),
    "logical_xor": _logical("logical_xor"),
    "logical_not": _logical("logical_not"),
    "isclose": Operator(
        build=_close,
        shapes=_SHAPES,
        choices={"rtol": (1e-5, 0.1), "atol": (1e-8, 0.5)},
        exact=True,
        whole=True,
        most=2,
    ),
    "cast": Operator(
        build=_cast,
        shapes=_SHAPES,
        choices={
            "dtype": ("int32", "int64", "bool", "float32", "float64"),
            "back": ("float32", "float32", "int64"),
        },
        exact=True,
        most=5,
        whole=True,
    ),
    "where": Operator(
        build=_where, shapes=_SHAPES, choices={"other": ("number", "tensor")}, exact=True
    ),
    "masked_fill": Operator(
        build=_masked, shapes=_SHAPES, choices={"value": (0.0, -1e9)}, exact=True, most=2
    ),
}
