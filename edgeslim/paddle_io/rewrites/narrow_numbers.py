"""Axes in 32 bits where Paddle-Lite looks for those, and single for double precision.

Paddle-Lite has no kernel in double precision and aborts on the device when it comes to one; what
a program computes in between in doubles is computed in floats.
"""

from __future__ import annotations

from edgeslim.paddle_io.block_edits import names_in
from edgeslim.paddle_io.program_operators import BlockView
from edgeslim.paddle_io.proto import framework
from edgeslim.paddle_io.rewrites._rewrite import Draft, Rewrite, Stage
from edgeslim.targets.forms import AXES_OF_BOOLEANS, DOUBLES

__all__ = ["REWRITE"]

_NARROW = {("reduce_all", "dim"), ("reduce_any", "dim")}
_TYPES = {"dtype", "in_dtype", "out_dtype"}


def _narrow(draft: Draft) -> None:
    types = framework().AttrType
    for block in draft.program.blocks:
        view = BlockView(block)
        for op in block.ops:
            for attribute in op.attrs:
                if (op.type, attribute.name) in _NARROW and attribute.type == types.LONGS:
                    draft.note(AXES_OF_BOOLEANS, view.operator(op))
                    attribute.type = types.INTS
                    attribute.ints.extend(attribute.longs)
                    del attribute.longs[:]
    _without_doubles(draft)


def _without_doubles(draft: Draft) -> None:
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
            for attribute in op.attrs:
                if attribute.name in _TYPES and attribute.i == kinds.FP64:
                    attribute.i = kinds.FP32
    for variable in doubles.values():
        variable.type.dense_tensor.tensor.data_type = kinds.FP32
        if variable.persistable:
            draft.note_other_description()


REWRITE = Rewrite(stage=Stage.FORM, apply=_narrow)
