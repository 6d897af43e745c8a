"""What a MODEL can be, and what it cannot."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeslim.conversion.model_source import LayerModel, SavedModel, find_model, parse_input_shapes
from edgeslim.conversion.prepare import prepare
from edgeslim.errors import BadFileError, ModelError, UnknownNameError, UsageError
from edgeslim.paddle_io.parameters import combined_parameters, write_parameters
from edgeslim.paddle_io.proto import framework, read_program
from tests.paddle_io import programs
from tests.paddle_io.pir.documents import feed, fetch, parameter, written
from tests.paddle_io.programs import Op

NAMINGS = [
    ("model.pdmodel", "model.pdiparams"),
    ("__model__", "__params__"),
    ("net.pdmodel", "net.pdiparams"),
]


def touch(folder: Path, *names: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).write_bytes(b"something")
    return folder


@pytest.mark.parametrize("names", NAMINGS)
def test_folder(names: tuple[str, str], tmp_path: Path) -> None:
    found = find_model(str(touch(tmp_path / "net", *names)))
    assert isinstance(found, SavedModel)
    assert (found.name, found.program.name, found.parameters.name) == ("net", *names)


@pytest.mark.parametrize("ending", ["", ".pdmodel", ".pdiparams"])
def test_prefix(ending: str, tmp_path: Path) -> None:
    touch(tmp_path, "net.v1.pdmodel", "net.v1.pdiparams")
    found = find_model(str(tmp_path / f"net.v1{ending}"))
    assert isinstance(found, SavedModel)
    assert (found.name, found.program) == ("net.v1", tmp_path / "net.v1.pdmodel")


@pytest.mark.parametrize("stem", ["inference", "model"])
def test_files_that_are_called_as_all_are_give_no_name(stem: str, tmp_path: Path) -> None:
    folder = touch(tmp_path / "my-net", f"{stem}.pdmodel", f"{stem}.pdiparams")
    for name in ("", stem, f"{stem}.pdmodel", f"{stem}.pdiparams"):
        assert find_model(str(folder / name)).name == "my-net"


@pytest.mark.parametrize(("program", "given"), [("net.pdmodel", "net"), ("__model__", "")])
def test_a_program_without_parameters_needs_no_file_of_them(
    program: str, given: str, tmp_path: Path
) -> None:
    ops = [
        Op("feed", {"X": "feed"}, {"Out": "x"}, {"col": 0}),
        Op("relu", {"X": "x"}, {"Out": "y"}),
        Op("fetch", {"X": "y"}, {"Out": "fetch"}, {"col": 0}),
    ]
    described = programs.program(ops, {"x": (1, 3, 4, 4), "y": (1, 3, 4, 4)})
    (tmp_path / program).write_bytes(described.SerializeToString())
    found = find_model(str(tmp_path / given))
    assert isinstance(found, SavedModel)
    assert found.program == tmp_path / program
    prepared = prepare(found, tmp_path / "prepared")
    assert prepared.parameters.stat().st_size > 0, "the optimizer wants one"
    assert [node.spec.kind for node in prepared.graph.nodes] == ["relu"]


def test_no_parameters(tmp_path: Path) -> None:
    touch(tmp_path, "__model__")
    with pytest.raises(BadFileError, match=r"has no parameters beside it: .*__params__ is missing"):
        find_model(str(tmp_path))


def test_no_model(tmp_path: Path) -> None:
    with pytest.raises(BadFileError, match=r"holds no model: neither \*\.pdmodel"):
        find_model(str(tmp_path))
    with pytest.raises(BadFileError, match="there is no model at"):
        find_model(str(tmp_path / "net"))


def test_several_models(tmp_path: Path) -> None:
    touch(tmp_path, "a.pdmodel", "b.pdmodel")
    with pytest.raises(BadFileError, match=r"several models; give one of .*/a, .*/b"):
        find_model(str(tmp_path))


@pytest.mark.parametrize("name", ["net", "net.json", "net.pdiparams", ""])
def test_a_model_of_paddle_3(name: str, tmp_path: Path) -> None:
    touch(tmp_path, "config.json", "net.json", "net.pdiparams")
    found = find_model(str(tmp_path / name))
    assert isinstance(found, SavedModel)
    assert found.program == tmp_path / "net.json"
    assert found.parameters == tmp_path / "net.pdiparams"


def test_an_old_program_comes_before_a_new_one(tmp_path: Path) -> None:
    touch(tmp_path, "net.json", "net.pdiparams", "net.pdmodel")
    found = find_model(str(tmp_path / "net"))
    assert isinstance(found, SavedModel)
    assert found.program == tmp_path / "net.pdmodel"


def test_several_models_of_paddle_3(tmp_path: Path) -> None:
    touch(tmp_path, "a.json", "a.pdiparams", "b.json", "b.pdiparams")
    with pytest.raises(BadFileError, match=r"several models; give one of .*/a, .*/b"):
        find_model(str(tmp_path))


def test_a_model_of_paddle_3_without_its_parameters(tmp_path: Path) -> None:
    path = written(tmp_path, parameter("w", 1), feed(number=2), fetch(2))
    for name in (path, path.parent):
        with pytest.raises(BadFileError, match=r"inference\.json has no parameters beside it: .*"):
            find_model(str(name))


def test_a_model_of_paddle_3_that_has_no_parameters(tmp_path: Path) -> None:
    path = written(tmp_path, feed(), fetch(1))
    found = find_model(str(tmp_path))
    assert isinstance(found, SavedModel)
    assert found.program == path


def test_a_json_file_that_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model": 1}')
    with pytest.raises(BadFileError, match=r"config\.json is no program of Paddle 3"):
        find_model(str(tmp_path / "config.json"))
    with pytest.raises(BadFileError, match="holds no model"):
        find_model(str(tmp_path))


def test_an_optimized_model(tmp_path: Path) -> None:
    touch(tmp_path, "net.nb")
    with pytest.raises(ModelError, match="already optimized"):
        find_model(str(tmp_path / "net.nb"))


def test_unknown_name() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'mobilenet-v1'"):
        find_model("mobilnet-v1")


@pytest.mark.parametrize(
    ("texts", "shapes"),
    [
        (["1,3,224,224"], {"": (1, 3, 224, 224)}),
        (["1x3x8x8"], {"": (1, 3, 8, 8)}),
        (["a=1,2", "b=3"], {"a": (1, 2), "b": (3,)}),
        (["x=y=4"], {"x=y": (4,)}),
        ([], {}),
    ],
)
def test_input_shapes(texts: list[str], shapes: dict[str, tuple[int, ...]]) -> None:
    assert parse_input_shapes(texts) == shapes


@pytest.mark.parametrize("text", ["", "a=", "1,3,0,8", "1,3,-1,8", "1,3,8.5", "224 224", "1,,3"])
def test_bad_input_shape(text: str) -> None:
    with pytest.raises(UsageError, match="is not an input shape; write it like 1,3,224,224"):
        parse_input_shapes([text])


SOURCE = """
from __future__ import annotations

