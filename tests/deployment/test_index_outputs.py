"""Places of the largest, where scores are equal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeslim.conversion.optimized import optimize
from edgeslim.conversion.prepare import PreparedModel, prepare_layer
from edgeslim.deployment.ground_truth import paddle_truth
from edgeslim.deployment.index_outputs import settle_ties
from edgeslim.execution import Target
from edgeslim.measuring.device_session import open_device
from edgeslim.paddle_io.importing import load_paddle
from tests.deployment.proofs import proved_on

SCORES = np.array([[3.0, 0, 0, 5], [0, 2, 0, 0]])


@pytest.mark.parametrize(
    ("truth", "found", "wanted"),
    [
        ([[3, 0], [1, 0]], [[3, 0], [1, 2]], [[3, 0], [1, 0]]),
        ([[3, 0], [1, 0]], [[0, 3], [1, 3]], [[0, 3], [1, 0]]),
        ([[3, 0], [1, 0]], [[3, 0], [1, 1]], [[3, 0], [1, 1]]),
        ([[3, 0], [1, 0]], [[3, 0], [1, 4]], [[3, 0], [1, 4]]),
        ([[3, 0], [1, 0]], [[3, 0], [1, -1]], [[3, 0], [1, -1]]),
        ([3, 1], [3, 1], [3, 1]),
        ([3, 1], [3, 2], [3, 2]),
    ],
    ids=["tie", "order", "twice", "beyond", "negative", "largest", "not the largest"],
)
def test_places_of_equal_scores_are_as_good(truth: Any, found: Any, wanted: Any) -> None:
    done = settle_ties(np.array(truth), np.array(found), SCORES, 1)
    np.testing.assert_array_equal(done, wanted)


def prepared(forward: Callable[[Any], Any], folder: Path) -> PreparedModel:
    paddle: Any = load_paddle()

    class Net(paddle.nn.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.first = paddle.nn.Conv2D(3, 6, 1)

        def forward(self, x: Any) -> Any:
            return forward(paddle.nn.functional.relu(self.first(x) - 1.5))

    return prepare_layer(Net(), (1, 3, 16, 16), folder, name="net")


@pytest.mark.slow
def test_the_runtime_may_take_equal_scores_in_another_order(tmp_path: Path) -> None:
    def forward(scores: Any) -> Any:
        paddle: Any = load_paddle()
        values, places = paddle.topk(scores, 3, axis=1)
        return values, places, scores.argmax(axis=1), scores.argmin(axis=-1)

    model = prepared(forward, tmp_path / "model")
    file = optimize(model, Target.X86, tmp_path / "net")
    truth = paddle_truth(model)
    assert sorted(truth.choices) == [1, 2, 3]
    with open_device("host") as session:
        difference = proved_on(session, model, file, tmp_path, truth)
    assert difference.wrong == 0
