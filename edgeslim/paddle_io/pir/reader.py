"""The file ``inference.json`` as values: parameters, operators, their types and attributes.

A document ``{"base_code": {"magic": "pir", "version": 4}, "program": {"regions": […]}}``. Keys are
shortened: ``#`` is what something is, ``%`` a value's number, ``I`` and ``O`` operands and results,
``A`` attributes with name ``N`` and value ``AT``, ``D`` data, ``TT`` a type. Dialects are numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import field

from edgeslim.errors import BadFileError, ModelError
from edgeslim.files import read_bytes
from edgeslim.opspec import Shape

__all__ = [
    "NEWEST_VERSION",
    "NO_TENSOR",
    "Operation",
    "Parameter",
    "PirProgram",
    "Result",
    "TensorType",
    "read_pir",
]

NEWEST_VERSION: Final = 4
"""Of the format: 1 is Paddle 3.0's, 4 is 3.3's."""

_DIALECTS = {"0": "builtin", "1": "pd_op", "2": "cf", "3": "custom_op", "4": "dist"}

_ELEMENTS = {
    "0.t_bool": "bool",
    "0.t_i8": "int8",
    "0.t_ui8": "uint8",
    "0.t_i16": "int16",
    "0.t_i32": "int32",
    "0.t_i64": "int64",
    "0.t_f16": "float16",
    "0.t_bf16": "bfloat16",
    "0.t_f32": "float32",
    "0.t_f64": "float64",
    "0.t_c64": "complex64",
    "0.t_c128": "complex128",
}
"""NumPy's names of elements, by the format's."""

NO_TENSOR: Final = "none"
"""Type of elements of a result that is left out."""

_NOT_FINITE = {"INF": float("inf"), "-INF": float("-inf"), "NaN": float("nan")}


class TensorType(msgspec.Struct, frozen=True, gc=False):
    """What a value is: type of its elements by NumPy's name, and its shape; open extents are -1."""

    element: str
    shape: Shape


class Result(msgspec.Struct, frozen=True, gc=False):
    """A value that an operator makes.

    Args:
        number: Its number in the file, by which others refer to it.
        types: Of each tensor in it.
        is_list: Whether it is a list of tensors.
    """

    number: int
    types: tuple[TensorType, ...]
    is_list: bool


class Parameter(msgspec.Struct, frozen=True, gc=False):
    """A tensor that comes with the program.

    Args:
        name: In the parameters' file.
        number: Of its value.
        type: Of its elements, and its shape.
        is_stored: Whether it is in the parameters' file at all.
    """

    name: str
    number: int
    type: TensorType
    is_stored: bool


class Operation(msgspec.Struct, frozen=True, gc=False):
    """An operator.

    Args:
        name: With its dialect, such as ``pd_op.conv2d``.
        operands: Numbers of values; 0 where one is left out.
        results: What it makes.
        attributes: Values by name: numbers, texts, lists of them.
    """

    name: str
    operands: tuple[int, ...]
    results: tuple[Result, ...]
    attributes: Mapping[str, Any]

    @property
    def dialect(self) -> str:
        """Whose operator it is: ``pd_op`` is Paddle's own."""
        return self.name.partition(".")[0]

    @property
    def short_name(self) -> str:
        """Its name within its dialect."""
        return self.name.partition(".")[2]


class PirProgram(msgspec.Struct, frozen=True, gc=False):
    """A program as the file has it.

    Args:
        version: Of the format.
        parameters: In the order of the file.
        operations: All others, in the order they run.
    """

    version: int
    parameters: tuple[Parameter, ...]
    operations: tuple[Operation, ...]


class _Value(msgspec.Struct, gc=False):
    """A type, or the value of an attribute."""

    kind: str = field(name="#")
    data: Any = field(name="D", default=None)
    not_finite: str = field(name="VD", default="")


class _Attribute(msgspec.Struct, gc=False):
    name: str = field(name="N")
    value: _Value = field(name="AT")


class _Result(msgspec.Struct, gc=False):
    number: int = field(name="%")
    type: _Value = field(name="TT")


class _Operand(msgspec.Struct, gc=False):
    number: int = field(name="%")


class _Operator(msgspec.Struct, gc=False):
    """An operator, or a parameter.

    Of a parameter, ``A`` has three flags and the name, and ``OA`` begins with whether it is kept
    in the file of parameters.
    """

    name: str = field(name="#")
    results: _Result | list[_Result] = field(name="O")
    attributes: list[int | str | _Attribute] = field(name="A", default_factory=list)
    operands: list[_Operand] = field(name="I", default_factory=list)
    of_results: msgspec.Raw = field(name="OA", default=msgspec.Raw(b"[]"))
    regions: list[Any] = field(default_factory=list)


class _Block(msgspec.Struct):
    operators: list[_Operator] = field(name="ops")


class _Region(msgspec.Struct):
    blocks: list[_Block]


class _Program(msgspec.Struct):
    regions: list[_Region]


class _Header(msgspec.Struct):
    magic: str = ""
    version: Any = None


class _Head(msgspec.Struct):
    """As much of a document as says what it is."""

    base_code: _Header = field(default_factory=_Header)


