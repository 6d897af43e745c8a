"""Resizing of images."""

from __future__ import annotations

from collections.abc import Sequence

from edgeslim.targets._law import EVERY_PRECISION, EVERYWHERE, Kernels, Law, Operator

__all__ = ["BROKEN_FACTORS", "LAWS", "RESIZED_VOLUMES", "SINGLE_ROWS", "factors_of"]


def _is_made_single(operator: Operator) -> bool:
    """Whether more rows or columns become one than the kernel reads as Paddle does."""
    sides = zip(operator.shape()[2:], operator.result()[2:], strict=False)
    corners = bool(operator.attribute("align_corners", True))
    if not corners and int(operator.attribute("align_mode", 1)) == 1:
        return False
    largest = 2 if corners else 1
    return any(wanted == 1 and extent > largest for extent, wanted in sides)


def _says_its_size(operator: Operator) -> bool:
    """Whether the result's size does not depend on a tensor."""
    tensors = {"OutSize", "SizeTensor", "Scale"} & operator.inputs.keys()
    return not tensors and len(operator.shape()) == len(operator.result())


def factors_of(scale: float | Sequence[float] | None, count: int) -> tuple[float, ...]:
    """The scale factors of the axes behind the channels; 0 where only sizes are given.

    Args:
        scale: The attribute's value: none, one number for all axes, or one for each axis.
        count: Number of axes behind the channels.
    """
    factors = tuple(scale) if isinstance(scale, Sequence) else (scale or 0.0,)
    return tuple(map(float, (factors or (0.0,)) * count))[:count]


def _has_broken_factors(operator: Operator) -> bool:
    factors = factors_of(operator.attribute("scale", ()), len(operator.shape()) - 2)
    if (
        not _says_its_size(operator)
        or not all(factors)
        or operator.attribute("align_corners", True)
    ):
        return False
    sides = zip(operator.shape()[2:], operator.result()[2:], factors, strict=True)
    return any(abs(extent * factor - wanted) > 1e-3 for extent, wanted, factor in sides)


SINGLE_ROWS = Law(
    name="single-rows",
    operators=("bilinear_interp", "bilinear_interp_v2"),
    condition="to one row or column, from three or more with align_corners, from two or more by "
    "the centres of pixels",
    meets=_is_made_single,
    happens="with align_corners it writes beyond its memory; else the centre is read, where Paddle "
    "reads the first pixel",
    precisions=EVERY_PRECISION,
    rewrite="single-rows",
    form="as products with constant matrices",
    source="lite/backends/arm/math/interpolate.cc (bilinear_interp)",
)

RESIZED_VOLUMES = Law(
    name="resized-volumes",
    operators=("bilinear_interp_v2", "nearest_interp_v2"),
    condition="of volumes",
    meets=lambda operator: _says_its_size(operator) and len(operator.shape()) == 5,
    happens="they are read as images",
    kernels=EVERYWHERE,
    precisions=EVERY_PRECISION,
    rewrite="absent-resizing",
    form="as products with constant matrices",
    source="lite/operators/interpolate_v2_op.cc",
)

BROKEN_FACTORS = Law(
    name="broken-factors",
    operators=("bilinear_interp_v2",),
    condition="by factors that give no whole size, without align_corners",
    meets=_has_broken_factors,
    happens="the sizes decide which pixels are read, where in Paddle the factors do",
    kernels=frozenset({Kernels.X86}),
    precisions=EVERY_PRECISION,
    rewrite="absent-resizing",
    form="as products with constant matrices",
    source="lite/backends/x86/math/interpolate.cc",
)

LAWS = (SINGLE_ROWS, RESIZED_VOLUMES, BROKEN_FACTORS)
