"""Operators replaced by what a table of formulas says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from edgeslim.paddle_io.block_edits import replace_operators
from edgeslim.paddle_io.program_operators import BlockView
from edgeslim.paddle_io.rewrites._rewrite import Draft
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets import Law

__all__ = ["Formula", "composed", "rewritten"]

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


def rewritten(formulas: Mapping[str, Formula], *laws: Law) -> Callable[[Draft], None]:
    """What replaces operators that meet one of some laws by the formulas of their kinds."""

    def apply(draft: Draft) -> None:
        for block in draft.program.blocks:
            view = BlockView(block)
            met = []
            for place, op in enumerate(block.ops):
                if op.type in formulas:
                    operator = view.operator(op)
                    law = next((each for each in laws if each.is_met_by(operator)), None)
                    met += [] if law is None else [(place, law, operator)]
            for place, law, operator in reversed(met):
                op = block.ops[place]
                sketch = Sketch(draft, block, op)
                made = formulas[op.type](sketch)
                if made is not None:
                    draft.note(law, operator)
                    replace_operators(block, {place: sketch.finished(made)})

    return apply
