"""Tests of work that is refused since it cannot fit in memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeslim.conversion.required_memory import check_training_memory, running_bytes, training_bytes
from edgeslim.deployment.deploy import convert
from edgeslim.errors import TooLargeError
from edgeslim.execution import Target
from edgeslim.graph import Graph, Names, Node
from edgeslim.opspec import OpSpec, Shapes
from edgeslim.training.train_model import train


def _relu() -> OpSpec:
    shapes = ((2, 3, 10, 10),)
    return OpSpec(kind="relu", inputs=Shapes(X=shapes), outputs=Shapes(Out=shapes))


def _conv() -> OpSpec:
    return OpSpec(
        kind="conv2d",
        inputs=Shapes(Input=((2, 3, 10, 10),)),
        weights=Shapes(Filter=((4, 3, 1, 1),)),
        outputs=Shapes(Output=((2, 4, 10, 10),)),
    )


def test_largest_operator_and_all_weights_are_needed_at_once() -> None:
    assert running_bytes([_relu()]) == 4 * 600, "an activation may write over its input"
    assert running_bytes([_relu(), _conv()], weight_bytes=1000) == 1000 + 4 * (600 + 800)
    assert running_bytes([]) == 0


def _graph() -> Graph:
    node = Node(
        spec=_conv(),
        inputs=Names(Input=("x",)),
        outputs=Names(Output=("y",)),
        weights=Names(Filter=("w",)),
    )
    return Graph(
        nodes=(node,), feeds={"x": (2, 3, 10, 10)}, fetches=("y",), parameters={"w": (4, 3, 1, 1)}
    )


def test_training_grows_with_the_batch() -> None:
    graph = _graph()
    weights = 3 * 4 * 12
    assert training_bytes(graph, 50) - weights == 25 * (training_bytes(graph, 2) - weights)


def test_conversion_that_cannot_fit_is_refused_before_it_begins(tmp_path: Path) -> None:
    with pytest.raises(TooLargeError, match=r"resnet18 needs at least \d+\.\d GB .* are free"):
        convert(
            "resnet18",
            targets=[Target.ARM],
            input_shapes={"": (1, 3, 80_000, 80_000)},
            out=tmp_path / "out",
        )
    assert not list(tmp_path.iterdir())


def test_images_that_cannot_fit_are_refused_before_they_are_scaled(tmp_path: Path) -> None:
    with pytest.raises(TooLargeError, match=r"a task of 1,400 images of 3x20000x20000 needs"):
        train("mobilenet-v1", task="digits", input_shape=(1, 3, 20_000, 20_000), out=tmp_path / "n")
    assert not list(tmp_path.iterdir())


def test_training_that_cannot_fit_is_refused_before_it_begins() -> None:
    with pytest.raises(TooLargeError, match=r"training net with 100000000000 .* --batch-size"):
        check_training_memory(_graph(), "net", 10**11)
