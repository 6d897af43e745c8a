"""What of Paddle's own Python breaks when it makes programs of the old kind, and its mend.

Paddle 3.3's tests trace into programs of the new kind only, and parts of the old way have
fallen behind: ``F.normalize`` reads a name that it gave in the other branches only (so do
``weight_norm`` and all that calls it), a recurrent layer holds a tensor without a place, which
cannot be asked for its device, and a cell in ``nn.RNN`` becomes a loop of the program, which has
no fixed cost and which Paddle-Lite does not run.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from edgeslim.errors import ModelError
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.paddle_io.replaced import replaced

__all__ = ["devices_of_nothing", "mended_functions"]

Function = Callable[..., Any]


def mended_functions() -> list[tuple[Function, Function]]:
    """Functions of Paddle, each with one that does the same in programs of the old kind."""
    paddle = load_paddle()
    from paddle.nn.layer import rnn

    plain = paddle.jit.not_to_static
    return [
        (paddle.nn.functional.normalize, plain(_normalize)),
        (paddle.median, plain(_median)),
        # Sequences are as long as the shape says: each step is written out.
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
    """``paddle.nn.functional.normalize``: over the norm along an axis, or over epsilon if more."""
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
    """``paddle.median`` of numbers: the mean of the two in the middle, or the one."""
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
def devices_of_nothing() -> Iterator[None]:
    """Until it is left, a tensor that holds nothing yet has no device, and does not raise."""
    tensor = load_paddle().Tensor
    original = tensor.device

    def device(self: Any) -> Any:  # noqa: ANN401
        try:
            return original.fget(self)
        except ValueError:
            return None

    with replaced(tensor, {"device": property(device)}):
        yield
