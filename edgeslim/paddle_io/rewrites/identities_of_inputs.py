"""Operators that leave an input as it is, written as copies.

``opt`` takes out a ``scale`` by 1 and a dropout, and calls the input as their result was called
(Paddle-Lite 2.13): whoever feeds the model by names finds none that he knows. Paddle 2 saves
such a ``scale`` before every output, and so behind an input that is one.
"""

from __future__ import annotations

from typing import Any

from edgeslim.paddle_io.block_edits import argument, new_operator, replace_operators
from edgeslim.paddle_io.program_operators import BlockView
from edgeslim.paddle_io.rewrites._rewrite import Draft, Rewrite, Stage
from edgeslim.targets.optimizer import IDENTITIES_OF_INPUTS

__all__ = ["REWRITE"]


def _apply(draft: Draft) -> None:
    for block in draft.program.blocks:
        view = BlockView(block)
        copies = {}
        for place, op in enumerate(block.ops):
            operator = view.operator(op)
            if IDENTITIES_OF_INPUTS.is_met_by(operator):
                draft.note(IDENTITIES_OF_INPUTS, operator)
                copies[place] = [_copy(op)]
        replace_operators(block, copies)


def _copy(op: Any) -> Any:  # noqa: ANN401
    source, result = argument(op.inputs, "X"), argument(op.outputs, "Out")
    return new_operator("assign", {"X": [source]}, {"Out": [result]}, {})


REWRITE = Rewrite(stage=Stage.OPERATORS, apply=_apply)
