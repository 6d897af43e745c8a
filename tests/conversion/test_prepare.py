"""Models made ready: shapes closed, files checked, forms that mislead refused."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import paddle
import pytest
from paddle import nn

from edgeslim.conversion.model_source import SavedModel, find_model
from edgeslim.conversion.optimized import optimize
from edgeslim.conversion.prepare import PreparedModel, prepare, prepare_layer
from edgeslim.errors import BadFileError, ModelError, UsageError
from edgeslim.execution import Target
from edgeslim.paddle_io.export import close_shapes, export_layer, run_in_paddle
from edgeslim.paddle_io.parameters import read_parameters, write_program
from edgeslim.paddle_io.proto import read_program
from tests.conversion.conftest import save
from tests.conversion.nets import Behind, classifier, same
from tests.tools import require_module

pytestmark = pytest.mark.slow

OPEN = (-1, 3, -1, -1)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> SavedModel:
    """A classifier for images of any number and size."""
    net = Behind(same, *classifier(nn.Dropout()))
    return save(net, tmp_path_factory.mktemp("saved") / "net", OPEN)


def test_open_shapes_are_closed(saved: SavedModel, tmp_path: Path) -> None:
    require_module("paddlelite")
    shape = (2, 3, 16, 24)
    model = prepare(saved, tmp_path, input_shapes={"": shape})
    assert model.graph.feeds == {"image": shape}
    assert model.graph.specs[0].output_shape == (2, 8, 8, 12)
    assert model.graph.specs[-1].output_shape == (2, 4)
    (found,) = run_in_paddle(model.prefix, {"image": np.ones(shape, np.float32)})
    assert found.shape == (2, 4)
    assert optimize(model, Target.ARM, tmp_path / "out").path.stat().st_size > 0


def test_the_model_itself_stays_as_it_was(saved: SavedModel, tmp_path: Path) -> None:
    before = saved.program.read_bytes(), saved.parameters.read_bytes()
    first = prepare(saved, tmp_path, input_shapes={"image": (1, 3, 8, 8)})
    again = prepare(saved, tmp_path, input_shapes={"image": (1, 3, 16, 16)})
    assert first.graph.feeds != again.graph.feeds
    assert (saved.program.read_bytes(), saved.parameters.read_bytes()) == before


@pytest.mark.parametrize(
    ("shapes", "error", "message"),
    [
        ({}, UsageError, r"\[-1, 3, -1, -1\] of input 'image' of net is open.*image=1,3,224,224"),
        ({"picture": (1, 3, 8, 8)}, UsageError, "no input 'picture'; it has image"),
        (
            {"": (1, 4, 8, 8)},
            ModelError,
            "does not fit the model: a conv2d for 3 channels is given 4",
        ),
        ({"": (1, 3, 8)}, ModelError, "does not fit the model at conv2d"),
    ],
    ids=["open", "name", "channels", "axes"],
)
def test_shapes_that_do_not_fit(
    shapes: dict[str, Any], error: type[Exception], message: str, saved: SavedModel, tmp_path: Path
) -> None:
    with pytest.raises(error, match=message):
        prepare(saved, tmp_path, input_shapes=shapes)


class TwoInputs(nn.Layer):
    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2D(3, 4, 1)

    def forward(self, left: Any, right: Any) -> Any:
        return self.convolution(left).mean([2, 3]) - self.convolution(right).mean([2, 3])


def test_two_inputs(tmp_path: Path) -> None:
    export_layer(TwoInputs(), [(1, 3, 8, 8), (1, 3, 4, 4)], tmp_path / "two")
    found = find_model(str(tmp_path / "two"))
    model = prepare(found, tmp_path / "prepared", input_shapes={})
    assert list(model.graph.feeds.items()) == [("left", (1, 3, 8, 8)), ("right", (1, 3, 4, 4))]
    with pytest.raises(UsageError, match="two has 2 inputs; write --input-shape left="):
        prepare(found, tmp_path / "prepared", input_shapes={"": (1, 3, 8, 8)})
    model = prepare(found, tmp_path / "prepared", input_shapes={"right": (1, 3, 6, 6)})
    assert list(model.graph.feeds.values()) == [(1, 3, 8, 8), (1, 3, 6, 6)]


@pytest.mark.parametrize(
    ("shape", "written"),
    [
        ((-1, -1), "1,16"),
        ((-1, 4, -1), "1,4,16"),
        ((-1, 1, -1, -1), "1,1,224,224"),
        ((-1, -1, 8, -1, 8), "1,16,8,16,8"),
    ],
)
def test_the_example_of_a_shape_fits(shape: tuple[int, ...], written: str, tmp_path: Path) -> None:
    found = save(nn.ReLU(), tmp_path / "net", shape)
    with pytest.raises(UsageError, match=rf"is open; .*such as image={written}$"):
        prepare(found, tmp_path / "prepared", input_shapes={})


def test_old_names(saved: SavedModel, tmp_path: Path) -> None:
    shutil.copy(saved.program, tmp_path / "__model__")
    shutil.copy(saved.parameters, tmp_path / "__params__")
    model = prepare(
        find_model(str(tmp_path)), tmp_path / "prepared", input_shapes={"": (1, 3, 8, 8)}
    )
    assert model.graph.specs


@pytest.mark.parametrize("kept", [0, 7, 100, 700])
def test_truncated_parameters(kept: int, saved: SavedModel, tmp_path: Path) -> None:
    parameters = tmp_path / "parameters"
    parameters.write_bytes(saved.parameters.read_bytes()[:kept])
    broken = SavedModel(name="net", program=saved.program, parameters=parameters)
    with pytest.raises(BadFileError, match="is truncated"):
        prepare(broken, tmp_path / "prepared", input_shapes={"": (1, 3, 8, 8)})


def test_parameters_of_another_model(saved: SavedModel, tmp_path: Path) -> None:
    export_layer(nn.Conv2D(3, 4, 1), [(1, 3, 8, 8)], tmp_path / "other")
    other = tmp_path / "other.pdiparams"
    with pytest.raises(BadFileError, match=r"is of another model|is no tensor"):
        prepare(
            SavedModel(name="net", program=saved.program, parameters=other), tmp_path / "prepared"
        )


def test_no_program(saved: SavedModel, tmp_path: Path) -> None:
    program = tmp_path / "net.pdmodel"
    program.write_bytes(saved.parameters.read_bytes())
    with pytest.raises(BadFileError, match="is not a Paddle program description"):
        prepare(
            SavedModel(name="net", program=program, parameters=saved.parameters),
            tmp_path / "prepared",
        )


def prepared(net: nn.Layer, folder: Path, shape: tuple[int, ...] = (1, 8, 8, 8)) -> PreparedModel:
    return prepare_layer(net, shape, folder, name="net")


def test_channels_last(tmp_path: Path) -> None:
    with pytest.raises(
        ModelError,
        match=r"net cannot be converted: conv2d .*the kernels expect channels first.*NCHW",
    ):
        prepared(nn.Conv2D(8, 4, 1, data_format="NHWC"), tmp_path)


def test_a_network_without_parameters_is_given_one(tmp_path: Path) -> None:
    model = prepared(nn.ReLU(), tmp_path)
    assert [node.spec.kind for node in model.graph.nodes] == ["relu"]
    x = np.linspace(-1, 1, 512, dtype=np.float32).reshape(1, 8, 8, 8)
    (output,) = run_in_paddle(model.prefix, dict.fromkeys(model.graph.feeds, x))
    np.testing.assert_array_equal(output, np.maximum(x, 0))
    require_module("paddlelite")
    optimize(model, Target.ARM, tmp_path / "net")


def test_an_input_that_nothing_reads_is_named(tmp_path: Path) -> None:
    class Half(nn.Layer):
        def forward(self, first: Any, second: Any) -> Any:
            return first + 1

    with pytest.raises(ModelError, match="reads input 'second'; take it out of forward"):
        export_layer(Half(), [(1, 4), (1, 4)], tmp_path / "net", names=["first", "second"])


class Branching(nn.Layer):
    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2D(8, 8, 1)

    def forward(self, images: Any) -> Any:
        if paddle.sum(images) > 0:
            images = self.convolution(images)
        return images


def test_branches(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="has control flow"):
        prepared(Branching(), tmp_path)


class Failing(nn.Layer):
    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2D(8, 8, 1)

    def forward(self, images: Any) -> Any:
        raise RuntimeError(f"no good after {self.convolution(images).shape}")


def test_a_failed_export_leaves_no_trace(tmp_path: Path) -> None:
    """Paddle would give what it had gathered to a later program at the same address."""
    for number in range(3):
        with pytest.raises(ModelError, match=r"cannot export Failing .*RuntimeError: no good"):
            export_layer(Failing(), [(1, 8, 8, 8)], tmp_path / "failing")
        assert prepared(nn.Conv2D(8, 4, 1), tmp_path / str(number)).graph.specs
    translator = paddle.jit.dy2static.program_translator.ProgramTranslator.get_instance()
    assert not translator._params_recorder.params_dict


def test_inputs_that_do_not_fit_the_network(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="a conv2d for 8 channels is given 3"):
        prepared(nn.Conv2D(8, 4, 1), tmp_path, (1, 3, 8, 8))


def test_shapes_are_not_half_closed(saved: SavedModel, tmp_path: Path) -> None:
    program = tmp_path / "net.pdmodel"
    shutil.copy(saved.program, program)
    with pytest.raises(ModelError, match="does not fit"):
        close_shapes(program, {"image": (1, 3, 8)})
    assert program.read_bytes() == saved.program.read_bytes()


def test_a_model_that_paddle_cannot_run(saved: SavedModel, tmp_path: Path) -> None:
    model = prepare(saved, tmp_path, input_shapes={"": (1, 3, 8, 8)})
    assert paddle.in_dynamic_mode()
    with pytest.raises(ModelError, match=r"Paddle cannot run .*model"):
        run_in_paddle(model.prefix, {"image": np.ones((1, 4, 8, 8), np.float32)})
    assert paddle.in_dynamic_mode()


def test_nothing_of_the_machine_goes_into_a_model(tmp_path: Path) -> None:
    """Paddle writes into every operator the files and lines of the code that made it."""
    require_module("paddlelite")
    net = Behind(same, *classifier(nn.Dropout()))
    theirs = save(net, tmp_path / "theirs", (1, 3, 8, 8), clip_extra=False)
    here = str(Path(__file__).parents[1]).encode()
    assert here in theirs.program.read_bytes()
    model = prepare(theirs, tmp_path / "prepared", input_shapes={"": (1, 3, 16, 16)})
    ours = tmp_path / "ours"
    export_layer(net, [(1, 3, 8, 8)], ours)
    program = read_program(theirs.program)
    write_program(tmp_path / "written", program, read_parameters(theirs.parameters, program))
    optimized = optimize(model, Target.ARM, tmp_path / "out").path
    made = [model.program, model.prefix.with_suffix(".pdmodel"), optimized]
    made += [Path(f"{prefix}.pdmodel") for prefix in (ours, tmp_path / "written")]
    paths = (here, b"site-packages", b".py", str(tmp_path).encode())
    assert {file: path for file in made for path in paths if path in file.read_bytes()} == {}
