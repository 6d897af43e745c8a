"""Constants of one element instead of constants without axes.

Paddle-Lite converts the latter and aborts on the device when it comes to them.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from edgeslim.paddle_io.proto import framework
from edgeslim.paddle_io.rewrites._rewrite import Draft, Rewrite, Stage

__all__ = ["REWRITE"]


def _apply(draft: Draft) -> Counter[str]:
    done: Counter[str] = Counter()
    for block in draft.program.blocks:
        done += _without_scalars(block)
    return done


def _without_scalars(block: Any) -> Counter[str]:  # noqa: ANN401
    """Gives an axis to each constant of a block that has none."""
    variables = {variable.name: variable for variable in block.vars}
    done: Counter[str] = Counter()
    for op in block.ops:
        if op.type != "fill_constant" or any(slot.arguments for slot in op.inputs):
            continue
        shape = next((each for each in op.attrs if each.name == "shape"), None)
        if shape is None or shape.ints or shape.longs:
            continue
        long = shape.type == framework().AttrType.LONGS
        (shape.longs if long else shape.ints).append(1)
        for output in op.outputs:
            for name in output.arguments:
                variables[name].type.dense_tensor.tensor.dims.append(1)
        done["fill_constant: an axis added"] += 1
    return done


REWRITE = Rewrite(stage=Stage.FORM, apply=_apply)
