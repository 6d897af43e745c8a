"""``scatter`` of rows, by gathering rows of both tensors or by adding.

The kernel of Paddle-Lite 2.13 for arm starts from zeros instead of the tensor; x86 has none.
``scatter_nd_add`` starts from the tensor on both. If indices are computed and may be equal, the
last row wins, for which there is no other form.
"""

from __future__ import annotations

from collections.abc import Sequence

from edgeslim.paddle_io.rewrites._rewrite import RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.indexing import SCATTERED_ROWS

__all__ = ["REWRITE"]


def _scatter(s: Sketch) -> str | None:
    overwrite, rows = bool(s.attribute("overwrite", True)), s.integers(s.source("Ids"))
    if rows is not None and (overwrite or len({*rows}) == len(rows)):
        return _gather_rows(s, rows)
    return None if overwrite else _add_rows(s)


def _gather_rows(s: Sketch, rows: Sequence[int]) -> str:
    count = s.shape(s.x)[0]
    sources = [*range(count)]
    for update, row in enumerate(rows):
        sources[row] = count + update
    return s.select(s.concat([s.x, s.source("Updates")], 0), sources, 0)


def _add_rows(s: Sketch) -> str:
    """Rows are added to the tensor, in which the rows that get some are set to 0 first."""
    count, indices = s.shape(s.x)[0], s.source("Ids")
    column = s.reshape(indices, [s.shape(indices)[0], 1])
    ones = s.constant(1.0, s.shape(column))
    hits = s.write(
        "scatter_nd_add",
        {"X": s.constant(0.0, [count, 1]), "Index": column, "Updates": ones},
        [count, 1],
    )
    is_kept = s.cast(s.compare("less_than", hits, s.constant(0.5)))
    kept = s.binary("mul", s.x, s.reshape(is_kept, [count]), 0)
    return s.write(
        "scatter_nd_add",
        {"X": kept, "Index": column, "Updates": s.source("Updates")},
        s.shape(s.x),
    )


REWRITE = rewrite_by_formula(RewriteStage.OPERATORS, _scatter, SCATTERED_ROWS)
