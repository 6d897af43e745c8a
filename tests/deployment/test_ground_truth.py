"""What Paddle says of inputs, and when that proves nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeslim.conversion.prepare import PreparedModel, prepare_layer
from edgeslim.deployment.ground_truth import paddle_truth
from edgeslim.deployment.proving import truth_for
from edgeslim.errors import ModelError
from edgeslim.execution import Precision
from edgeslim.paddle_io.importing import load_paddle

pytestmark = pytest.mark.slow


def prepared(forward: Callable[[Any], Any], folder: Path) -> PreparedModel:
    paddle: Any = load_paddle()
    paddle.seed(0)

    class Net(paddle.nn.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.last = paddle.nn.Linear(6, 4)

        def forward(self, x: Any) -> Any:
            return forward(self.last(x))

    return prepare_layer(Net(), (3, 6), folder, name="net")


def paddle_of(name: str) -> Any:
    return getattr(load_paddle(), name)


@pytest.mark.parametrize(
    ("forward", "found"),
    [
        (lambda x: paddle_of("log")(x - 9), "NaN"),
        (lambda x: 1 / (paddle_of("floor")(x * 1e-9) * 0), "NaN|infinity"),
        (lambda x: paddle_of("exp")(x * 1e9), "infinity"),
    ],
    ids=["logarithm of negatives", "division by 0", "overflow"],
)
def test_what_is_no_number_in_paddle_proves_nothing(
    forward: Callable[[Any], Any], found: str, tmp_path: Path
) -> None:
    message = (
        rf"^net: with noise for input '\w+' Paddle itself gives ({found}) at output '[\w.]+', so "
        r"nothing can be proved of it; give inputs that the model is made for with --inputs"
    )
    with pytest.raises(ModelError, match=message):
        paddle_truth(prepared(forward, tmp_path))


@pytest.mark.parametrize(
    ("forward", "found"),
    [
        (lambda x: x * 0 + 2, "the same"),
        (lambda x: x * 0, "nothing but 0"),
        (lambda x: paddle_of("nn").functional.relu(-paddle_of("exp")(x)), "nothing but 0"),
        (lambda x: paddle_of("ones_like")(x) * 2, "the same"),
        (lambda x: [x + 1, x * 0 + 2], "the same"),
        (lambda x: (x > -1e9).astype("int64"), "the same"),
    ],
    ids=["constant", "zero", "dead", "of its shape", "one of two", "integers"],
)
def test_an_output_that_does_not_depend_on_the_input_proves_nothing(
    forward: Callable[[Any], Any], found: str, tmp_path: Path
) -> None:
    message = (
        rf"^net: output '[\w.]+' does not depend on input '\w+': Paddle gives {found} for \d "
        r"different inputs of noise, so nothing can be proved of it; give inputs that .* --inputs"
    )
    with pytest.raises(ModelError, match=message):
        paddle_truth(prepared(forward, tmp_path))


@pytest.mark.parametrize(
    "forward",
    [
        lambda x: [x, paddle_of("ones_like")(x)],
        lambda x: [x, (x > -1e9).astype("int64")],
        lambda x: (x > 4).astype("int64"),
    ],
    ids=["one of its shape alone", "integers beside", "found in large noise alone"],
)
def test_what_may_be_the_same_may_be(forward: Callable[[Any], Any], tmp_path: Path) -> None:
    assert np.isfinite(paddle_truth(prepared(forward, tmp_path)).outputs[0][0]).all()


def test_the_first_input_is_given_louder_as_well_in_full_precision(tmp_path: Path) -> None:
    model = prepared(lambda x: x, tmp_path)
    truth = truth_for(model, [Precision.FP32])
    (name,) = model.graph.feeds
    assert (len(truth.inputs), len(truth.outputs), truth.louder) == (3, 3, 1)
    np.testing.assert_array_equal(truth.inputs[2][name], 8 * truth.inputs[0][name])
    assert [difference.inputs for difference in truth.differences(truth.outputs)] == [2, 1]
    assert len(truth.quiet.inputs) == len(truth.quiet.outputs) == 2
    assert len(truth.quiet.differences(truth.quiet.outputs)) == 1


@pytest.mark.parametrize(
    ("forward", "precisions", "count", "louder"),
    [
        (lambda x: x, [Precision.INT8], 8, 0),
        (lambda x: x, [Precision.INT8, Precision.FP32], 9, 1),
        (lambda x: paddle_of("exp")(x * 15), [Precision.FP32], 2, 0),
    ],
    ids=["lower precision", "both", "no number for it"],
)
def test_louder_inputs_are_where_they_prove_something(
    forward: Callable[[Any], Any],
    precisions: list[Precision],
    count: int,
    louder: int,
    tmp_path: Path,
) -> None:
    truth = truth_for(prepared(forward, tmp_path), precisions)
    assert (len(truth.inputs), truth.louder) == (count, louder)
