"""Models of Paddle 3's own format made ready: written anew, and proved to compute the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeslim.conversion import prepare as preparing
from edgeslim.conversion.model_source import find_model
from edgeslim.conversion.optimized import optimize
from edgeslim.conversion.paddle_outputs import paddle_outputs
from edgeslim.conversion.prepare import prepare
from edgeslim.errors import BadFileError, ModelError, UsageError
from edgeslim.execution import Target
from edgeslim.paddle_io.parameters import write_parameters
from tests.paddle_io.pir.documents import (
    attribute,
    feed,
    fetch,
    operator,
    parameter,
    written,
)
from tests.tools import require_module, run_python

pytestmark = pytest.mark.slow

W = np.array([[0.5, -2.0, 1.0], [0.0, 1.5, -1.0]], np.float32)
X = np.array([[0.5, 1.0, -3.0], [-0.5, 0.25, 0.0]], np.float32)
SUM = W + X
EXPECTED = np.where(SUM > 0, SUM, np.float32(0.3) * SUM)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A leaky ReLU of the sum of an input of open shape and a parameter."""
    folder = tmp_path / "net"
    folder.mkdir()
    slope = attribute("negative_slope", "f64", 0.3)
    written(
        folder,
        parameter("w", 1),
        feed("x", 2),
        operator("1.add", (2, 1), (3,)),
        operator("1.leaky_relu", (3,), (4,), [slope]),
        fetch(4),
    )
    write_parameters(folder / "inference.pdiparams", {"w": W})
    return folder


def test_is_prepared_and_its_truth_is_the_new_program(model: Path, tmp_path: Path) -> None:
    prepared = prepare(find_model(str(model)), tmp_path / "scratch", input_shapes={"": (2, 3)})
    assert prepared.name == "net"
    assert prepared.graph.feeds == {"x": (2, 3)}
    assert prepared.graph.parameters == {"w": (2, 3)}
    prepared.prefix.with_suffix(".pdmodel").unlink()  # so nothing else can be asked
    ((output,),) = paddle_outputs(prepared, [{"x": X}])
    np.testing.assert_allclose(output, EXPECTED, rtol=1e-6)


def test_each_input_has_outputs_of_its_own(model: Path, tmp_path: Path) -> None:
    prepared = prepare(find_model(str(model)), tmp_path / "scratch", input_shapes={"": (2, 3)})
    outputs = paddle_outputs(prepared, [{"x": X}, {"x": 2 * X}, {"x": -W}])
    np.testing.assert_allclose(outputs[0][0], EXPECTED, rtol=1e-6)
    np.testing.assert_array_equal(outputs[2][0], 0)


def test_an_input_of_open_shape_wants_one(model: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="net has no input 'y'; it has x"):
        prepare(find_model(str(model)), tmp_path / "scratch", input_shapes={"y": (2, 3)})


def test_another_program_than_the_new_one_is_found_out(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def translate_files(path: Path, parameters: Path, prefix: Path) -> None:
        """As a translation that mistakes one number would."""
        text = path.read_text().replace('"D":0.3}', '"D":0.4}')
        (tmp_path / "other.json").write_text(text)
        right(tmp_path / "other.json", parameters, prefix)

    right = vars(preparing)["translate_files"]
    monkeypatch.setattr(preparing, "translate_files", translate_files)
    with pytest.raises(ModelError, match="output 0 is another as an old program than in Paddle"):
        prepare(find_model(str(model)), tmp_path / "scratch", input_shapes={"": (2, 3)})


def test_parameters_that_are_cut(model: Path, tmp_path: Path) -> None:
    parameters = model / "inference.pdiparams"
    parameters.write_bytes(parameters.read_bytes()[:-1])
    with pytest.raises(BadFileError, match=r"inference\.pdiparams is truncated"):
        prepare(find_model(str(model)), tmp_path / "scratch", input_shapes={"": (2, 3)})


LAYERS = ("LSTM", "GRU", "SimpleRNN")

SAVE_STATIC = """
import sys
import paddle

paddle.seed(1)
paddle.enable_static()
for layer in sys.argv[2:]:
    main, start = paddle.static.Program(), paddle.static.Program()
    with paddle.static.program_guard(main, start):
        x = paddle.static.data("x", [1, 4, 3], "float32")
        sequence, _ = getattr(paddle.nn, layer)(3, 2)(x)
        executor = paddle.static.Executor()
        executor.run(start)
        prefix = f"{sys.argv[1]}/{layer}"
        result = paddle.nn.functional.relu(sequence)
        paddle.static.save_inference_model(prefix, [x], [result], executor, program=main)
"""


@pytest.fixture(scope="module", params=[True, False], ids=["new-form", "old-form"])
def recurrent(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, bool]:
    """A folder with recurrent layers that were saved in static mode, and whether as Paddle 3."""
    require_module("paddlelite")
    folder = tmp_path_factory.mktemp("recurrent")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FLAGS_enable_pir_api", str(int(request.param)))
        run_python(SAVE_STATIC, folder, *LAYERS)
    return folder, request.param


@pytest.mark.parametrize("layer", LAYERS)
def test_a_recurrent_layer_of_static_mode_is_converted_without_its_empty_parameter(
    layer: str, recurrent: tuple[Path, bool], tmp_path: Path
) -> None:
    folder, is_new_form = recurrent
    model = prepare(find_model(str(folder / layer)), tmp_path / "prepared")
    assert all(0 not in shape for shape in model.graph.parameters.values())
    optimize(model, Target.X86 if is_new_form else Target.ARM, tmp_path / "optimized")
    ((truth,),) = paddle_outputs(model, [{"x": np.ones((1, 4, 3), np.float32)}])
    assert np.ptp(truth) > 0
