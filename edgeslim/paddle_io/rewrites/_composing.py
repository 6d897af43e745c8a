"""Operators replaced by what a table of formulas says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from edgeslim.paddle_io.block_edits import replace_operators
from edgeslim.paddle_io.rewrites._rewrite import Draft
from edgeslim.paddle_io.sketch import Sketch

__all__ = ["Formula", "composed"]

Formula = Callable[[Sketch], str | Mapping[str, str] | None]
"""Writes what an operator computes and names it, or by slot; None leaves it as it is."""


def composed(formulas: Mapping[str, Formula]) -> Callable[[Draft], Counter[str]]:
    """What replaces operators by their formulas, in all blocks."""

    def apply(draft: Draft) -> Counter[str]:
        done: Counter[str] = Counter()
        for block in draft.program.blocks:
            for place in reversed(range(len(block.ops))):
                op = block.ops[place]
                if op.type not in formulas:
                    continue
                kind = op.type
                sketch = Sketch(draft, block, op)
                made = formulas[kind](sketch)
                if made is None:
                    continue
                replace_operators(block, {place: sketch.finished(made)})
                done[f"{kind} written with operators that Paddle-Lite has"] += 1
        return done

    return apply
