"""Finding the model of a MODEL on the command line: a saved model, a function, or a name."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from edgeslim.conversion.foreign_models import describe_file
from edgeslim.conversion.renamed_files import find_parameters, find_renamed_model
from edgeslim.conversion.user_file import load_user_file
from edgeslim.errors import BadFileError, ModelError, UnknownNameError, UsageError
from edgeslim.models import MODELS
from edgeslim.opspec import Shape, TypedShape
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.paddle_io.parameters import persistent_tensors
from edgeslim.paddle_io.pir.reader import read_pir
from edgeslim.paddle_io.proto import read_program
from edgeslim.spaces import SPACES

if TYPE_CHECKING:
    import paddle

__all__ = [
    "LayerModel",
    "ModelSource",
    "SavedModel",
    "find_model",
    "parse_input_shapes",
    "parse_only_shape",
]

_FUNCTION = re.compile(r"(?P<file>.+\.py):(?P<name>[A-Za-z_]\w*)")
_NAMINGS = (("model.pdmodel", "model.pdiparams"), ("__model__", "__params__"))
_TYPES = ("float32", "int64", "int32", "int16", "int8", "uint8", "bool")
_GENERIC = {"__model__", "__params__", "inference", "model", "params"}
"""File names without suffix that say nothing about a model, so that its folder names it."""

_PROGRAMS = ("*/*.pdmodel", "*/__model__", "*/inference.json")
_PROGRAM_ENDINGS = (".pdmodel", ".json")
_PIR_STEM = "inference"
"""Name of the files of Paddle's own models."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SavedModel:
    """An inference model on disk.

    Args:
        name: Short name for reports.
        program: Program description, or a program in Paddle 3's own format (``.json``).
        parameters: Combined parameters, or a folder with a file for each.
    """

    name: str
    program: Path
    parameters: Path

    @classmethod
    def at(cls, prefix: Path, *, name: str = "") -> SavedModel:
        """The model ``prefix.pdmodel``, by default with the name of its files."""
        return cls(
            name=name or prefix.name,
            program=Path(f"{prefix}.pdmodel"),
            parameters=Path(f"{prefix}.pdiparams"),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class LayerModel:
    """A network that a function builds.

    Args:
        name: Short name for reports.
        build: Function that builds the network.
        input_shape: Shape of its input, if the source knows it.
    """

    name: str
    build: Callable[[], paddle.nn.Layer]
    input_shape: Shape | None = None


ModelSource = SavedModel | LayerModel


def find_model(text: str, *, num_classes: int | None = None) -> ModelSource:
    """Finds the model that ``text`` names.

    Args:
        text: A saved model, ``file.py:function``, or a name.
        num_classes: Number of classes of a network by name, without the background; by default
            those that it was published with.

    Raises:
        UnknownNameError: There is no such file or name; the nearest name is offered.
        BadFileError: The files are not a model, or the file of a function does not load.
        ModelError: Paddle-Lite cannot read the form; the message says how to export it again.
    """
    function = _FUNCTION.fullmatch(text)
    if function is not None:
        return _from_function(Path(function["file"]), function["name"])
    path = Path(text)
    if path.is_dir():
        return _from_folder(path)
    if path.suffix in _PROGRAM_ENDINGS and path.exists():
        return _saved_model(_name_of(path), path, path.with_suffix(".pdiparams"))
    if path.suffix == ".pdiparams" and path.exists():
        path = path.with_suffix("")
    for ending in _PROGRAM_ENDINGS:
        program = path.with_name(path.name + ending)
        if program.exists():
            return _saved_model(
                _name_of(program), program, path.with_name(path.name + ".pdiparams")
            )
    if text in MODELS:
        load_paddle()
        entry = MODELS.get(text)
        return LayerModel(
            name=text.lower().replace("_", "-"),
            build=lambda: entry.for_classes(num_classes),
            input_shape=entry.input_shape,
        )
    if Path(text).is_file():
        return _from_renamed_file(Path(text))
    if "/" in text or path.suffix:
        near = get_close_matches(path.name, _names_in(path.parent), n=1)
        hint = f"; did you mean {path.parent / near[0]}?" if near else ""
        raise BadFileError(f"there is no model at {text}{hint}")
    if text in SPACES:
        raise UsageError(
            f"{text} is a search space, not a model; edgeslim space build {text} --out FOLDER "
            "saves a network of it"
        )
    raise UnknownNameError("model", text, MODELS.names())


def parse_input_shapes(texts: list[str]) -> dict[str, Shape]:
    """Parses shapes such as ``1,3,224,224`` or ``name=1,3,224,224``; the name may be empty.

    The type of the elements may follow, as in ``1,16:int64``, since a network that is built by a
    function does not know it.

    Raises:
        UsageError: A text is no shape, or has an unknown type.
    """
    shapes: dict[str, Shape] = {}
    for text in texts:
        name, _, form = text.rpartition("=")
        numbers, _, dtype = form.partition(":")
        if dtype not in {"", *_TYPES}:
            raise UsageError(f"{text!r}: {dtype!r} is no type of inputs; {', '.join(_TYPES)} are")
        try:
            shape = tuple(int(number) for number in re.split(r"[,x]", numbers))
        except ValueError:
            shape = ()
        if not shape or min(shape) < 1:
            raise UsageError(f"{text!r} is not an input shape; write it like 1,3,224,224")
        shapes[name] = TypedShape(shape, dtype) if dtype else shape
    return shapes


def parse_only_shape(texts: list[str], *, of: str = "this model") -> Shape | None:
    """Parses the shape of a network's one input, which needs no name; None if there is no text.

    Args:
        texts: The shape as for `parse_input_shapes`.
        of: What has one input, for the message.

    Raises:
        UsageError: A text is no shape, or names an input.
    """
    shapes = parse_input_shapes(texts)
    if set(shapes) - {""}:
        raise UsageError(f"{of} has one input; write --input-shape 1,3,224,224 without a name")
    return shapes.get("")


def _from_folder(folder: Path) -> SavedModel:
    for program, parameters in _NAMINGS:
        if (folder / program).exists():
            return _saved_model(folder.name, folder / program, folder / parameters)
    for programs in (sorted(folder.glob("*.pdmodel")), _pir_programs(folder)):
        if len(programs) == 1:
            (only,) = programs
            return _saved_model(_name_of(only), only, only.with_suffix(".pdiparams"))
        if programs:
            names = ", ".join(str(program.with_suffix("")) for program in programs)
            raise BadFileError(f"{folder} holds several models; give one of {names}")
    if (found := find_renamed_model(folder)) is not None:
        return SavedModel(name=folder.name, program=found[0], parameters=found[1])
    below = next(
        (program.parent for name in _PROGRAMS for program in sorted(folder.glob(name))), None
    )
    raise BadFileError(
        f"{folder} holds no model: neither *.pdmodel or *.json with *.pdiparams, nor __model__ "
        f"with __params__{_other_contents(folder, below)}"
    )


def _name_of(program: Path) -> str:
    """Name of a saved model: that of its file, or of its folder if the file's is generic."""
    stem = program.stem
    return (stem in _GENERIC and program.resolve().parent.name) or stem


def _pir_programs(folder: Path) -> list[Path]:
    """Programs of Paddle 3 in a folder, where other JSON files may lie as well."""
    return [
        path
        for path in sorted(folder.glob("*.json"))
        if path.stem == _PIR_STEM or path.with_suffix(".pdiparams").exists()
    ]


def _other_contents(folder: Path, below: Path | None) -> str:
    """Text of what a folder without a model has instead."""
    if below is not None:
        return f"; {below} does"
    what = describe_file(folder)
    return f"; {what}" if what else ""


def _from_renamed_file(path: Path) -> SavedModel:
    """The model of a file that does not have the name of a model."""
    if (found := find_renamed_model(path)) is not None:
        name = path.parent.name if path.name in _GENERIC else path.stem
        return SavedModel(name=name or path.name, program=found[0], parameters=found[1])
    what = describe_file(path)
    raise ModelError(
        f"{path} is {what}"
        if what
        else f"{path} is no model that is read; give a saved model's folder or file, "
        "file.py:function, or a name"
    )


def _names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()] if folder.is_dir() else []


def _needs_none(program: Path) -> bool:
    """Whether a program has no parameters; Paddle writes no file of them then."""
    if program.suffix != ".json":
        try:
            return not persistent_tensors(read_program(program))
        except BadFileError:  # which is said of it later
            return False
    return not any(parameter.is_stored for parameter in read_pir(program).parameters)


def _saved_model(name: str, program: Path, parameters: Path) -> SavedModel:
    if not parameters.exists() and not _needs_none(program):
        if (found := find_parameters(program)) is not None:
            return SavedModel(name=name, program=program, parameters=found)
        raise BadFileError(f"{program} has no parameters beside it: {parameters} is missing")
    return SavedModel(name=name, program=program, parameters=parameters)


def _from_function(file: Path, name: str) -> LayerModel:
    members = vars(load_user_file(file))
    functions = [key for key, value in members.items() if callable(value)]
    if name not in functions:
        raise UnknownNameError(f"function in {file}", name, functions)
    return LayerModel(name=name.replace("_", "-"), build=members[name])
