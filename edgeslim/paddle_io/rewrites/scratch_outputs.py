"""Outputs that nothing reads but Paddle-Lite looks for."""

from __future__ import annotations

from typing import Any

from edgeslim.paddle_io.block_edits import scratch_variable
from edgeslim.paddle_io.program_operators import BlockView
from edgeslim.paddle_io.rewrites._rewrite import Draft, Rewrite, Stage
from edgeslim.targets.forms import OUTPUTS_LEFT_OUT, SCRATCH

__all__ = ["REWRITE"]


def _apply(draft: Draft) -> None:
    for block in draft.program.blocks:
        view = BlockView(block)
        for op in block.ops:
            if op.type not in SCRATCH:
                continue
            operator = view.operator(op)
            if OUTPUTS_LEFT_OUT.is_met_by(operator):
                draft.note(OUTPUTS_LEFT_OUT, operator)
                _add_outputs(block, op)


def _add_outputs(block: Any, op: Any) -> None:  # noqa: ANN401 - a BlockDesc and an OpDesc
    for slot in SCRATCH[op.type]:
        slots = [output for output in op.outputs if output.parameter == slot]
        if any(output.arguments for output in slots):
            continue
        result = next(output for output in op.outputs if output.arguments).arguments[0]
        name = scratch_variable(block, result, slot)
        if slots:
            slots[0].arguments.append(name)
        else:
            op.outputs.add(parameter=slot, arguments=[name])


REWRITE = Rewrite(stage=Stage.FORM, apply=_apply)
