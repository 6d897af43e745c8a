"""What Paddle saves of a layer beside the layer itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import paddle
import paddle.nn.functional as F  # noqa: N812 - what Paddle's own documents call it
import pytest
from paddle import nn

from edgeslim.conversion.model_source import LayerModel
from edgeslim.conversion.prepare import prepare
from edgeslim.errors import ModelError
from edgeslim.opspec import TypedShape
from edgeslim.paddle_io.export import export_layer
from edgeslim.paddle_io.saved_check import check_saved
from tests.paddle_io.rewrites.nets import Net

pytestmark = pytest.mark.slow

SHAPE = (1, 4, 10, 10)


def layer(compute: Callable[..., Any]) -> nn.Layer:
    return Net(lambda net, x: compute(net.conv(x)), conv=nn.Conv2D(4, 4, 1))


def test_a_resize_by_a_factor_loses_no_row(tmp_path: Path) -> None:
    source = LayerModel(
        name="resized",
        build=lambda: layer(lambda x: F.interpolate(x, scale_factor=1.3, mode="bilinear")),
        input_shape=SHAPE,
    )
    prepared = prepare(source, tmp_path / "prepared")
    assert [node.spec.output_shape for node in prepared.graph.nodes][-1] == (1, 4, 13, 13)


def test_a_program_that_resizes_to_another_size(tmp_path: Path) -> None:
    one = layer(lambda x: F.interpolate(x, size=[12, 12]))
    two = layer(lambda x: F.interpolate(x, size=[13, 13]))
    export_layer(one, [SHAPE], tmp_path / "model")
    said = r"output 0 is \[1, 4, 12, 12\] where the layer gives \[1, 4, 13, 13\]; a resize by"
    with pytest.raises(ModelError, match=said):
        check_saved("two", two, tmp_path / "model")


@pytest.mark.parametrize(
    "compute",
    [
        lambda x: F.interpolate(x, size=[13, 13], mode="bilinear"),
        lambda x: x + paddle.rand(SHAPE),
        lambda x: F.dropout(x, 0.5),
        paddle.log,
        lambda x: {"a": x, "b": [x * 2, F.relu(x)]},
    ],
    ids=["size", "random", "dropout", "not-finite", "nested"],
)
def test_others_pass(tmp_path: Path, compute: Callable[..., Any]) -> None:
    before = paddle.get_rng_state()[0].current_seed()
    source = LayerModel(name="layer", build=lambda: layer(compute), input_shape=SHAPE)
    assert prepare(source, tmp_path / "prepared").graph.nodes
    assert paddle.get_rng_state()[0].current_seed() == before


@pytest.mark.parametrize(
    ("compute", "count"),
    [
        (lambda x: F.dropout(x, 0.5), 1),
        (lambda x: F.dropout(x, 0.5, training=False), 0),
        (lambda x: x + paddle.rand(SHAPE), 0),
        (lambda x: paddle.log(F.dropout(x, 0.5, training=False)), 0),
    ],
)
def test_a_dropout_that_never_ends_is_told(
    compute: Callable[..., Any], count: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    source = LayerModel(name="net", build=lambda: layer(compute), input_shape=SHAPE)
    prepare(source, tmp_path / "prepared")
    told = [record.getMessage() for record in caplog.records if "at random" in record.getMessage()]
    assert len(told) == count
    assert all(message.startswith("net drops values at random also when") for message in told)


def test_another_program(tmp_path: Path) -> None:
    one, two = layer(F.relu), layer(F.relu)
    export_layer(one, [SHAPE], tmp_path / "model")
    check_saved("one", one, tmp_path / "model")
    with pytest.raises(ModelError, match=r"output 0 differs by .* where the largest value is"):
        check_saved("two", two, tmp_path / "model")


class Words(nn.Layer):
    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(3, 4)
        self.out = nn.Linear(4, 2)

    def forward(self, words: Any, mask: Any) -> Any:
        return self.out(self.table(words)) * mask


def test_another_program_of_words(tmp_path: Path) -> None:
    shapes = (TypedShape((1, 5), "int64"), (1, 5, 2))
    one, two = Words(), Words()
    export_layer(one, shapes, tmp_path / "model", names=("words", "mask"))
    check_saved("one", one, tmp_path / "model")
    with pytest.raises(ModelError, match=r"output 0 differs by .* where the largest value is"):
        check_saved("two", two, tmp_path / "model")


def test_channels_last_are_told_before_channels_are_counted(tmp_path: Path) -> None:
    source = LayerModel(
        name="last",
        build=lambda: nn.Conv2D(4, 6, 3, data_format="NHWC"),
        input_shape=(1, 8, 8, 4),
    )
    with pytest.raises(ModelError, match=r"conv2d that makes '.*' .* data_layout is NHWC"):
        prepare(source, tmp_path / "prepared")
