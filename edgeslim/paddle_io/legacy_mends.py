"""Functions of Paddle's own Python code that fail for programs of the old kind, and replacements.

Paddle 3.3's tests trace into programs of the new kind only, and some code for the old kind is
broken: ``F.normalize`` reads a variable that only its other branches set (which affects
``weight_norm`` and all its callers), a recurrent layer holds a tensor without a place, whose
device cannot be read, and a cell in ``nn.RNN`` becomes a loop of the program, which has
no fixed cost and which Paddle-Lite does not run.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from edgeslim.errors import ModelError
from edgeslim.paddle_io.attribute_replacement import replace_attributes
from edgeslim.paddle_io.importing import load_paddle

__all__ = ["allow_missing_devices", "replacement_functions"]

Function = Callable[..., Any]


def replacement_functions() -> list[tuple[Function, Function]]:
    """Functions of Paddle, each with one that computes the same in programs of the old kind."""
    paddle = load_paddle()
    from paddle.nn.layer import rnn

    plain = paddle.jit.not_to_static
    return [
        (paddle.nn.functional.normalize, plain(_normalize)),
        (paddle.median, plain(_median)),
        # The length of sequences is known from the shape, so that each step is written out.
        (rnn._rnn_static_graph, plain(rnn._rnn_dynamic_graph)),  # noqa: SLF001
    ]


def _normalize(
    x: Any,  # noqa: ANN401 - a Tensor or a Variable
    p: float = 2,
    axis: int = 1,
    epsilon: float = 1e-12,
    name: str | None = None,  # noqa: ARG001 - as the original
    *,
    out: Any = None,  # noqa: ANN401
) -> Any:  # noqa: ANN401
    """``paddle.nn.functional.normalize``: division by the norm along an axis, at least epsilon."""
    paddle = load_paddle()
    norm = paddle.norm(x, p=float(p), axis=axis, keepdim=True)
    result = x / paddle.clip(norm, min=epsilon)
    return result if out is None else paddle.assign(result, out)


def _median(
    x: Any,  # noqa: ANN401 - a Variable
    axis: int | None = None,
    keepdim: bool = False,
    mode: str = "avg",
    name: str | None = None,  # noqa: ARG001
) -> Any:  # noqa: ANN401
    """``paddle.median``: the middle element, or the mean of the two in the middle."""
    if mode != "avg":
        raise ModelError(f"median(mode={mode!r}) cannot be saved; use mode='avg', or topk")
    paddle = load_paddle()
    shape = list(x.shape)
    row, along = (x.reshape([-1]), 0) if axis is None else (x, axis % len(shape))
    extent = math.prod(shape) if axis is None else shape[along]
    ordered = paddle.sort(row.astype("float32"), along)
    low, high = (paddle.slice(ordered, [along], [at], [at + 1]) for at in _middle(extent))
    middle = (low + high) * 0.5
    if keepdim:
        return middle.reshape([1] * len(shape)) if axis is None else middle
    return paddle.squeeze(middle, along)


def _middle(extent: int) -> tuple[int, int]:
    return (extent - 1) // 2, extent // 2


@contextmanager
def allow_missing_devices() -> Iterator[None]:
    """Makes the device of a tensor without memory None instead of an error, in the context."""
    tensor = load_paddle().Tensor
    original = tensor.device

    def device(self: Any) -> Any:  # noqa: ANN401
        try:
            return original.fget(self)
        except ValueError:
            return None

    with replace_attributes(tensor, {"device": property(device)}):
        yield
