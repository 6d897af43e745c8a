"""Values for a model's inputs: noise of their types, or the user's own from a NumPy file."""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from edgeslim.errors import BadFileError, ModelError
from edgeslim.graph import Graph
from edgeslim.opspec import Shape, TypedShape
from edgeslim.runner.protocol import Input

__all__ = [
    "Array",
    "GivenInputs",
    "check_input_types",
    "fit_inputs",
    "make_noise",
    "read_given",
    "runner_inputs",
    "write_inputs",
]

Array = np.ndarray[Any, Any]

_WITHOUT_KERNELS = {
    "float16": "float32",
    "float64": "float32",
    "bfloat16": "float32",
}
"""Types of inputs that no runtime here supports, with the types to use instead."""

_VALUES = {"bool": 2, "uint8": 256, "int8": 128}
"""Number of different values of integer inputs that are no indices; for other types they are 0 and
1, which is right for masks and token types and harmless elsewhere."""

_WIDER = (1, 2, 32, 256)
"""Factors of that number, for when outputs did not change with fewer values."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class GivenInputs:
    """The user's own inputs.

    Args:
        path: File that they were read from.
        arrays: Arrays by name; a file of one array has an empty name.
        sha256: Checksum of the file.
    """

    path: Path
    arrays: Mapping[str, Array]
    sha256: str

    @property
    def without_name(self) -> GivenInputs:
        """The same with an empty name for its only array, which fits any model of one input."""
        if len(self.arrays) != 1:
            return self
        return replace(self, arrays={"": next(iter(self.arrays.values()))})

    @property
    def shapes(self) -> dict[str, Shape]:
        """Shapes and types by name, for `edgeslim.conversion.prepare.prepare`."""
        return {
            name: TypedShape(
                array.shape, "float32" if array.dtype.kind == "f" else array.dtype.name
            )
            for name, array in self.arrays.items()
        }


def write_inputs(given: GivenInputs, folder: Path, model: str) -> dict[str, Path]:
    """Writes each input of a model into a NumPy file for a runner; returns the files by name."""
    files = {}
    for place, (name, array) in enumerate(given.arrays.items()):
        files[name] = folder / f"{model}.given{place}.npy"
        np.save(files[name], array, allow_pickle=False)
    return files


def read_given(path: Path) -> GivenInputs:
    """Reads a ``.npz`` file with an array for each input, or the one array of a ``.npy`` file.

    Raises:
        BadFileError: It is neither, or holds no numbers.
    """
    mend = "write it with numpy.savez(FILE, NAME=ARRAY), or numpy.save(FILE, ARRAY) for one input"
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise BadFileError(f"{path} {what}; --inputs takes a .npy or .npz file")
    try:
        content = path.read_bytes()
        if content[:6] != b"\x93NUMPY" and content[:2] != b"PK":
            raise BadFileError(f"{path} is no .npy or .npz file of NumPy; {mend}")
        with path.open("rb") as stream:
            loaded: Any = np.load(stream, allow_pickle=False)
            arrays = {"": loaded} if isinstance(loaded, np.ndarray) else dict(loaded)
    except (
        *(OSError, ValueError, EOFError, KeyError, NotImplementedError, MemoryError, SyntaxError),
        *(zipfile.BadZipFile, zlib.error),
    ) as error:
        if "allow_pickle" in str(error):
            raise BadFileError(
                f"{path} holds Python objects and not numbers, which are not read; {mend}"
            ) from error
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise BadFileError(f"cannot read {path} as arrays of NumPy's: {reason}; {mend}") from error
    if not arrays:
        raise BadFileError(f"{path} holds no arrays; {mend}")
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray):  # a member of the archive that is no array
            raise BadFileError(f"{path}: {name!r} is no array of NumPy's; {mend}")
        if array.dtype.kind not in "fiub":
            raise BadFileError(f"{path}:{_name_text(name)} holds {array.dtype}, which is no number")
    return GivenInputs(path=path, arrays=arrays, sha256=hashlib.sha256(content).hexdigest())


def _name_text(name: str) -> str:
    return f" {name!r}" if name else " the array"


def fit_inputs(given: GivenInputs, graph: Graph, model: str) -> GivenInputs:
    """The user's inputs as the model reads them: named, in its order, of its shapes and types.

    Args:
        given: Inputs as they were read from a file.
        graph: Graph of the model.
        model: Name of the model in errors.

    Raises:
        BadFileError: An input is missing, unknown or of another shape or type, is not finite, or
            has indices out of range.
        ModelError: The model has inputs of types that no runtime here supports.
    """
    check_input_types(graph, model)
    arrays, names = dict(given.arrays), list(graph.feeds)
    if set(arrays) == {""} and len(names) == 1:
        arrays = {names[0]: arrays[""]}
    elif "" in arrays:
        raise BadFileError(
            f"{given.path} holds one array and {model} has {len(names)} inputs; write "
            f"numpy.savez(FILE, {', '.join(f'{name}=...' for name in names)})"
        )
    for name in arrays:
        if name not in graph.feeds:
            raise BadFileError(
                f"{given.path}: {model} has no input {name!r}; it has {', '.join(names)}"
            )
    for name in names:
        if name not in arrays:
            raise BadFileError(f"{given.path} lacks input {name!r} of {model}")
    fit = {name: _fit_array(given.path, name, arrays[name], graph, model) for name in names}
    return replace(given, arrays=fit)


def _fit_array(path: Path, name: str, array: Array, graph: Graph, model: str) -> Array:
    shape, dtype = graph.feeds[name], graph.feed_type(name)
    if array.shape != shape and (shape[:1] != (1,) or array.shape != shape[1:]):
        raise BadFileError(
            f"{path}: input {name!r} has shape {list(array.shape)} and {model} reads {list(shape)}"
        )
    if not _keeps_values(array, dtype):
        raise BadFileError(
            f"{path}: input {name!r} holds {array.dtype} and {model} reads {dtype}; save it with "
            f".astype({dtype!r})"
        )
    if not np.isfinite(array).all():
        raise BadFileError(f"{path}: input {name!r} has values that are not finite")
    bound = graph.feed_bounds.get(name, 0)
    if bound and array.size and not 0 <= array.min() <= array.max() < bound:
        wrong = array.min() if array.min() < 0 else array.max()
        raise BadFileError(
            f"{path}: input {name!r} has {wrong:g} where {model} chooses from 0 to {bound - 1}"
        )
    with np.errstate(over="ignore"):
        fit = np.ascontiguousarray(array.reshape(shape), dtype)
    if not np.isfinite(fit).all():
        raise BadFileError(f"{path}: input {name!r} has values that {dtype} does not hold")
    return fit


def _keeps_values(array: Array, dtype: str) -> bool:
    """Whether an array can be given for a type: floats for floats, integers that fit."""
    wanted = np.dtype(dtype)
    if wanted.kind in "fb" or array.dtype.kind in "fb":
        return bool(array.dtype.kind == wanted.kind)
    limits = np.iinfo(wanted)
    return not array.size or bool(limits.min <= int(array.min()) and int(array.max()) <= limits.max)


def check_input_types(graph: Graph, model: str) -> None:
    """Checks that Paddle-Lite's runtime supports the types of a model's inputs.

    Raises:
        ModelError: It does not support one of them.
    """
    for name, dtype in graph.feed_types.items():
        if dtype in _WITHOUT_KERNELS or not _is_known(dtype):
            raise ModelError(
                f"{model}: input {name!r} is {dtype}, which Paddle-Lite does not compute with; "
                f"export the model with {_WITHOUT_KERNELS.get(dtype, 'float32')} for it"
            )


def _is_known(dtype: str) -> bool:
    try:
        return bool(np.dtype(dtype).kind in "fiub")
    except TypeError:
        return False


def _below(graph: Graph, name: str, times: int = 1) -> int:
    """Bound below which the noise of an input is integers; 0 if it is floats."""
    dtype, bound = graph.feed_type(name), graph.feed_bounds.get(name, 0)
    most = _VALUES.get(dtype, 0)
    if bound:
        return min(bound, most) if most else bound
    return 0 if dtype == "float32" else most or 2 * times


def runner_inputs(graph: Graph, files: Mapping[str, Path] | None = None) -> list[Input]:
    """Inputs for a runner in order: noise of the right types, or files."""
    return [
        Input(
            shape=shape,
            dtype=graph.feed_type(name),
            seed=place,
            below=_below(graph, name),
            file=files[name].name if files else "",
        )
        for place, (name, shape) in enumerate(graph.feeds.items())
    ]


def make_noise(
    graph: Graph, generator: np.random.Generator, *, scale: float = 1.0, wider: int = 0
) -> dict[str, Array]:
    """Makes noise for each input, of its type; indices are within their range.

    Args:
        graph: Graph of the model.
        generator: Source of random numbers.
        scale: Standard deviation of floats.
        wider: Step from 0 to 3 by which the range of integers that are no indices grows.
    """
    noise: dict[str, Array] = {}
    for name, shape in graph.feeds.items():
        below = _below(graph, name, _WIDER[wider])
        values = (
            generator.integers(0, below, shape)
            if below
            else scale * generator.standard_normal(shape)
        )
        noise[name] = values.astype(graph.feed_type(name))
    return noise
