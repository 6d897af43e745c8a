"""Making all shapes of a saved model known before it runs.

Shapes of a saved model may be open for three reasons: its inputs are open (`close_shapes`), it
computes sizes while it runs (`edgeslim.paddle_io.shape_folding`), or Paddle's rule for an
operator leaves a shape open that a run shows. Shapes that are still open depend on the data.

An operator whose extents depend on the data stays in the graph with `OpSpec.is_open`: its shapes
have 1 for what nobody knows, no table has a latency for it, and predictions count it as missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from edgeslim.errors import ModelError
from edgeslim.files import write_bytes
from edgeslim.opspec import Shape
from edgeslim.paddle_io.block_edits import names_in, shapes_of
from edgeslim.paddle_io.difference import difference_and_scale
from edgeslim.paddle_io.export import close_shapes, run_in_paddle
from edgeslim.paddle_io.noise import noise_for
from edgeslim.paddle_io.parameters import persistent_tensors
from edgeslim.paddle_io.program_graph import feed_shapes, fetch_names
from edgeslim.paddle_io.proto import read_program
from edgeslim.paddle_io.shape_folding import constants_of, depends_on_data, fold_constants

__all__ = ["make_shapes_known"]

Array = np.ndarray[Any, Any]

_ROUNDING = 1e-5
"""Difference over the largest value, of the same operators with other attributes."""


def make_shapes_known(
    prefix: Path, feeds: Mapping[str, Shape] | None = None, *, name: str = ""
) -> list[str]:
    """Closes the shapes of a saved model in place; returns a phrase for each kind of change.

    Tensors that are computed from shapes become constants, and the model is compared with itself
    before the change.

    Args:
        prefix: The model, as ``prefix.pdmodel`` and ``prefix.pdiparams``.
        feeds: Shapes of inputs that differ from the saved ones.
        name: Name of the model in messages.

    Raises:
        ModelError: A shape does not fit the model, it branches, or Paddle cannot run it.
    """
    path = Path(f"{prefix}.pdmodel")
    program = read_program(path)
    if feeds or _open_tensors(program):
        close_shapes(path, {**feed_shapes(program), **(feeds or {})}, at_first=True)
        program = read_program(path)
    if len(program.blocks) > 1:
        raise ModelError(
            f"{name or prefix.name} has control flow: Paddle-Lite's optimizer takes no loops or "
            "branches; write the network without those that depend on values (paddle.where)"
        )
    constants = constants_of(program)
    if not constants.needed and not _open_tensors(program) - depends_on_data(program):
        return []
    inputs = noise_for(program)
    outputs = len(fetch_names(program))
    before = run_in_paddle(prefix, inputs, also=constants.needed, name=name)
    values = dict(zip(constants.needed, before[outputs:], strict=True))
    changes = fold_constants(program, constants, values)
    write_bytes(path, program.SerializeToString())
    close_shapes(path, feed_shapes(program))
    program = read_program(path)
    unknown = sorted(_open_tensors(program) - depends_on_data(program))
    after = run_in_paddle(prefix, inputs, also=unknown, name=name)
    _compare(name or prefix.name, before[:outputs], after[:outputs])
    if unknown:
        _describe(program, dict(zip(unknown, after[outputs:], strict=True)))
        write_bytes(path, program.SerializeToString())
    return [f"{what} ({number})" for what, number in changes.items()]


def _open_tensors(program: Any) -> set[str]:  # noqa: ANN401
    """Tensors between operators, or between one and the outputs, whose shape is open or wrong."""
    block = program.blocks[0]
    shapes = shapes_of(block)
    parameters = persistent_tensors(program)
    read = {name for op in block.ops for name in names_in(op.inputs)}
    between = {
        name
        for op in block.ops
        if op.type not in {"feed", "fetch"}
        for name in names_in(op.outputs)
        if name in read and name not in parameters
    }
    wrong = _wrongly_described(block, shapes)
    return {name for name in between if name in wrong or min(shapes.get(name, ()), default=1) < 0}


def _wrongly_described(block: Any, shapes: Mapping[str, Shape]) -> set[str]:  # noqa: ANN401
    """Tensors that are computed from products of batches of which one is broadcast.

    Paddle's rule gives the product the batch of the factor that has more axes, or of the first.
    """
    found: set[str] = set()
    for op in block.ops:
        reads, writes = names_in(op.inputs), names_in(op.outputs)
        if found.intersection(reads) or (
            op.type == "matmul_v2"
            and _is_wrong_stack(*(shapes[tensor] for tensor in reads + writes))
        ):
            found.update(writes)
    return found


def _is_wrong_stack(x: Shape, y: Shape, made: Shape) -> bool:
    if min(len(x), len(y)) < 2 or min(*x, *y, *made) < 1:
        return False
    return made[:-2] != np.broadcast_shapes(x[:-2], y[:-2])


def _compare(name: str, before: list[Array], after: list[Array]) -> None:
    """Checks that constant sizes do not change what the model computes."""
    for expected, found in zip(before, after, strict=True):
        is_same = expected.shape == found.shape
        if is_same:
            off, scale = difference_and_scale(expected, found)
            is_same = off <= _ROUNDING * scale
        if not is_same:
            raise ModelError(
                f"{name}: what it computes of shapes does not stay the same for one input "
                "shape; compute sizes from tensor.shape, not paddle.shape(tensor), and export it "
                "again"
            )


def _describe(program: Any, tensors: Mapping[str, Array]) -> None:  # noqa: ANN401
    """Gives tensors the described shapes that they had in a run."""
    for variable in program.blocks[0].vars:
        value = tensors.get(variable.name)
        if value is not None and value.size:
            variable.type.dense_tensor.tensor.dims[:] = value.shape
