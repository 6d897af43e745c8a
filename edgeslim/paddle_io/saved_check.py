"""Checking that a saved program computes what its layer computes.

A program of the old kind may differ from the layer that it was traced from: for a resize by 1.3,
1.4 or 0.7, the size is rounded down in single precision, and a row and a column are lost. A
converted model then agrees with the program, and not with the layer.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeslim.errors import ModelError
from edgeslim.paddle_io.difference import difference_and_scale
from edgeslim.paddle_io.export import run_in_paddle
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.paddle_io.noise import noise_for
from edgeslim.paddle_io.proto import read_program
from edgeslim.paddle_io.traced_layer import bypass_decorators, keep_attributes, split_inputs

if TYPE_CHECKING:
    import paddle

__all__ = ["check_saved"]

_log = logging.getLogger(__name__)

_TOLERANCE = 1e-3
"""Largest difference over largest value, for results of the same kernels."""

_RESIZES = "interp"
_DROPOUT = "dropout"


def check_saved(name: str, net: paddle.nn.Layer, prefix: Path) -> None:
    """Compares a saved program with its layer in dynamic mode, on the same noise.

    A layer whose outputs are random or not finite, or that fails for noise, cannot be compared and
    is left alone. If a dropout makes the outputs random, a warning says that the program has none.

    Args:
        name: Name of the layer in messages.
        net: The layer, in evaluation mode, which takes its inputs in the order of the program.
        prefix: The saved model, with closed shapes.

    Raises:
        ModelError: The program computes something else, or Paddle cannot run it.
    """
    program = read_program(prefix.with_suffix(".pdmodel"))
    inputs = noise_for(program)
    runs = _run_twice(net, inputs)
    if runs is None:
        return
    truths, again = runs
    if not all(np.isfinite(output).all() for output in truths):
        return
    if any(not np.array_equal(one, two) for one, two in zip(truths, again, strict=True)):
        if any(op.type == _DROPOUT for op in program.blocks[0].ops):
            _log.warning(
                "%s drops values at random also when it is not trained, and Paddle saves it "
                "without that; give F.dropout training=self.training if it is not meant",
                name,
            )
        return
    found = run_in_paddle(prefix, inputs, name=name)
    if len(found) != len(truths):
        return  # an output that is an input, or None, is not saved
    for number, (truth, saved) in enumerate(zip(truths, found, strict=True)):
        problem = _difference(truth, saved)
        if problem:
            resizes = any(_RESIZES in op.type for op in program.blocks[0].ops)
            mend = (
                "a resize by a factor is saved with its size rounded down; give F.interpolate "
                "and nn.Upsample size=[rows, columns] instead of scale_factor="
                if resizes
                else "write the layer without what depends on values or on the mode it runs in, "
                "with paddle.is_tensor(x) for isinstance and y = y + x for y.add_(x)"
            )
            raise ModelError(
                f"what Paddle saves of {name} is not what the layer computes: output {number} "
                f"{problem}; {mend}"
            )


def _run_twice(
    net: paddle.nn.Layer, inputs: Mapping[str, np.ndarray[Any, Any]]
) -> list[list[np.ndarray[Any, Any]]] | None:
    """The flattened outputs of two runs of a layer; None if it fails."""
    paddle = load_paddle()
    state = paddle.get_rng_state()
    tensors = {name: paddle.to_tensor(value) for name, value in inputs.items()}
    by_place, by_name = split_inputs(net, tensors)
    try:
        with paddle.no_grad(), bypass_decorators(), keep_attributes(net):
            return [_outputs(net(*by_place, **by_name)) for _ in range(2)]
    except Exception:  # noqa: BLE001 - the user's own forward may raise anything at noise
        return None
    finally:
        paddle.set_rng_state(state)


def _outputs(given: Any) -> list[np.ndarray[Any, Any]]:  # noqa: ANN401
    """The returned tensors in order; Paddle saves one that is returned twice once."""
    paddle = load_paddle()
    flat = [tensor for tensor in paddle.utils.flatten(given) if isinstance(tensor, paddle.Tensor)]
    return [tensor.numpy() for tensor in {id(tensor): tensor for tensor in flat}.values()]


def _difference(truth: np.ndarray[Any, Any], saved: np.ndarray[Any, Any]) -> str:
    """A description of how an output differs; empty if it does not."""
    if truth.shape != saved.shape and not truth.size == saved.size == 1:
        return f"is {list(saved.shape)} where the layer gives {list(truth.shape)}"
    off, largest = difference_and_scale(truth.ravel(), saved.ravel())
    if off <= _TOLERANCE * max(largest, 1e-6):
        return ""
    return f"differs by {off:.2g} where the largest value is {largest:.2g}"
