"""Operators replaced by what a table of formulas says."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from edgeslim.paddle_io.block_edits import replace_operators
from edgeslim.paddle_io.program_operators import BlockView
from edgeslim.paddle_io.rewrites._rewrite import Draft
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets import Law, Operator

__all__ = ["Formula", "rewritten"]

Formula = Callable[[Sketch], str | Mapping[str, str] | None]
"""Writes what an operator computes and names it, or by slot; None leaves it as it is."""


def rewritten(formulas: Mapping[str, Formula], *laws: Law) -> Callable[[Draft], None]:
    """What replaces operators that meet one of some laws by the formulas of their kinds.

    Of a law whose condition nobody else can see, the formula sees it.
    """

    def apply(draft: Draft) -> None:
        for block in draft.program.blocks:
            view = BlockView(block)
            met = []
            for place, op in enumerate(block.ops):
                if op.type in formulas:
                    operator = view.operator(op)
                    law = next((each for each in laws if _may_be_met(each, operator)), None)
                    met += [] if law is None else [(place, law, operator)]
            for place, law, operator in reversed(met):
                op = block.ops[place]
                sketch = Sketch(draft, block, op)
                made = formulas[op.type](sketch)
                if made is not None:
                    draft.note(law, operator)
                    replace_operators(block, {place: sketch.finished(made)})

    return apply


def _may_be_met(law: Law, operator: Operator) -> bool:
    return law.is_met_by(operator) or (law.meets is None and operator.kind in law.operators)
