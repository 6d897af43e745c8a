"""Scattering by indices."""

from __future__ import annotations

from edgeslim.targets._law import EVERY_PRECISION, Law, is_any

__all__ = ["LAWS", "SCATTERED_ROWS"]


SCATTERED_ROWS = Law(
    name="scattered-rows",
    operators=("scatter",),
    condition="always",
    meets=is_any,
    happens="all rows that are not replaced become 0",
    precisions=EVERY_PRECISION,
    rewrite="scattered-rows",
    form="as rows that are gathered or added",
    mend="with overwrite=True its indices must be constants; otherwise use scatter_nd_add, or "
    "paddle.where",
    source="lite/backends/arm/math/scatter.h",
)

LAWS = (SCATTERED_ROWS,)
