"""Axes in 32 bits where Paddle-Lite reads those, and float32 for float64.

Paddle-Lite has no float64 kernels and aborts on the device when it comes to one; what a program
computes in between in float64 is computed in float32.
"""

from __future__ import annotations

from edgeslim.paddle_io.block_edits import names_in, narrow_attribute
from edgeslim.paddle_io.draft import Draft
from edgeslim.paddle_io.program_operators import BlockView
from edgeslim.paddle_io.proto import framework
from edgeslim.paddle_io.rewrites._rewrite import Rewrite, RewriteStage
from edgeslim.targets.forms import AXES_OF_BOOLEANS, DOUBLES

__all__ = ["REWRITE"]

_TYPES = {"dtype", "in_dtype", "out_dtype"}


def _narrow(draft: Draft) -> None:
    for block in draft.program.blocks:
        view = BlockView(block)
        for op in block.ops:
            for attr in op.attrs:
                is_wide = attr.type == framework().AttrType.LONGS
                if is_wide and attr.name == "dim" and op.type in AXES_OF_BOOLEANS.operators:
                    draft.note(AXES_OF_BOOLEANS, view.operator(op))
                    narrow_attribute(attr)
    _replace_doubles(draft)


def _replace_doubles(draft: Draft) -> None:
    kinds = framework().VarType
    doubles = {
        variable.name: variable
        for block in draft.program.blocks
        for variable in block.vars
        if variable.type.dense_tensor.tensor.data_type == kinds.FP64
        and not variable.need_check_feed
    }
    if not doubles:
        return
    for block in draft.program.blocks:
        view = BlockView(block)
        for op in block.ops:
            if any(name in doubles for name in (*names_in(op.inputs), *names_in(op.outputs))):
                draft.note(DOUBLES, view.operator(op))
            for attr in op.attrs:
                if attr.name in _TYPES and attr.i == kinds.FP64:
                    attr.i = kinds.FP32
    for variable in doubles.values():
        variable.type.dense_tensor.tensor.data_type = kinds.FP32
        if variable.persistable:
            draft.note_other_description()


REWRITE = Rewrite(stage=RewriteStage.FORM, apply=_narrow)
