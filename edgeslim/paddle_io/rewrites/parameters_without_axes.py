"""Parameters with one axis instead of parameters without axes.

Paddle-Lite 2.13 takes a tensor without axes for an empty one.
"""

from __future__ import annotations

from edgeslim.paddle_io.block_edits import names_in
from edgeslim.paddle_io.draft import Draft
from edgeslim.paddle_io.parameters import persistent_tensors
from edgeslim.paddle_io.program_operators import BlockView
from edgeslim.paddle_io.rewrites._rewrite import Rewrite, RewriteStage
from edgeslim.targets.forms import PARAMETERS_WITHOUT_AXES

__all__ = ["REWRITE"]


def _apply(draft: Draft) -> None:
    without = {name for name, shape in persistent_tensors(draft.program).items() if not shape}
    if not without:
        return
    for block in draft.program.blocks:
        view = BlockView(block)
        for op in block.ops:
            if without.intersection(names_in(op.inputs)):
                draft.note(PARAMETERS_WITHOUT_AXES, view.operator(op))
    for variable in draft.block.vars:
        if variable.name in without:
            variable.type.dense_tensor.tensor.dims.append(1)
            draft.note_other_description()


REWRITE = Rewrite(stage=RewriteStage.FORM, apply=_apply)
