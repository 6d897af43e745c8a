"""Functions of two values, in every form of broadcasting, the constant on either side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from operator_networks.drawing import Operator
from operator_networks.toolkit import F, paddle, weighted

__all__ = ["OPERATORS"]

Attributes = Mapping[str, Any]

_SHAPES = ((1, 8, 6, 7), (2, 8, 5, 5), (2, 6, 9), (3, 12))
_PARAMETERS = {
    "full parameter": lambda shape: tuple(shape),
    "parameter of rows": lambda shape: (1, *shape[1:]),
    "parameter of channels": lambda shape: (1, shape[1], *(1 for _ in shape[2:])),
    "parameter of columns": lambda shape: (shape[-1],),
    "parameter of one": lambda _: (1,),
    "parameter of an axis more": lambda shape: (2, *(1 for _ in shape)),
}
_BRANCHES: dict[str, Callable[[Any], Any]] = {
    "number": lambda _: 0.75,
    "negative number": lambda _: -2.0,
    "whole number": lambda _: 2,
    "other branch": lambda x: F.relu(x) + 0.25,
    "mean of columns": lambda x: x.mean(-1, keepdim=True),
    "largest of channels": lambda x: x.max(1, keepdim=True),
    "itself": lambda x: x,
}
OTHERS = (*_PARAMETERS, *_BRANCHES)


def _binary(
    compute: Callable[[Any, Any], Any],
    others: Sequence[str] = OTHERS,
    *,
    positive: bool = False,
    exact: bool = False,
    most: int = 13,
) -> Operator:
    """An operator of two values, one of them from the list."""

    def build(a: Attributes, shape: Sequence[int]) -> Any:
        def both(x: Any, other: Any) -> Any:
            left = x.abs() + 0.25 if positive else x
            return compute(left, other) if a["side"] == "right" else compute(other, left)

        name = a["other"]
        if name in _PARAMETERS:
            return weighted(_PARAMETERS[name](shape), both, 0.5)
        return lambda x: both(x, _BRANCHES[name](x))

    return Operator(
        build=build,
        shapes=_SHAPES,
        choices={"other": others, "side": ("right", "left")},
        fits=lambda a, shape: a["other"] != "parameter of an axis more" or len(shape) < 4,
        exact=exact,
        most=most,
    )


_DIVISORS = tuple(
    each for each in OTHERS if each not in {"itself", "mean of columns", "largest of channels"}
)
_TENSORS = tuple(each for each in OTHERS if "number" not in each)


def _safe_divide(a: Any, b: Any) -> Any:
    return a / b


def _addition_of_three(_a: Attributes, shape: Sequence[int]) -> Any:
    return weighted(tuple(shape), lambda x, w: paddle.add_n([x, w, F.relu(x)]))


def _lerp(a: Attributes, shape: Sequence[int]) -> Any:
    return weighted(tuple(shape), lambda x, w: paddle.lerp(x, w, a["weight"]))


OPERATORS: dict[str, Operator] = {
    "add": _binary(lambda x, y: x + y),
    "subtract": _binary(lambda x, y: x - y, OTHERS[:-1]),
    "multiply": _binary(lambda x, y: x * y),
    "divide": _binary(_safe_divide, _DIVISORS, positive=True, most=10),
    "pow": _binary(
        lambda x, y: x**y,
        ("number", "negative number", "whole number", "parameter of one", "full parameter"),
        positive=True,
        most=5,
    ),
    "maximum": _binary(lambda x, y: paddle.maximum(x, y), _TENSORS, most=5),
    "minimum": _binary(lambda x, y: paddle.minimum(x, y), _TENSORS, most=5),
    "fmax": _binary(lambda x, y: paddle.fmax(x, y), _TENSORS, most=2),
    "fmin": _binary(lambda x, y: paddle.fmin(x, y), _TENSORS, most=2),
    "remainder": _binary(
        lambda x, y: x % y,
        ("number", "negative number", "whole number", "parameter of one", "full parameter"),
        exact=True,
        most=5,
    ),
    "floor_divide": _binary(
        lambda x, y: x // y,
        ("number", "negative number", "whole number", "parameter of one", "full parameter"),
        exact=True,
        most=5,
    ),
    "atan2": _binary(lambda x, y: paddle.atan2(x, y), ("full parameter",), exact=True, most=1),
    "add_n": Operator(build=_addition_of_three, shapes=_SHAPES[:2], most=2),
    "lerp": Operator(build=_lerp, shapes=_SHAPES[:2], choices={"weight": (0.3,)}, most=1),
    "heaviside": _binary(
        lambda x, y: paddle.heaviside(x, y), ("full parameter",), exact=True, most=1
    ),
}
