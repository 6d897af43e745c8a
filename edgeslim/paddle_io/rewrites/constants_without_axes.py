"""Tensors of one element instead of tensors without axes.

Paddle-Lite converts constants and reshapes without axes, and aborts on the device.
"""

from __future__ import annotations

from edgeslim.paddle_io.block_edits import find_variable
from edgeslim.paddle_io.proto import framework
from edgeslim.paddle_io.rewrites._rewrite import RewriteStage, rewrite_in_place
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.forms import CONSTANTS_WITHOUT_AXES, SHAPES_WITHOUT_AXES

__all__ = ["REWRITE"]


def _give_an_axis(s: Sketch) -> bool:
    shape = next(attr for attr in s.op.attrs if attr.name == "shape")
    is_long = shape.type == framework().AttrType.LONGS
    (shape.longs if is_long else shape.ints).append(1)
    find_variable(s.block, s.result("Out")).type.dense_tensor.tensor.dims.append(1)
    return True


REWRITE = rewrite_in_place(
    RewriteStage.FORM, _give_an_axis, CONSTANTS_WITHOUT_AXES, SHAPES_WITHOUT_AXES
)
