"""The layer through which Paddle traces a network, whatever the network's own signature is."""

from __future__ import annotations

import copy
import inspect
from collections import OrderedDict, defaultdict, deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from edgeslim.paddle_io.attribute_replacement import replace_attributes
from edgeslim.paddle_io.importing import load_paddle

if TYPE_CHECKING:
    import paddle

__all__ = ["bypass_decorators", "input_names", "keep_attributes", "split_inputs", "traced_layer"]

_T = TypeVar("_T")

_CONTAINERS = (dict, OrderedDict, defaultdict, list, set, deque)


@contextmanager
def traced_layer(net: paddle.nn.Layer, names: list[str], *, plainly: bool) -> Iterator[Any]:
    """A layer that takes a list of values and passes them to a network as a caller would.

    Paddle traces by the signature and the source of ``forward``. So it refuses a network whose
    ``forward`` is a partial, an object, a class method, is hidden by a decorator or takes any
    number of inputs; and it ignores a ``__call__`` of the network. The layer calls the network
    like any other function. Tensors that belong to no layer (constants of a module, layers in
    a Python list) are saved as well.

    Args:
        net: The network that the layer calls.
        names: Names of its inputs, in the order of the list.
        plainly: Whether its code is traced as it runs, without being rewritten.
    """
    paddle = load_paddle()
    positional, by_name = split_inputs(net, {name: number for number, name in enumerate(names)})

    class Traced(paddle.nn.Layer):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.net = net
            self.tensors: dict[str, Any] = {}

        def forward(self, values: list[Any]) -> Any:  # noqa: ANN401
            arguments = [values[number] for number in positional]
            return self.net(
                *arguments, **{name: values[number] for name, number in by_name.items()}
            )

        def to_static_state_dict(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            known = super().to_static_state_dict(*args, **kwargs)
            names = {tensor.name for tensor in known.values()}
            others = {name: tensor for name, tensor in self.tensors.items() if name not in names}
            return {**others, **known}

    if plainly:
        paddle.jit.not_to_static(Traced.forward)
    layer = Traced()
    layer.training = net.training
    translator = paddle.jit.dy2static.program_translator.ProgramTranslator.get_instance()
    recorder = translator._params_recorder  # noqa: SLF001 - only it is told of all tensors
    add = recorder.add

    def record(program: Any, tensor: Any) -> None:  # noqa: ANN401
        layer.tensors[tensor.name] = tensor
        add(program, tensor)

    recorder.add = record
    try:
        yield layer
    finally:
        del recorder.add


def input_names(net: paddle.nn.Layer, count: int) -> list[str]:
    """The names of a network's first inputs, by the parameters of its ``forward``."""
    try:
        parameters = list(inspect.signature(net.forward).parameters.values())
    except (TypeError, ValueError):  # native code has none
        parameters = []
    names = [
        parameter.name
        for parameter in parameters
        if parameter.kind in {parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD}
    ]
    return [*names, *(f"input_{number}" for number in range(len(names), count))][:count]


def split_inputs(net: paddle.nn.Layer, inputs: Mapping[str, _T]) -> tuple[list[_T], dict[str, _T]]:
    """Inputs as a caller passes them: by position, and by name after one that is left out.

    By position where that is possible, since hooks see positional arguments only.
    """
    try:
        parameters = list(inspect.signature(net.forward).parameters.values())
    except (TypeError, ValueError):
        return list(inputs.values()), {}
    known = {parameter.name for parameter in parameters}
    takes_any_name = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)
    if not takes_any_name and not known.issuperset(inputs):
        return list(inputs.values()), {}
    positional, by_name = [], dict(inputs)
    for parameter in parameters:
        if parameter.kind is parameter.KEYWORD_ONLY or parameter.name not in by_name:
            break
        positional.append(by_name.pop(parameter.name))
    return positional, by_name


@contextmanager
def keep_attributes(net: paddle.nn.Layer) -> Iterator[None]:
    """Restores the attributes of a network's layers after the context.

    During tracing, a cache, a list of features or a lazily created layer gets variables of a
    program, which nothing else can read.
    """
    kept = []
    for layer in net.sublayers(include_self=True):
        content = vars(layer)
        containers = [value for value in content.values() if type(value) in _CONTAINERS]
        kept.append(
            (
                content,
                dict(content),
                [(container, copy.copy(container)) for container in containers],
            )
        )
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
def bypass_decorators() -> Iterator[None]:
    """Makes functions under ``paddle.jit.to_static`` run undecorated in the context."""
    load_paddle()
    from paddle.jit.dy2static.program_translator import StaticFunction

    def as_written(function: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        return function._call_dygraph_function(*args, **kwargs)  # noqa: SLF001

    with replace_attributes(StaticFunction, {"__call__": as_written}):
        yield
