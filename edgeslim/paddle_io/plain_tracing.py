"""Networks traced as their code runs, which takes a third of the time.

Paddle's own way of tracing reads the source of every function that a network calls, its own
included, and writes it anew with branches and loops that a program can have. Hardly any network
needs that. Here the code runs as it is; where it asks for what only a run can know (a branch on a
value, a loop over rows), it is told no, and Paddle's own way is left to try.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from edgeslim.paddle_io.importing import load_paddle
from edgeslim.paddle_io.replaced import replaced
from edgeslim.paddle_io.traced_layer import decorators_passed_over, traced_layer

if TYPE_CHECKING:
    import paddle

__all__ = ["NeedsValuesError", "plain_tracing", "values_refused"]


class NeedsValuesError(TypeError):
    """A network's code asks for a value that only a run of the program has."""


@contextmanager
def plain_tracing(net: paddle.nn.Layer, names: list[str]) -> Iterator[paddle.nn.Layer]:
    """Until it is left, the layer that it gives is traced as a network's code runs.

    Args:
        net: The network.
        names: What its inputs are called, in the order in which the layer takes a list of them.

    Raises:
        NeedsValuesError: While it is traced: its code asks for a value.
    """
    with (
        traced_layer(net, names, plainly=True) as layer,
        decorators_passed_over(),
        values_refused(plainly=True),
    ):
        yield layer


@contextmanager
def values_refused(*, plainly: bool = False) -> Iterator[None]:
    """Until it is left, a variable of a program is neither true nor false, and no number.

    Python takes every variable to be true otherwise, in all that Paddle does not write anew
    (``max``, ``in``, ``any``), and the program computes something else.

    Args:
        plainly: Whether it has no rows to run through either, which would have no end, and
            none that can be set: only code that Paddle has written anew reads what was set.
    """
    load_paddle()
    from paddle.base.framework import Variable

    refused = {
        "__bool__": _truth,
        "__float__": _number,
        "__int__": _number,
        "numpy": _number,
        "tolist": _number,
        "__len__": _length,
        "__setitem__": _set_only_where_it_is_read(Variable.__setitem__),
    }
    if plainly:
        refused["__iter__"] = _rows
    with replaced(Variable, refused):
        yield


def _truth(variable: Any) -> bool:  # noqa: ANN401 - a Variable
    """Paddle's own code asks whether there is one; a network's, what it is."""
    if _is_paddles(sys._getframe(1)):  # noqa: SLF001 - who asks is nowhere else to be seen
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


def _set_only_where_it_is_read(set_item: Callable[..., None]) -> Callable[..., None]:
    """Paddle appends an operator and notes the new variable; code that it wrote looks there."""

    def set_item_or_refuse(variable: Any, place: Any, value: Any) -> None:  # noqa: ANN401
        if _WRITTEN_ANEW not in sys._getframe(1).f_globals:  # noqa: SLF001
            raise NeedsValuesError(
                f"part of {variable.name} is set in place; write it with paddle.static.setitem, "
                "paddle.where or paddle.concat"
            )
        set_item(variable, place, value)

    return set_item_or_refuse


_WRITTEN_ANEW = "_jst"
"""What code that Paddle has written anew has among its names."""


def _is_paddles(frame: Any) -> bool:  # noqa: ANN401
    return str(frame.f_globals.get("__name__", "")).partition(".")[0] == "paddle"
