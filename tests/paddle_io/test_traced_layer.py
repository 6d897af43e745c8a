"""Networks whose forward Paddle cannot read by itself, and what tracing leaves of them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import paddle
import pytest
from paddle import nn

from edgeslim.conversion.model_source import LayerModel
from edgeslim.conversion.prepare import prepare
from edgeslim.errors import ModelError
from edgeslim.paddle_io.export import export_layer, run_in_paddle
from edgeslim.paddle_io.traced_layer import bypass_decorators, split_inputs

pytestmark = pytest.mark.slow

VALUES = np.arange(1, 7, dtype=np.float32).reshape(2, 3)
CONSTANT = paddle.to_tensor([1.0, 5.0, 2.0])


class Plain(nn.Layer):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 3)

    def forward(self, x: Any) -> Any:
        return self.linear(x)


class Partial(Plain):
    def __init__(self) -> None:
        super().__init__()
        self.forward: Any = functools.partial(self.scaled, by=3.0)

    def scaled(self, x: Any, by: float = 1.0) -> Any:
        return self.linear(x) * by


class OfAClass(Plain):
    @classmethod
    def forward(cls, x: Any) -> Any:
        return x * 3


def one_more(function: Callable[..., Any]) -> Callable[..., Any]:
    def called(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs) + 1

    return called


class Decorated(Plain):
    @one_more
    def forward(self, x: Any) -> Any:
        return self.linear(x)


class OtherCall(Plain):
    def __call__(self, x: Any) -> Any:
        return super().__call__(x) * 10


class AnyNumber(nn.Layer):
    def forward(self, *many: Any) -> Any:
        return paddle.concat([item * 2 for item in many])


class ReadByPaddle(Plain):
    @paddle.jit.to_static(input_spec=[paddle.static.InputSpec([None, 3], "float32", "image")])
    def forward(self, x: Any) -> Any:
        return self.twice(x)

    @paddle.jit.to_static
    def twice(self, x: Any) -> Any:
        return self.linear(x) * 2


class Strangers(nn.Layer):
    """With a tensor and layers that are nobody's."""

    def __init__(self) -> None:
        super().__init__()
        self.many = [nn.Linear(3, 3), nn.Linear(3, 3)]

    def forward(self, x: Any) -> Any:
        for item in self.many:
            x = item(x)
        return x * CONSTANT


class Remembering(Plain):
    """Whose first run makes what later ones read, and whose code has to be traced twice."""

    def __init__(self) -> None:
        super().__init__()
        self.known: dict[int, Any] = {}
        self.features: list[Any] = []
        self.runs = 0

    def forward(self, x: Any) -> Any:
        self.runs += 1
        if 3 not in self.known:
            self.known[3] = paddle.arange(3, dtype="float32")
        self.features.append(self.linear(x))
        return paddle.stack([row + self.known[3] for row in self.features[-1]])


class Arrays(nn.Layer):
    def forward(self, x: Any) -> Any:
        return (np.ones(3, np.float32) - x * np.array([1, 2, 3], np.float32)) @ np.eye(3, 2)


@pytest.mark.parametrize(
    "built",
    [
        Partial,
        OfAClass,
        Decorated,
        OtherCall,
        AnyNumber,
        ReadByPaddle,
        Strangers,
        Remembering,
        Arrays,
    ],
)
def test_what_is_saved_is_what_a_call_computes(built: type[nn.Layer], tmp_path: Path) -> None:
    net = built()
    export_layer(net, [VALUES.shape], tmp_path / "net", names=["x"])
    (found,) = run_in_paddle(tmp_path / "net", {"x": VALUES})
    with bypass_decorators():
        np.testing.assert_allclose(found, net(paddle.to_tensor(VALUES)).numpy(), rtol=1e-6)


def test_what_code_notes_while_it_is_traced_is_forgotten(tmp_path: Path) -> None:
    net = Remembering()
    export_layer(net, [VALUES.shape], tmp_path / "net")
    assert (net.known, net.features, net.runs) == ({}, [], 0)


class Optional(Plain):
    def forward(self, x: Any, mask: Any = None, *, shift: Any = None) -> Any:
        result = self.linear(x)
        if mask is not None:
            result = result * mask
        return result if shift is None else result + shift


@pytest.mark.parametrize("names", [["x"], ["x", "mask"], ["x", "shift"], ["x", "mask", "shift"]])
def test_inputs_go_where_their_names_say(names: list[str], tmp_path: Path) -> None:
    net = Optional()
    inputs = {name: VALUES + number for number, name in enumerate(names)}
    shapes = {name: value.shape for name, value in inputs.items()}
    made = prepare(LayerModel(name="net", build=lambda: net), tmp_path, input_shapes=shapes)
    (found,) = run_in_paddle(made.prefix, inputs)
    given = {name: paddle.to_tensor(value) for name, value in inputs.items()}
    np.testing.assert_allclose(found, net(**given).numpy(), rtol=1e-6)


@pytest.mark.parametrize(
    ("inputs", "by_place", "by_name"),
    [
        ({"x": 1, "mask": 2}, [1, 2], {}),
        ({"x": 1, "shift": 2}, [1], {"shift": 2}),
        ({"mask": 2, "x": 1}, [1, 2], {}),
        ({"a": 1, "b": 2}, [1, 2], {}),
    ],
)
def test_inputs_are_given_by_place_as_far_as_none_is_left_out(
    inputs: Mapping[str, int], by_place: list[int], by_name: Mapping[str, int]
) -> None:
    assert split_inputs(Optional(), inputs) == (by_place, by_name)


def test_a_network_that_branches_by_values_is_refused_by_name(tmp_path: Path) -> None:
    class Branching(nn.Layer):
        def forward(self, x: Any) -> Any:
            if x.sum() > 0:
                return x
            return x * 2

    source = LayerModel(name="branching", build=Branching, input_shape=VALUES.shape)
    with pytest.raises(ModelError, match=r"branching has control flow: .*write the network"):
        prepare(source, tmp_path)
