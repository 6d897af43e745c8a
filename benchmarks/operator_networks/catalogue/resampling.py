"""Resizing and sampling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from operator_networks.drawing import Operator
from operator_networks.toolkit import F, nn, paddle

__all__ = ["OPERATORS"]

Attributes = Mapping[str, Any]

_SHAPES = ((1, 8, 6, 7), (2, 4, 10, 10))


def _resized(a: Attributes, _shape: Sequence[int]) -> Any:
    to = a["to"]
    how = {"size": to} if isinstance(to, list) and isinstance(to[0], int) else {"scale_factor": to}
    own = {name: a[name] for name in ("mode", "align_corners", "align_mode") if name in a}
    return lambda x: F.interpolate(x, **how, **own)


def _line(a: Attributes, _shape: Sequence[int]) -> Any:
    how = {"size": a["to"]} if isinstance(a["to"], list) else {"scale_factor": a["to"]}
    own = {"mode": a["mode"], "align_corners": a.get("align_corners", False)}
    return lambda x: F.interpolate(x, data_format="NCW", **how, **own)


def _volume(a: Attributes, _shape: Sequence[int]) -> Any:
    return lambda x: F.interpolate(x, scale_factor=2, mode=a["mode"], data_format="NCDHW")


def _as_another(a: Attributes, _shape: Sequence[int]) -> Any:
    return lambda x: F.interpolate(F.max_pool2d(x, 2), size=paddle.shape(x)[2:], mode=a["mode"]) + x


def _sampled(a: Attributes, _shape: Sequence[int]) -> Any:
    own = {name: a[name] for name in ("mode", "padding_mode", "align_corners")}

    def compute(x: Any) -> Any:
        grid = F.tanh(x[:, :2]).transpose([0, 2, 3, 1]) * 1.2
        return F.grid_sample(x, grid, **own)

    return compute


def _affine(a: Attributes, shape: Sequence[int]) -> Any:
    def compute(x: Any) -> Any:
        theta = F.tanh(x.mean([2, 3])[:, :6]).reshape([-1, 2, 3])
        return F.affine_grid(theta, [shape[0], 3, 5, 6], align_corners=a["align_corners"])

    return compute


def _upsample(a: Attributes, _shape: Sequence[int]) -> Any:
    kind = nn.UpsamplingNearest2D if a["nearest"] else nn.UpsamplingBilinear2D
    return kind(scale_factor=2) if a["by_scale"] else kind(size=[13, 15])


_TO = (2, [12, 14], [9, 5], [1.5, 2.0], 0.5, 1.3, 3)

OPERATORS: dict[str, Operator] = {
    "interpolate, nearest": Operator(
        build=_resized,
        shapes=_SHAPES,
        choices={"mode": ("nearest",), "to": (*_TO, 0.7), "align_mode": (0, 1)},
    ),
    "interpolate, bilinear": Operator(
        build=_resized,
        shapes=_SHAPES,
        choices={
            "mode": ("bilinear",),
            "to": _TO,
            "align_corners": (False, True),
            "align_mode": (0, 1),
        },
        fits=lambda a, _: not (a["align_corners"] and a["align_mode"]),
        most=10,
    ),
    "interpolate, bicubic": Operator(
        build=_resized,
        shapes=_SHAPES,
        choices={"mode": ("bicubic",), "to": (2, [9, 5]), "align_corners": (False, True)},
        most=3,
    ),
    "interpolate, area": Operator(
        build=_resized, shapes=_SHAPES, choices={"mode": ("area",), "to": ([3, 5], [4, 4])}, most=2
    ),
    "interpolate of a line": Operator(
        build=_line,
        shapes=((1, 8, 9),),
        choices={"mode": ("linear",), "to": (2, [12]), "align_corners": (False, True)},
        most=4,
    ),
    "interpolate of a volume": Operator(
        build=_volume,
        shapes=((1, 2, 3, 4, 5),),
        choices={"mode": ("trilinear", "nearest")},
        most=2,
    ),
    "interpolate to another's size": Operator(
        build=_as_another, shapes=_SHAPES, choices={"mode": ("nearest", "bilinear")}, most=2
    ),
    "upsample": Operator(
        build=_upsample,
        shapes=_SHAPES[:1],
        choices={"nearest": (True, False), "by_scale": (True, False)},
        most=4,
    ),
    "grid_sample": Operator(
        build=_sampled,
        shapes=_SHAPES,
        choices={
            "mode": ("bilinear", "nearest"),
            "padding_mode": ("zeros", "border", "reflection"),
            "align_corners": (True, False),
        },
        exact=True,
        most=6,
    ),
    "affine_grid": Operator(
        build=_affine,
        shapes=((1, 8, 6, 7),),
        choices={"align_corners": (True, False)},
        most=2,
    ),
}
