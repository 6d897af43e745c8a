"""Rows put into a tensor, chosen from both or added.

The kernel of Paddle-Lite 2.13 for arm begins with noughts and not with the tensor; x86 has none.
That for adding to places begins with the tensor on both. Of rows that are computed and may be the
same, the last stays, which has no other form.
"""

from __future__ import annotations

from collections.abc import Sequence

from edgeslim.paddle_io.rewrites._rewrite import RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.indexing import SCATTERED_ROWS

__all__ = ["REWRITE"]


def _scattered(s: Sketch) -> str | None:
    overwrite, rows = bool(s.attribute("overwrite", True)), s.integers(s.source("Ids"))
    if rows is not None and (overwrite or len({*rows}) == len(rows)):
        return _chosen(s, rows)
    return None if overwrite else _added(s)


def _chosen(s: Sketch, rows: Sequence[int]) -> str:
    count = s.shape(s.x)[0]
    places = [*range(count)]
    for place, row in enumerate(rows):
        places[row] = count + place
    return s.select(s.concat([s.x, s.source("Updates")], 0), places, 0)


def _added(s: Sketch) -> str:
    """To what is left when the rows that something is added to are 0."""
    count, places = s.shape(s.x)[0], s.source("Ids")
    column = s.reshape(places, [s.shape(places)[0], 1])
    ones = s.constant(1.0, s.shape(column))
    met = s.write(
        "scatter_nd_add",
        {"X": s.constant(0.0, [count, 1]), "Index": column, "Updates": ones},
        [count, 1],
    )
    left = s.cast(s.compare("less_than", met, s.constant(0.5)))
    kept = s.binary("mul", s.x, s.reshape(left, [count]), 0)
    return s.write(
        "scatter_nd_add",
        {"X": kept, "Index": column, "Updates": s.source("Updates")},
        s.shape(s.x),
    )


REWRITE = rewrite_by_formula(RewriteStage.OPERATORS, _scattered, SCATTERED_ROWS)
