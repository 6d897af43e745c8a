"""Outputs that nothing reads but Paddle-Lite looks for."""

from __future__ import annotations

from collections import Counter
from typing import Any

from edgeslim.paddle_io.block_edits import scratch_variable
from edgeslim.paddle_io.rewrites._rewrite import Draft, Rewrite, Stage

__all__ = ["REWRITE"]

_SCRATCH_OUTPUTS: dict[str, tuple[str, ...]] = {
    "dropout": ("Mask",),
    "flatten2": ("XShape",),
    "flatten_contiguous_range": ("XShape",),
    "instance_norm": ("SavedMean", "SavedVariance"),
    "reshape2": ("XShape",),
    "squeeze2": ("XShape",),
    "transpose2": ("XShape",),
    "unsqueeze2": ("XShape",),
}


def _apply(draft: Draft) -> Counter[str]:
    done: Counter[str] = Counter()
    for block in draft.program.blocks:
        for op in block.ops:
            done += _with_scratch_outputs(block, op)
    return done


def _with_scratch_outputs(block: Any, op: Any) -> Counter[str]:  # noqa: ANN401
    """Outputs that nothing reads but Paddle-Lite looks for."""
    done: Counter[str] = Counter()
    for slot in _SCRATCH_OUTPUTS.get(op.type, ()):
        given = [output for output in op.outputs if output.parameter == slot]
        if any(output.arguments for output in given):
            continue
        result = next(output for output in op.outputs if output.arguments).arguments[0]
        name = scratch_variable(block, result, slot)
        if given:
            given[0].arguments.append(name)
        else:
            op.outputs.add(parameter=slot, arguments=[name])
        done[f"{op.type}: {slot} restored"] += 1
    return done


REWRITE = Rewrite(stage=Stage.FORM, apply=_apply)