class _Document(msgspec.Struct):
    program: _Program
    base_code: _Header = field(default_factory=_Header)


_HEADS = msgspec.json.Decoder(_Head)
_DOCUMENTS = msgspec.json.Decoder(_Document)


def read_pir(path: Path) -> PirProgram:
    """The program in a file.

    Raises:
        BadFileError: Missing, cut off, or no program of Paddle's.
        ModelError: Of a newer version than is known.
    """
    document = _document(path)
    version = _version(document.base_code, path)
    parameters: list[Parameter] = []
    operations: list[Operation] = []
    try:
        ((block,),) = (region.blocks for region in document.program.regions)
        for operator in block.operators:
            if operator.name == "p":
                parameters.append(_parameter(operator))
            else:
                operations.append(_operation(operator))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        place = len(parameters) + len(operations)
        raise BadFileError(
            f"{path} is damaged at operator {place} of its program "
            f"({type(error).__name__}: {error})"
        ) from error
    if not operations:
        raise BadFileError(f"{path} is damaged: its program has no operators")
    return PirProgram(version=version, parameters=tuple(parameters), operations=tuple(operations))


def _document(path: Path) -> _Document:
    content = read_bytes(path)
    if not content.strip():
        raise BadFileError(f"{path} is empty; copy or download it again")
    try:
        return _DOCUMENTS.decode(content)
    except msgspec.ValidationError as error:
        try:
            _version(_HEADS.decode(content).base_code, path)
        except msgspec.ValidationError as other:
            raise BadFileError(f"{path} is no program of Paddle 3: {other}") from other
        raise BadFileError(f"{path} is damaged: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        if "truncated" in str(error):
            raise BadFileError(
                f"{path} is cut off: it ends in the middle of the program; "
                "copy or download it again"
            ) from error
        raise BadFileError(f"{path} is no JSON document: {error}") from error


def _version(header: _Header, path: Path) -> int:
    """The version of the format.

    Raises:
        BadFileError: It is no document of this format.
        ModelError: The version is a newer one.
    """
    if header.magic != "pir":
        raise BadFileError(
            f"{path} is no program of Paddle 3: it does not say that it is one (magic 'pir')"
        )
    if type(header.version) is not int:
        raise BadFileError(f"{path} does not say its format's version, but {header.version!r}")
    if header.version > NEWEST_VERSION:
        raise ModelError(
            f"{path} is of version {header.version} of Paddle's format and edgeslim reads up to "
            f"{NEWEST_VERSION} (Paddle 3.0 to 3.3); update edgeslim, or save the model again with "
            "paddlepaddle==3.3.1"
        )
    return header.version


def _parameter(operator: _Operator) -> Parameter:
    name = operator.attributes[3]
    if not isinstance(name, str) or isinstance(operator.results, list):
        raise TypeError(f"a parameter is called {name!r}")
    return Parameter(
        name=name,
        number=operator.results.number,
        type=_tensor_type(operator.results.type),
        is_stored=bool(msgspec.json.decode(operator.of_results)[0]),
    )


def _operation(operator: _Operator) -> Operation:
    dialect, _, short = operator.name.partition(".")
    name = f"{_DIALECTS.get(dialect, dialect)}.{short}"
    if operator.regions:
        return Operation(name, (), (), {"regions": len(operator.regions)})
    if isinstance(operator.results, _Result):
        raise TypeError("its results are no list")
    attributes = {}
    for attribute in operator.attributes:
        if not isinstance(attribute, _Attribute):
            raise TypeError(f"{attribute!r} is no attribute")
        value = attribute.value
        attributes[attribute.name] = _attribute(value.kind, value.data, value.not_finite)
    return Operation(
        name=name,
        operands=tuple([operand.number for operand in operator.operands]),
        results=tuple([_result(result) for result in operator.results]),
        attributes=attributes,
    )


def _result(described: _Result) -> Result:
    kind = described.type
    if kind.kind != "0.t_vec":
        return Result(described.number, (_tensor_type(kind),), is_list=False)
    types = [_tensor_type(_Value(each["#"], each.get("D"))) for each in kind.data]
    return Result(described.number, tuple(types), is_list=True)


def _tensor_type(kind: _Value) -> TensorType:
    if kind.kind != "0.t_dtensor":  # a result that is left out, or a sparse tensor
        return TensorType(kind.kind.partition(".")[2] or NO_TENSOR, ())
    element, shape = kind.data[0]["#"], kind.data[1]
    return TensorType(_ELEMENTS.get(element, element), tuple([int(extent) for extent in shape]))


def _attribute(kind: str, data: Any, not_finite: str = "") -> Any:  # noqa: ANN401 - of many types
    """A value: lists of values are lists; a scalar with its type is the number alone."""
    if not_finite:
        return _NOT_FINITE[not_finite]
    if kind == "0.a_array":
        return [_attribute(each["#"], each.get("D"), each.get("VD", "")) for each in data or ()]
    if kind == "1.a_scalar" and isinstance(data, list):
        return data[1] if len(data) == 2 else data[1:]
    if kind in {"0.a_c64", "0.a_c128"}:
        return complex(*data)
    return data
