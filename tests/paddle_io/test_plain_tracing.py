"""Networks whose code runs as it is, asks for values, or would be taken for something else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeslim.errors import ModelError
from edgeslim.paddle_io.export import export_layer, run_in_paddle
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.paddle_io.legacy_functions import legacy_functions
from edgeslim.paddle_io.plain_tracing import plain_tracing

pytestmark = pytest.mark.slow

SHAPE = (2, 3)


def net_of(computed: Callable[[Any], Any]) -> Any:
    """A network that computes a function."""
    paddle: Any = load_paddle()

    class Net(paddle.nn.Layer):
        def forward(self, x: Any) -> Any:
            return computed(x)

    return Net()


def is_marked(net: Any) -> bool:
    """Whether Paddle would leave its code alone."""
    from paddle.jit.dy2static.utils import TransformOptions

    ast = TransformOptions.ToStaticMode.AST
    return not TransformOptions.check_fn_need_transform(type(net).forward, ast)


def by_shape(x: Any) -> Any:
    return x * 2 if x.shape[0] > 1 else x


def by_sign(x: Any) -> Any:
    if x.sum() > 0:
        return x * 2
    return x - 1


def by_rows(x: Any) -> Any:
    total = 0
    for row in x:
        total = total + row
    return total


def by_places(x: Any) -> Any:
    y = x * 1
    y[y > 2] = 5.0
    y[:, 0] += 2
    return y


def by_numbers(x: Any) -> Any:
    return x * float(x.mean()) + len(x)


def until(x: Any) -> Any:
    while x.sum() < 10:
        x = x + 1
    return x


@pytest.mark.parametrize("computed", [by_shape, by_sign, by_rows, by_places, by_numbers, until])
@pytest.mark.parametrize("sign", [1, -1])
def test_what_is_saved_is_what_the_code_computes(
    computed: Callable[[Any], Any], sign: int, tmp_path: Path
) -> None:
    paddle: Any = load_paddle()
    net = net_of(computed)
    export_layer(net, [SHAPE], tmp_path / "net", names=["x"])
    values = sign * np.arange(1, 7, dtype=np.float32).reshape(SHAPE)
    (found,) = run_in_paddle(tmp_path / "net", {"x": values})
    np.testing.assert_array_equal(found, net(paddle.to_tensor(values)).numpy())
    assert not is_marked(net)


@pytest.mark.parametrize(
    ("computed", "said"),
    [
        (by_sign, r"a branch depends on the value of \S+; write it with paddle\.where"),
        (by_rows, r"a loop runs over the rows of x"),
        (by_places, r"part of \S+ is set in place; write it with paddle\.static\.setitem"),
        (by_numbers, r"the value of \S+ is taken out of it"),
    ],
)
def test_plainly_code_that_asks_for_values_is_told_no(
    computed: Callable[[Any], Any], said: str, tmp_path: Path
) -> None:
    paddle: Any = load_paddle()
    net = net_of(computed)
    spec = [paddle.static.InputSpec(list(SHAPE), "float32", "x")]
    with (
        pytest.raises(TypeError, match=said),
        legacy_functions(),
        plain_tracing(net, ["x"]) as layer,
    ):
        paddle.jit.save(layer, str(tmp_path / "net"), input_spec=[spec])
    assert not hasattr(paddle.base.framework.Variable, "__iter__")
    assert not is_marked(net)


@pytest.mark.parametrize(
    "computed",
    [lambda x: max(x.sum(), x.mean()) + x, lambda x: x * 2 if 5 in [x.sum(), 2] else x],
    ids=["max", "in"],
)
def test_a_branch_that_cannot_be_written_into_a_program_is_refused(
    computed: Callable[[Any], Any], tmp_path: Path
) -> None:
    """Paddle takes every variable to be true there, and the network is another."""
    with pytest.raises(ModelError, match=r"Net for .*: a branch depends on the value of"):
        export_layer(net_of(computed), [SHAPE], tmp_path / "net")


def test_a_network_that_paddle_has_traced_already_is_saved(tmp_path: Path) -> None:
    paddle: Any = load_paddle()
    net = paddle.jit.to_static(net_of(by_shape))
    export_layer(net, [SHAPE], tmp_path / "net", names=["x"])
    values = np.ones(SHAPE, np.float32)
    (found,) = run_in_paddle(tmp_path / "net", {"x": values})
    np.testing.assert_array_equal(found, 2 * values)
