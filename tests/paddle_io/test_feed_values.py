"""Types of inputs, and which rows they choose."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgeslim.conversion.model_source import LayerModel
from edgeslim.conversion.prepare import prepare, prepare_layer
from edgeslim.opspec import TypedShape
from edgeslim.paddle_io.importing import load_paddle

pytestmark = pytest.mark.slow


def bounds(net: Callable[[Any, Any, Any], Any], dtype: str, folder: Path) -> dict[str, int]:
    """Bounds of the only input of a network that may look rows up and compute."""
    paddle: Any = load_paddle()

    class Net(paddle.nn.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.rows = paddle.nn.Embedding(10, 4)
            self.few = paddle.nn.Embedding(3, 4)

        def forward(self, x: Any) -> Any:
            return net(x, self.rows, self.few)

    graph = prepare_layer(Net(), TypedShape((2, 5), dtype), folder, name="net").graph
    assert set(graph.feed_types.values()) == ({dtype} if dtype != "float32" else set())
    return {"x": next(iter(graph.feed_bounds.values()))} if graph.feed_bounds else {}


def F() -> Any:  # noqa: N802 - as the field writes it
    return load_paddle().nn.functional


@pytest.mark.parametrize(
    ("net", "below"),
    [
        (lambda x, rows, _: rows(x), 10),
        (lambda x, rows, few: rows(x) + few(x), 3),
        (lambda x, rows, _: rows(x.reshape([5, 2]).transpose([1, 0]).unsqueeze(0)), 10),
        (lambda x, rows, _: rows(x + 2), 8),
        (lambda x, rows, _: rows(x[:, 1:3].cast("int32")), 10),
        (lambda x, rows, _: rows(load_paddle().concat([x, x], axis=1)), 10),
        (lambda x, rows, _: F().one_hot(x, 7) @ rows.weight[:7], 7),
        (lambda x, rows, _: load_paddle().gather(rows.weight, x.flatten(), axis=0), 10),
        (lambda x, rows, _: load_paddle().gather(rows.weight, x.flatten(), axis=1), 4),
        (lambda x, rows, _: load_paddle().index_select(rows.weight, x.flatten(), axis=1), 4),
        (lambda x, rows, _: load_paddle().gather_nd(rows.weight, x[:, :2]), 4),
        (lambda x, rows, _: load_paddle().gather_nd(rows.weight, x[:, :1]), 10),
        (lambda x, rows, _: load_paddle().take_along_axis(rows.weight, x[:, :4], 0), 10),
        (lambda x, rows, _: rows.weight * x.astype("float32").sum(), None),
    ],
)
def test_what_chooses_rows_is_found(
    net: Callable[[Any, Any, Any], Any], below: int | None, tmp_path: Path
) -> None:
    assert bounds(net, "int64", tmp_path) == ({} if below is None else {"x": below})


def test_lengths_end_with_the_sequence(tmp_path: Path) -> None:
    paddle: Any = load_paddle()

    class Net(paddle.nn.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.steps = paddle.nn.GRU(4, 3)

        def forward(self, x: Any, lengths: Any) -> Any:
            return self.steps(x, sequence_length=lengths)

    shapes = {"x": (2, 5, 4), "lengths": TypedShape((2,), "int64")}
    model = prepare(LayerModel(name="net", build=Net), tmp_path, input_shapes=shapes)
    assert model.graph.feed_bounds == {"lengths": 6}


def test_floats_that_become_rows_are_found(tmp_path: Path) -> None:
    assert bounds(lambda x, rows, _: rows(x.astype("int64")), "float32", tmp_path) == {"x": 10}