from dataclasses import dataclass

import paddle
from blocks_beside_it import block

paddle.set_device("cpu")


@dataclass
class Widths:
    first: int = 4


def small_net():
    return block(Widths().first)


def failing():
    raise OSError("no weights there")


def number():
    return 3


CHOICES = ["small_net"]
"""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("source")
    (folder / "blocks_beside_it.py").write_text(
        "from paddle import nn\n\n\ndef block(channels):\n    return nn.Conv2D(3, channels, 1)\n"
    )
    (folder / "nets.py").write_text(SOURCE)
    (folder / "broken.py").write_text("import paddle\n1 / 0\n")
    return folder / "nets.py"


@pytest.mark.slow
def test_function(source: Path, tmp_path: Path) -> None:
    found = find_model(f"{source}:small_net")
    assert isinstance(found, LayerModel)
    assert (found.name, found.input_shape) == ("small-net", None)
    model = prepare(found, tmp_path, input_shapes={"": (1, 3, 8, 8)})
    assert model.graph.specs[0].output_shape == (1, 4, 8, 8)
    with pytest.raises(UsageError, match="small-net needs --input-shape"):
        prepare(found, tmp_path)
    named = prepare(found, tmp_path, input_shapes={"x": (1, 3, 8, 8)})
    assert named.graph.feeds == {"x": (1, 3, 8, 8)}
    with pytest.raises(UsageError, match="small-net has no input 'image'; it takes x"):
        prepare(found, tmp_path, input_shapes={"image": (1, 3, 8, 8)})
    both = {"": (1, 3, 8, 8), "x": (1, 3, 8, 8)}
    with pytest.raises(UsageError, match="small-net has several inputs; write --input-shape x"):
        prepare(found, tmp_path, input_shapes=both)


@pytest.mark.slow
def test_function_that_cannot_be_had(source: Path) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'small_net'"):
        find_model(f"{source}:smal_net")
    with pytest.raises(UnknownNameError, match="'CHOICES'"):
        find_model(f"{source}:CHOICES")
    with pytest.raises(BadFileError, match=r"broken\.py does not load: ZeroDivisionError"):
        find_model(f"{source.with_name('broken.py')}:net")
    with pytest.raises(BadFileError, match=r"there is no file .*none\.py"):
        find_model(f"{source.with_name('none.py')}:net")


@pytest.mark.slow
def test_function_that_makes_no_network(source: Path, tmp_path: Path) -> None:
    shapes = {"": (1, 3, 8, 8)}
    with pytest.raises(ModelError, match="failing does not build: OSError: no weights there"):
        prepare(find_model(f"{source}:failing"), tmp_path, input_shapes=shapes)
    with pytest.raises(ModelError, match=r"number returns int, not a paddle\.nn\.Layer"):
        prepare(find_model(f"{source}:number"), tmp_path, input_shapes=shapes)


def bias_model(folder: Path, program: str, parameters: str) -> Path:
    """An addition of two parameters, which need no Paddle to be written."""
    types = framework().VarType
    desc = framework().ProgramDesc()
    block = desc.blocks.add(idx=0, parent_idx=-1)
    for name in ("first", "second"):
        variable = block.vars.add(name=name, persistable=True)
        variable.type.type = types.DENSE_TENSOR
        variable.type.dense_tensor.tensor.data_type = types.FP32
        variable.type.dense_tensor.tensor.dims.append(3)
    block.ops.add(type="elementwise_add")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / program).write_bytes(desc.SerializeToString())
    tensors = {"first": np.zeros(3), "second": np.ones(3)}
    if parameters:
        write_parameters(folder / parameters, tensors)
    else:
        for name, tensor in tensors.items():
            write_parameters(folder / name, {name: tensor})
    return folder


OTHER_NAMES = [
    ("model", "params"),
    ("__model__", "params"),
    ("__model__", "__params__"),
    ("net.model", "net.params"),
    ("inference.pdmodel", "model.pdiparams"),
    ("renamed.bin", "weights.bin"),
    ("model", ""),
    ("__model__", ""),
]


@pytest.mark.parametrize(("program", "parameters"), OTHER_NAMES)
def test_files_under_other_names(program: str, parameters: str, tmp_path: Path) -> None:
    folder = bias_model(tmp_path / "net", program, parameters)
    (folder / "README.md").write_text("\nwhat it is\n")
    (folder / "labels.txt").write_bytes(b"\0" * 100)
    given = [folder, folder / program, *([folder / parameters] if parameters else [])]
    for path in given:
        found = find_model(str(path))
        assert isinstance(found, SavedModel)
        assert found.program == folder / program
        assert found.parameters == (folder / parameters if parameters else folder)
        if program in {"model", "__model__"}:
            assert found.name == "net"


def test_parameters_in_a_file_each_are_put_together(tmp_path: Path) -> None:
    folder = bias_model(tmp_path, "__model__", "")
    program = read_program(folder / "__model__")
    write_parameters(tmp_path / "all", {"first": np.zeros(3), "second": np.ones(3)})
    assert combined_parameters(folder, program) == (tmp_path / "all").read_bytes()


def test_what_is_not_to_be_told_apart_is_not_guessed(tmp_path: Path) -> None:
    folder = bias_model(tmp_path, "a", "some.bin")
    bias_model(tmp_path, "a", "other.bin")
    with pytest.raises(BadFileError, match=r"a is a program, and there are no parameters of it"):
        find_model(str(folder / "a"))
    bias_model(tmp_path, "b", "b.bin")
    with pytest.raises(BadFileError, match="holds no model"):
        find_model(str(folder))
    assert find_model(str(folder / "b")).parameters == folder / "b.bin"  # type: ignore[union-attr]


OTHERS = {
    "net.onnx": r"an ONNX model; .*x2paddle --framework=onnx --model=net\.onnx --save_dir=conv",
    "net.pb": r"a TensorFlow graph; .*--framework=tensorflow --model=net\.pb",
    "net.tflite": r"a TensorFlow Lite model; .*tflite2onnx net\.tflite net\.onnx\), and make",
    "net.h5": r"a Keras model; .*--keras net\.h5 --output net\.onnx",
    "net.pth": r"of PyTorch; .*torch\.onnx\.export",
    "net.PT": r"of PyTorch",
    "net.caffemodel": r"weights of Caffe; .*--weight=net\.caffemodel",
    "net.param": r"made for another engine and cannot be read back",
    "net.bin": r"made for another engine",
    "net.rknn": r"made for another engine",
    "net.pdparams": r"weights alone, .*paddle\.load\('net\.pdparams'\).*net\.py:FUNCTION",
    "net.pdopt": r"the state of an optimizer",
    "net.pdiparams": r"parameters alone; .* not beside them",
    "net.nb": r"already optimized",
    "net.tar": r"an archive; unpack it \(tar -xf net\.tar",
    "net.yml": r"settings beside a model",
    "net.py": r"Python; say which function builds the network: net\.py:build or net\.py:other",
    "net.jpg": r"no model that is read; give a saved model's folder or file",
}


@pytest.mark.parametrize("name", OTHERS)
def test_models_of_other_kinds_are_called_by_their_names(name: str, tmp_path: Path) -> None:
    content = {"net.bin": b"7767517\n", "net.py": b"def build(): ...\ndef other(): ..."}
    (tmp_path / name).write_bytes(content.get(name, b"something"))
    with pytest.raises(ModelError, match=f"{name} is {OTHERS[name]}"):
        find_model(str(tmp_path / name))
    if name.endswith((".py", ".jpg", ".bin")):
        return
    with pytest.raises(BadFileError, match=rf"holds no model: .*; {name} in it is {OTHERS[name]}"):
        find_model(str(tmp_path))


def test_of_many_files_the_one_that_tells_most(tmp_path: Path) -> None:
    touch(tmp_path, "a.pdopt", "config.yml", "z.pdparams")
    with pytest.raises(BadFileError, match=r"z\.pdparams in it is weights alone"):
        find_model(str(tmp_path))
    touch(tmp_path / "tf", "saved_model.pb")
    with pytest.raises(BadFileError, match=r"it holds a TensorFlow model; .*tf2onnx"):
        find_model(str(tmp_path / "tf"))


def test_a_path_that_is_nearly_right(tmp_path: Path) -> None:
    touch(tmp_path, "inference.pdmodel", "inference.pdiparams")
    with pytest.raises(
        BadFileError, match=r"there is no model at .*; did you mean .*/inference\.pd"
    ):
        find_model(str(tmp_path / "inferense.pdmodel"))
