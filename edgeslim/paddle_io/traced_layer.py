"""A network as Paddle traces it: behind a layer of ours, which it can always read."""

from __future__ import annotations

import copy
import inspect
from collections import OrderedDict, defaultdict, deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from edgeslim.paddle_io.importing import load_paddle
from edgeslim.paddle_io.replaced import replaced

if TYPE_CHECKING:
    import paddle

__all__ = ["attributes_kept", "decorators_passed_over", "input_names", "placed", "traced_layer"]

_T = TypeVar("_T")

_CONTAINERS = (dict, OrderedDict, defaultdict, list, set, deque)


@contextmanager
def traced_layer(net: paddle.nn.Layer, names: list[str], *, plainly: bool) -> Iterator[Any]:
    """A layer that takes a list of values and gives them to a network as a caller would.

    Paddle traces by the signature and the source of ``forward``. So it refuses a network whose
    ``forward`` is a partial, an object, a class method, is hidden by a decorator or takes any
    number of inputs; and it passes over a ``__call__`` of the network's own. Called from here
    these are calls as others are. Tensors that no layer has (constants of a module, layers in
    a list of Python's) are saved with the rest.

    Args:
        net: The network.
        names: What its inputs are called, in the order of the list.
        plainly: Whether its code runs as it is.
    """
    paddle = load_paddle()
    by_place, by_name = placed(net, {name: number for number, name in enumerate(names)})
    places, others = list(by_place), dict(by_name)

    class Traced(paddle.nn.Layer):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.net = net
            self.met: dict[str, Any] = {}

        def forward(self, values: list[Any]) -> Any:  # noqa: ANN401
            first = [values[place] for place in places]
            return self.net(*first, **{name: values[place] for name, place in others.items()})

        def to_static_state_dict(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            known = super().to_static_state_dict(*args, **kwargs)
            names = {tensor.name for tensor in known.values()}
            return {**{name: each for name, each in self.met.items() if name not in names}, **known}

    if plainly:
        paddle.jit.not_to_static(Traced.forward)
    layer = Traced()
    layer.training = net.training
    translator = paddle.jit.dy2static.program_translator.ProgramTranslator.get_instance()
    recorder = translator._params_recorder  # noqa: SLF001 - nobody else is told of them
    add = recorder.add

    def added(program: Any, tensor: Any) -> None:  # noqa: ANN401
        layer.met[tensor.name] = tensor
        add(program, tensor)

    recorder.add = added
    try:
        yield layer
    finally:
        del recorder.add


def input_names(net: paddle.nn.Layer, count: int) -> list[str]:
    """What the first inputs of a network are called by its ``forward``."""
    try:
        parameters = list(inspect.signature(net.forward).parameters.values())
    except (TypeError, ValueError):  # native code has none
        parameters = []
    names = [
        each.name
        for each in parameters
        if each.kind in {each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD}
    ]
    return [*names, *(f"input_{number}" for number in range(len(names), count))][:count]


def placed(net: paddle.nn.Layer, inputs: Mapping[str, _T]) -> tuple[list[_T], dict[str, _T]]:
    """Inputs as a caller gives them: by place, and by name behind one that is left out.

    Hooks see what is given by place only.
    """
    try:
        parameters = list(inspect.signature(net.forward).parameters.values())
    except (TypeError, ValueError):
        return list(inputs.values()), {}
    known = {each.name for each in parameters}
    takes_any_name = any(each.kind is each.VAR_KEYWORD for each in parameters)
    if not takes_any_name and not known.issuperset(inputs):
        return list(inputs.values()), {}
    by_place, by_name = [], dict(inputs)
    for each in parameters:
        if each.kind is each.KEYWORD_ONLY or each.name not in by_name:
            break
        by_place.append(by_name.pop(each.name))
    return by_place, by_name


@contextmanager
def attributes_kept(net: paddle.nn.Layer) -> Iterator[None]:
    """What a network's code notes on its layers meanwhile is forgotten afterwards.

    While it is traced, a cache, a list of features or a lazily made layer holds variables of a
    program, which nothing else can read.
    """
    kept = []
    for layer in net.sublayers(include_self=True):
        content = vars(layer)
        containers = [each for each in content.values() if type(each) in _CONTAINERS]
        kept.append((content, dict(content), [(each, copy.copy(each)) for each in containers]))
    try:
        yield
    finally:
        for content, before, contained in kept:
            content.clear()
            content.update(before)
            for container, was in contained:
                container.clear()
                (container.extend if hasattr(container, "extend") else container.update)(was)


@contextmanager
def decorators_passed_over() -> Iterator[None]:
    """Until it is left, functions under ``paddle.jit.to_static`` run as they are written."""
    load_paddle()
    from paddle.jit.dy2static.program_translator import StaticFunction

    def as_written(function: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        return function._call_dygraph_function(*args, **kwargs)  # noqa: SLF001

    with replaced(StaticFunction, {"__call__": as_written}):
        yield
