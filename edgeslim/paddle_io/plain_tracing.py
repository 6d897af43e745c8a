"""Tracing networks as their code runs, which takes a third of the time.

Paddle traces by reading the source of every function that a network calls, its own
included, and rewriting it with branches and loops that a program can have. Hardly any network
needs that. Here the code runs unchanged; if it needs a value that only a run has (for a branch, or
a loop over rows), tracing fails, and Paddle's own way is tried next.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from edgeslim.paddle_io.attribute_replacement import replace_attributes
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.paddle_io.traced_layer import bypass_decorators, traced_layer

if TYPE_CHECKING:
    import paddle

__all__ = ["NeedsValuesError", "plain_tracing", "refuse_values"]


class NeedsValuesError(TypeError):
    """A network's code needs a value that only a run of the program has."""


@contextmanager
def plain_tracing(net: paddle.nn.Layer, names: list[str]) -> Iterator[paddle.nn.Layer]:
    """A layer that can be traced in the context as a network's code runs.

    Args:
        net: The network that the layer calls.
        names: Names of its inputs, in the order in which the layer takes a list of them.

    Raises:
        NeedsValuesError: During tracing, if the network's code needs a value.
    """
    with (
        traced_layer(net, names, plainly=True) as layer,
        bypass_decorators(),
        refuse_values(plainly=True),
    ):
        yield layer


@contextmanager
def refuse_values(*, plainly: bool = False) -> Iterator[None]:
    """Makes it an error in the context to read the value of a program's variable.

    Otherwise Python takes every variable to be true in code that Paddle does not rewrite
    (``max``, ``in``, ``any``), and the program computes something else.

    Args:
        plainly: Whether iterating over rows is an error too, which would never end, and setting
            items as well, since only code that Paddle has rewritten reads what was set.
    """
    load_paddle()
    from paddle.base.framework import Variable

    replacements = {
        "__bool__": _truth,
        "__float__": _number,
        "__int__": _number,
        "numpy": _number,
        "tolist": _number,
        "__len__": _length,
        "__setitem__": _set_item_in_rewritten_code(Variable.__setitem__),
    }
    if plainly:
        replacements["__iter__"] = _rows
    with replace_attributes(Variable, replacements):
        yield


def _truth(variable: Any) -> bool:  # noqa: ANN401 - a Variable
    """Paddle's own code tests whether there is a variable; a network's code tests its value."""
    if _is_paddles(sys._getframe(1)):  # noqa: SLF001 - only the frame shows the caller
        return True
    raise NeedsValuesError(
        f"a branch depends on the value of {variable.name}; write it with paddle.where, "
        "paddle.maximum or paddle.minimum"
    )


def _number(variable: Any, *_: object) -> Any:  # noqa: ANN401
    raise NeedsValuesError(
        f"the value of {variable.name} is taken out of it (float, int, numpy); compute with the "
        "tensor itself"
    )


def _length(variable: Any) -> int:  # noqa: ANN401
    length = int(variable.shape[0])
    if length < 0:
        raise NeedsValuesError(f"the rows of {variable.name} are counted")
    return length


def _rows(variable: Any) -> Iterator[Any]:  # noqa: ANN401
    if _is_paddles(sys._getframe(1)):  # noqa: SLF001
        return (variable[row] for row in range(variable.shape[0]))
    raise NeedsValuesError(f"a loop runs over the rows of {variable.name}")


def _set_item_in_rewritten_code(set_item: Callable[..., None]) -> Callable[..., None]:
    """Setting of items, allowed in code that Paddle has rewritten, which reads the new variable."""

    def set_item_or_refuse(variable: Any, place: Any, value: Any) -> None:  # noqa: ANN401
        if _REWRITTEN_MARK not in sys._getframe(1).f_globals:  # noqa: SLF001
            raise NeedsValuesError(
                f"part of {variable.name} is set in place; write it with paddle.static.setitem, "
                "paddle.where or paddle.concat"
            )
        set_item(variable, place, value)

    return set_item_or_refuse


_REWRITTEN_MARK = "_jst"
"""A global name that code has if Paddle has rewritten it."""


def _is_paddles(frame: Any) -> bool:  # noqa: ANN401
    return str(frame.f_globals.get("__name__", "")).partition(".")[0] == "paddle"
