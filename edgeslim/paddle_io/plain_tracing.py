"""Networks traced as their code runs, which takes a third of the time.

Paddle's own way of tracing reads the source of every function that a network calls, its own
included, and writes it anew with branches and loops that a program can have. Hardly any network
needs that. Here the code runs as it is; where it asks for what only a run can know (a branch on a
value, a loop over rows), it is told no, and Paddle's own way is left to try.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from edgeslim.paddle_io.importing import load_paddle

if TYPE_CHECKING:
    import paddle

__all__ = ["NeedsValuesError", "plain_tracing", "values_refused"]


class NeedsValuesError(TypeError):
    """A network's code asks for a value that only a run of the program has."""


@contextmanager
def plain_tracing(net: paddle.nn.Layer) -> Iterator[None]:
    """Until it is left, a network is traced as its code runs.

    Raises:
        NeedsValuesError: While it is traced: its code asks for a value, or Paddle has its source
            already.
    """
    load_paddle()
    from paddle.jit.dy2static.utils import TransformOptions

    forward = getattr(net.forward, "__func__", net.forward)
    if not inspect.isfunction(forward):
        raise NeedsValuesError(f"{type(net).__name__}.forward is traced by Paddle already")
    mark = TransformOptions.TRANSFORM_OPTIONS_ATTR_NAME
    was_marked = mark in vars(forward)
    try:
        if not was_marked:
            load_paddle().jit.not_to_static(forward)
        with values_refused(rows=True):
            yield
    finally:
        if not was_marked:
            delattr(forward, mark)


@contextmanager
def values_refused(*, rows: bool = False) -> Iterator[None]:
    """Until it is left, a variable of a program is neither true nor false.

    Python takes every variable to be true otherwise, in all that Paddle does not write anew
    (``max``, ``in``, ``any``), and the program computes something else.

    Args:
        rows: Whether it has no rows to run through either, which would have no end.
    """
    load_paddle()
    from paddle.base.framework import Variable

    refused = {"__bool__": _truth, **({"__iter__": _rows} if rows else {})}
    before = {name: vars(Variable)[name] for name in refused if name in vars(Variable)}
    for name, function in refused.items():
        setattr(Variable, name, function)
    try:
        yield
    finally:
        for name in refused:
            if name in before:
                setattr(Variable, name, before[name])
            else:
                delattr(Variable, name)


def _truth(variable: Any) -> bool:  # noqa: ANN401 - a Variable
    """Paddle's own code asks whether there is one; a network's, what it is."""
    if _is_paddles(sys._getframe(1)):  # noqa: SLF001 - who asks is nowhere else to be seen
        return True
    raise NeedsValuesError(
        f"a branch depends on the value of {variable.name}; write it with paddle.where, "
        "paddle.maximum or paddle.minimum"
    )


def _rows(variable: Any) -> Iterator[Any]:  # noqa: ANN401
    if _is_paddles(sys._getframe(1)):  # noqa: SLF001
        return (variable[row] for row in range(variable.shape[0]))
    raise NeedsValuesError(f"a loop runs over the rows of {variable.name}")


def _is_paddles(frame: Any) -> bool:  # noqa: ANN401
    return str(frame.f_globals.get("__name__", "")).partition(".")[0] == "paddle"
