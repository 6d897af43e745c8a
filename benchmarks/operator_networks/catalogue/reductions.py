"""Reductions over every set of axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from operator_networks.drawing import Operator
from operator_networks.toolkit import paddle

__all__ = ["OPERATORS"]

Attributes = Mapping[str, Any]

_SHAPES = ((1, 8, 6, 7), (2, 4, 5, 6), (2, 5, 9))
_AXES = (None, 0, 1, 2, -1, [0, 1], [1, 2], [-2, -1], [0, 2], [0, 1, 2], [2, 1])


def _reduced(
    name: str, *, most: int = 8, exact: bool = False, **choices: Sequence[Any]
) -> Operator:
    def build(a: Attributes, _shape: Sequence[int]) -> Any:
        own = dict(a)
        return lambda x: getattr(paddle, name)(x, **own)

    return Operator(
        build=build,
        shapes=_SHAPES,
        choices={"axis": _AXES, "keepdim": (False, True), **choices},
        exact=exact,
        most=most,
    )


def _truth(name: str) -> Operator:
    def build(a: Attributes, _shape: Sequence[int]) -> Any:
        own = dict(a)
        limit = -2.0 if name == "all" else 2.0
        return lambda x: getattr(paddle, name)(x > limit, **own)

    return Operator(
        build=build,
        shapes=_SHAPES,
        choices={"axis": _AXES, "keepdim": (False, True)},
        exact=True,
        whole=True,
        most=3,
    )


def _norm(a: Attributes, _shape: Sequence[int]) -> Any:
    own = dict(a)
    return lambda x: paddle.linalg.norm(x, **own)


def _product(a: Attributes, _shape: Sequence[int]) -> Any:
    own = dict(a)
    return lambda x: paddle.prod(x.clip(-1.5, 1.5), **own)


OPERATORS: dict[str, Operator] = {
    "sum": _reduced("sum"),
    "mean": _reduced("mean"),
    "max": _reduced("max"),
    "min": _reduced("min"),
    "amax": _reduced("amax", most=3),
    "amin": _reduced("amin", most=3),
    "prod": Operator(
        build=_product,
        shapes=_SHAPES,
        choices={"axis": (0, 1, -1, [1, 2]), "keepdim": (False, True)},
        most=4,
    ),
    "logsumexp": _reduced("logsumexp", most=4),
    "std": _reduced("std", unbiased=(True, False), most=4),
    "var": _reduced("var", unbiased=(True, False), most=4),
    "all": _truth("all"),
    "any": _truth("any"),
    "norm": Operator(
        build=_norm,
        shapes=_SHAPES,
        choices={
            "p": (2, 1, 0, 3.0, float("inf"), float("-inf"), "fro"),
            "axis": (-1, 1, [1, 2], None),
            "keepdim": (False, True),
        },
        fits=lambda a, _: a["p"] in {2, "fro"} or isinstance(a["axis"], int),
        most=7,
    ),
    "median": Operator(
        build=lambda a, _: lambda x: paddle.median(x, axis=a["axis"], keepdim=a["keepdim"]),
        shapes=_SHAPES[:1],
        choices={"axis": (1, -1), "keepdim": (False, True)},
        most=1,
    ),
}
