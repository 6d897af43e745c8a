"""Pooling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from operator_networks.drawing import Operator
from operator_networks.toolkit import F

__all__ = ["OPERATORS"]

Attributes = Mapping[str, Any]

_SHAPES = ((1, 8, 12, 12), (1, 8, 13, 9), (2, 8, 7, 10))
_PADDINGS = (0, 1, [1, 0], [1, 0, 0, 1], [[0, 0], [0, 0], [1, 1], [0, 1]], "SAME", "VALID")


def _fits(a: Attributes, _shape: Sequence[int]) -> bool:
    padding, window = a["padding"], a["kernel"]
    if isinstance(padding, str):
        return not (padding == "VALID" and a["ceil_mode"])
    least = min(window) if isinstance(window, list) else window
    flat = [padding] if isinstance(padding, int) else padding
    largest = max(max(each) if isinstance(each, list) else each for each in flat)
    return largest * 2 <= least


def _max(a: Attributes, _shape: Sequence[int]) -> Any:
    return lambda x: F.max_pool2d(
        x, a["kernel"], a["stride"], a["padding"], ceil_mode=a["ceil_mode"]
    )


def _average(a: Attributes, _shape: Sequence[int]) -> Any:
    return lambda x: F.avg_pool2d(
        x,
        a["kernel"],
        a["stride"],
        a["padding"],
        ceil_mode=a["ceil_mode"],
        exclusive=a["exclusive"],
        divisor_override=a["divisor_override"],
    )


def _of(name: str, *given: str) -> Any:
    """A function of ``paddle.nn.functional`` with attributes by name."""

    def build(a: Attributes, _shape: Sequence[int]) -> Any:
        own = {each: a[each] for each in given}
        return lambda x: getattr(F, name)(x, **own)

    return build


def _whole(a: Attributes, shape: Sequence[int]) -> Any:
    window = list(shape[2:])
    return lambda x: F.avg_pool2d(x, window) if a["average"] else F.max_pool2d(x, window)


_WINDOWS = {
    "kernel": (2, 3, [3, 2], 5),
    "stride": (1, 2, [2, 1], 3, None),
    "padding": _PADDINGS,
    "ceil_mode": (False, True),
}
_SIZES = (1, 2, 3, [3, 4], [None, 4], [2, None])

OPERATORS: dict[str, Operator] = {
    "max_pool2d": Operator(build=_max, shapes=_SHAPES, choices=_WINDOWS, fits=_fits, most=10),
    "max_pool2d, return_mask": Operator(
        build=_of("max_pool2d", "kernel_size", "stride", "padding", "return_mask"),
        shapes=_SHAPES[:2],
        choices={
            "kernel_size": (2, 3),
            "stride": (1, 2),
            "padding": (0, 1),
            "return_mask": (True,),
        },
    ),
    "avg_pool2d": Operator(
        build=_average,
        shapes=_SHAPES,
        choices={**_WINDOWS, "exclusive": (True, False), "divisor_override": (None, None, None, 5)},
        fits=_fits,
        most=12,
    ),
    "pool2d over all": Operator(build=_whole, shapes=_SHAPES, choices={"average": (True, False)}),
    "adaptive_avg_pool2d": Operator(
        build=_of("adaptive_avg_pool2d", "output_size"),
        shapes=_SHAPES,
        choices={"output_size": _SIZES},
    ),
    "adaptive_max_pool2d": Operator(
        build=_of("adaptive_max_pool2d", "output_size"),
        shapes=_SHAPES,
        choices={"output_size": _SIZES},
    ),
    "max_pool1d": Operator(
        build=_of("max_pool1d", "kernel_size", "stride", "padding", "ceil_mode"),
        shapes=((1, 8, 16), (2, 4, 11)),
        choices={
            "kernel_size": (2, 3),
            "stride": (1, 2),
            "padding": (0, 1, "SAME"),
            "ceil_mode": (False, True),
        },
    ),
    "avg_pool1d": Operator(
        build=_of("avg_pool1d", "kernel_size", "stride", "padding", "exclusive", "ceil_mode"),
        shapes=((1, 8, 16), (2, 4, 11)),
        choices={
            "kernel_size": (2, 3),
            "stride": (1, 2),
            "padding": (0, 1),
            "exclusive": (True, False),
            "ceil_mode": (False, True),
        },
    ),
    "adaptive_avg_pool1d": Operator(
        build=_of("adaptive_avg_pool1d", "output_size"),
        shapes=((1, 8, 16), (2, 4, 11)),
        choices={"output_size": (1, 3, 4)},
    ),
    "lp_pool2d": Operator(
        build=_of("lp_pool2d", "norm_type", "kernel_size", "stride"),
        shapes=_SHAPES[:1],
        choices={"norm_type": (2.0, 3.0), "kernel_size": (2, 3), "stride": (1, 2)},
    ),
    "avg_pool3d": Operator(
        build=_of("avg_pool3d", "kernel_size", "stride"),
        shapes=((1, 4, 6, 6, 8),),
        choices={"kernel_size": (2,), "stride": (1, 2)},
        most=2,
    ),
}
