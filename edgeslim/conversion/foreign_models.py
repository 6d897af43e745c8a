"""Descriptions of model files that cannot be read, with what to do with them."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path

__all__ = ["describe_file"]

_TO_PADDLE = (
    "make a Paddle model of it first: x2paddle --framework={} --save_dir=converted (pip install "
    "x2paddle), and give converted/inference_model"
)
_TO_ONNX = "{}, and " + _TO_PADDLE.format("onnx --model=net.onnx")
_COMPILED = "{} and cannot be read back; give the model that it was made from"
_ARCHIVE = "an archive; unpack it (tar -xf {}, unzip {}) and give the folder that is in it"
_BESIDE = "settings beside a model; give the folder that they are in, or the model's own file"

_BY_ENDING = {
    ".onnx": f"an ONNX model; {_TO_PADDLE.format('onnx --model={}')}",
    ".pb": f"a TensorFlow graph; {_TO_PADDLE.format('tensorflow --model={}')}",
    ".caffemodel": "weights of Caffe; "
    + _TO_PADDLE.format("caffe --prototxt=FILE.prototxt --weight={}"),
    ".tflite": "a TensorFlow Lite model; "
    + _TO_ONNX.format(
        "make an ONNX model of it (pip install tflite2onnx; tflite2onnx {} net.onnx)"
    ),
    ".pdparams": (
        "weights alone, without the network; write a function that builds the network and loads "
        "them, into net.py: net.set_state_dict(paddle.load('{}')); return net; and give "
        "net.py:FUNCTION with --input-shape"
    ),
    ".pdopt": (
        "the state of an optimizer, and no model; the weights beside it end in .pdparams, and the "
        "model that was exported of them in .pdmodel or .json"
    ),
    ".nb": _COMPILED.format("already optimized for Paddle-Lite"),
    ".pdiparams": (
        "parameters alone; what was saved with them, .pdmodel or .json, is not beside them"
    ),
    ".info": "notes of Paddle's beside a model; give the model's own file",
}
"""Descriptions of files by their suffix; ``{}`` is the file's name."""

_SAME = {
    (".pt", ".pth", ".ckpt", ".safetensors", ".torchscript"): (
        "of PyTorch; "
        + _TO_ONNX.format(
            "make an ONNX model of it where the network's code is: "
            "torch.onnx.export(net.eval(), torch.zeros(1, 3, 224, 224), 'net.onnx')"
        )
    ),
    (".h5", ".hdf5", ".keras"): (
        "a Keras model; "
        + _TO_ONNX.format(
            "make an ONNX model of it (pip install tf2onnx; "
            "python -m tf2onnx.convert --keras {} --output net.onnx)"
        )
    ),
    (".param", ".mnn", ".rknn", ".om", ".engine", ".plan", ".trt", ".dlc", ".mlmodel", ".ms"): (
        _COMPILED.format("made for another engine")
    ),
    (".tar", ".gz", ".tgz", ".zip", ".xz", ".bz2", ".7z", ".rar"): _ARCHIVE,
    (".yml", ".yaml"): _BESIDE,
}

_NCNN = b"7767517"


def describe_file(path: Path) -> str:
    """Describes a file, or the files of a folder, with advice; empty if it is not known."""
    if path.is_dir():
        return _describe_folder(sorted(file for file in path.iterdir() if file.is_file()))
    if path.suffix == ".py":
        return _describe_python(path)
    ending = path.suffix.lower()
    text = _BY_ENDING.get(ending) or next(
        (text for endings, text in _SAME.items() if ending in endings), ""
    )
    if ending == ".bin" and (path.with_suffix(".param").exists() or _begins(path, _NCNN)):
        text = _COMPILED.format("made for another engine")
    return text.replace("{}", path.name)


def _describe_folder(files: Iterable[Path]) -> str:
    """Describes the most informative file of a folder; settings beside a model come last."""
    text = {file: describe_file(file) for file in files}
    if any(file.name == "saved_model.pb" for file in text):
        return "it holds a TensorFlow model; " + _TO_ONNX.format(
            "make an ONNX model of it (pip install tf2onnx; python -m tf2onnx.convert "
            "--saved-model FOLDER --output net.onnx)"
        )
    informative = [file for file in text if text[file] and file.suffix != ".py"]
    informative.sort(key=lambda file: (text[file] == _BESIDE, file.suffix in {".info", ".pdopt"}))
    return f"{informative[0].name} in it is {text[informative[0]]}" if informative else ""


def _describe_python(path: Path) -> str:
    """Describes a Python file with the functions that it defines."""
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return ""
    names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    if not names:
        return (
            "Python; write a function into it that returns a paddle.nn.Layer, and give "
            f"{path.name}:FUNCTION"
        )
    given = " or ".join(f"{path.name}:{name}" for name in names[:3])
    return f"Python; say which function builds the network: {given}"


def _begins(path: Path, start: bytes) -> bool:
    try:
        with path.open("rb") as stream:
            return stream.read(len(start)) == start
    except OSError:
        return False
