"""Products with weights in the form whose weights may be stored as integers.

Where `opt` stores weights in 8 or 16 bits, it does so for those of ``matmul_v2`` too. The runtime
(2.13, ``lite/api/light_api.cc``) makes floats of them again for ``conv2d``, ``fc`` and ``mul``
alone; those of ``matmul_v2`` it reads as floats as they are, beyond their end, without a word. A
``mul`` computes the same, and `opt` makes an ``fc`` of it.
"""

from __future__ import annotations

from typing import Any

from edgeslim.paddle_io.block_edits import arguments, shapes_of
from edgeslim.paddle_io.parameters import persistent_tensors
from edgeslim.paddle_io.proto import add_attribute

__all__ = ["make_products_plain", "product_weights"]

_PRODUCTS = {"matmul", "matmul_v2"}
_TRANSPOSED = {"trans_x", "trans_y", "transpose_X", "transpose_Y"}


def make_products_plain(program: Any) -> int:  # noqa: ANN401 - a ProgramDesc
    """Makes ``mul`` of products with a matrix of weights, in place; says of how many."""
    weights = persistent_tensors(program)
    count = 0
    for block in program.blocks:
        ranks = {name: len(shape) for name, shape in shapes_of(block).items()}
        for op in block.ops:
            if op.type not in _PRODUCTS:
                continue
            (x,), (y,) = (arguments(op.inputs, slot) for slot in ("X", "Y"))
            given = {each.name: each for each in op.attrs}
            turned = any(given[name].b for name in _TRANSPOSED & set(given))
            scaled = "alpha" in given and given["alpha"].f != 1
            if x in weights or len(weights.get(y, ())) != 2 or turned or scaled:
                continue
            op.type = "mul"
            del op.attrs[:]
            add_attribute(op, "x_num_col_dims", ranks[x] - 1)
            add_attribute(op, "y_num_col_dims", 1)
            count += 1
    return count


def product_weights(program: Any) -> list[str]:  # noqa: ANN401
    """Names of weights that products read which are no ``mul``."""
    weights = persistent_tensors(program)
    return [
        name
        for block in program.blocks
        for op in block.ops
        if op.type in _PRODUCTS
        for slot in ("X", "Y")
        for name in arguments(op.inputs, slot)
        if name in weights
    ]
