"""Pictures of another size."""

from __future__ import annotations

from edgeslim.targets._law import EVERY_PRECISION, Law, Operator

__all__ = ["LAWS", "SINGLE_ROWS"]


def _is_made_single(operator: Operator) -> bool:
    """Whether one row or column is made of three or more, whose corners are kept."""
    sides = zip(operator.shape()[2:], operator.result()[2:], strict=False)
    return bool(operator.given("align_corners", True)) and any(
        wanted == 1 and extent > 2 for extent, wanted in sides
    )


SINGLE_ROWS = Law(
    name="single-rows",
    operators=("bilinear_interp", "bilinear_interp_v2"),
    condition="align_corners, to one row or column of three or more",
    meets=_is_made_single,
    happens="it writes behind its memory",
    precisions=EVERY_PRECISION,
    rewrite="single-rows",
    form="as products with constant matrices",
    source="lite/backends/arm/math/interpolate.cc (bilinear_interp)",
)

LAWS = (SINGLE_ROWS,)
