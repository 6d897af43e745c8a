"""What of Paddle's own Python breaks when it makes programs of the old kind, and its mend.

Paddle 3.3's tests trace into programs of the new kind only, and parts of the old way have
fallen behind: ``F.normalize`` reads a name that it gave in the other branches only (so do
``weight_norm`` and all that calls it), a recurrent layer holds a tensor without a place, which
cannot be asked for its device, and a cell in ``nn.RNN`` becomes a loop of the program, which has
no fixed cost and which Paddle-Lite does not run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from edgeslim.paddle_io.importing import load_paddle

__all__ = ["devices_of_nothing", "mended_functions"]

Function = Callable[..., Any]


def mended_functions() -> list[tuple[Function, Function]]:
    """Functions of Paddle, each with one that does the same in programs of the old kind."""
    paddle = load_paddle()
    from paddle.nn.layer import rnn

    plain = paddle.jit.not_to_static
    return [
        (paddle.nn.functional.normalize, plain(_normalize)),
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

    tensor.device = property(device)
    try:
        yield
    finally:
        tensor.device = original
