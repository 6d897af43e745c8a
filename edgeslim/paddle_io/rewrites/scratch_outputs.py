"""Outputs that Paddle-Lite needs and nothing reads."""

from __future__ import annotations

from edgeslim.paddle_io.block_edits import scratch_variable
from edgeslim.paddle_io.rewrites._rewrite import RewriteStage, rewrite_in_place
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.forms import OUTPUTS_LEFT_OUT, SCRATCH

__all__ = ["REWRITE"]


def _add_outputs(s: Sketch) -> bool:
    for name in SCRATCH[s.op.type]:
        slots = [slot for slot in s.op.outputs if slot.parameter == name]
        if any(slot.arguments for slot in slots):
            continue
        result = next(slot for slot in s.op.outputs if slot.arguments).arguments[0]
        scratch = scratch_variable(s.block, result, name)
        if slots:
            slots[0].arguments.append(scratch)
        else:
            s.op.outputs.add(parameter=name, arguments=[scratch])
    return True


REWRITE = rewrite_in_place(RewriteStage.FORM, _add_outputs, OUTPUTS_LEFT_OUT)
