"""What a profile needs of an ONNX file: nodes, their attributes, and shapes of parameters.

The file is read by its wire format (protobuf's), of which only a few fields are wanted, so that
importing a profile needs no other package. Field numbers: ``onnx/onnx.proto`` of ONNX 1.17.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from edgeslim.errors import BadFileError
from edgeslim.files import read_bytes
from edgeslim.opspec import Shape

__all__ = ["OnnxModel", "OnnxNode", "OnnxValue", "read_onnx"]

OnnxValue = int | float | str | tuple[int, ...] | tuple[float, ...]

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_FLOAT, _INT32, _INT64, _DOUBLE = 1, 6, 7, 11
"""Types of elements, by their numbers in ONNX."""
_FORMATS = {_FLOAT: "f", _INT32: "i", _INT64: "q", _DOUBLE: "d"}
_FEW = 16
"""Longer tensors are weights, and their values decide nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OnnxNode:
    """One node of a model.

    Args:
        name: Name of the node; may be empty.
        kind: Its operator, such as ``Conv``.
        inputs: Names of the tensors that it reads; an empty name is an input that is left out.
        outputs: Names of the tensors that it writes.
        attributes: Numbers, texts and lists of numbers, by name.
    """

    name: str
    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, OnnxValue]


@dataclass(frozen=True, kw_only=True, slots=True)
class OnnxModel:
    """The main graph of a model.

    Args:
        nodes: Nodes in the order of the file.
        parameters: Shapes of tensors whose values are in the file, by name.
        values: Values of the short ones among them, by name.
    """

    nodes: tuple[OnnxNode, ...]
    parameters: Mapping[str, Shape]
    values: Mapping[str, tuple[float, ...]]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Tensor:
    name: str = ""
    shape: Shape = ()
    values: tuple[float, ...] = ()


def read_onnx(path: Path) -> OnnxModel:
    """Reads a model.

    Raises:
        BadFileError: It cannot be read, or is not an ONNX model.
    """
    content = memoryview(read_bytes(path))
    try:
        graphs = [value for number, value in _messages(content) if number == 7]
        if not graphs:
            raise BadFileError(f"{path} is not an ONNX model: it has no graph")
        return _read_graph(graphs[0])
    except (IndexError, struct.error, UnicodeDecodeError, ValueError) as error:
        raise BadFileError(f"{path} is not an ONNX model: {error}") from error


def _read_graph(graph: memoryview) -> OnnxModel:
    nodes, tensors = [], []
    for number, value in _messages(graph):
        if number == 1:
            node, constant = _read_node(value)
            nodes.append(node)
            if constant is not None:
                tensors.append(replace(constant, name=node.outputs[0]))
        elif number == 5:
            tensors.append(_read_tensor(value))
    known = {tensor.name: tensor for tensor in tensors}
    for node in nodes:  # exporters hand constants on
        if node.kind in {"Identity", "Cast"} and node.inputs[0] in known:
            known[node.outputs[0]] = known[node.inputs[0]]
    return OnnxModel(
        nodes=tuple(nodes),
        parameters={name: tensor.shape for name, tensor in known.items()},
        values={name: tensor.values for name, tensor in known.items() if tensor.values},
    )


def _read_node(message: memoryview) -> tuple[OnnxNode, _Tensor | None]:
    """A node, and the tensor of a constant."""
    inputs, outputs, name, kind = [], [], "", ""
    attributes: dict[str, OnnxValue] = {}
    constant = None
    for number, value in _messages(message):
        if number == 1:
            inputs.append(_text(value))
        elif number == 2:
            outputs.append(_text(value))
        elif number == 3:
            name = _text(value)
        elif number == 4:
            kind = _text(value)
        elif number == 5:
            found, plain, tensor = _read_attribute(value)
            if plain is not None:
                attributes[found] = plain
            if found == "value" and tensor is not None:
                constant = tensor
    node = OnnxNode(
        name=name, kind=kind, inputs=tuple(inputs), outputs=tuple(outputs), attributes=attributes
    )
    return node, constant if kind == "Constant" else None


def _read_attribute(message: memoryview) -> tuple[str, OnnxValue | None, _Tensor | None]:
    name, kind = "", 0
    single: dict[int, OnnxValue] = {}
    floats, ints = list[float](), list[int]()
    tensor = None
    for number, wire, value in _fields(message):
        if number == 1 and isinstance(value, memoryview):
            name = _text(value)
        elif number == 20 and isinstance(value, int):
            kind = value
        elif number == 2 and isinstance(value, memoryview):
            single[1] = float(struct.unpack("<f", value)[0])
        elif number == 3 and isinstance(value, int):
            single[2] = _to_signed(value)
        elif number == 4 and isinstance(value, memoryview):
            single[3] = bytes(value).decode("utf-8", "replace")
        elif number == 5 and isinstance(value, memoryview):
            tensor = _read_tensor(value)
        elif number == 7:
            floats += _numbers(wire, value, "f")
        elif number == 8:
            ints += [int(one) for one in _numbers(wire, value, "varint")]
    plain: OnnxValue | None = single.get(kind)
    if kind == 6:
        plain = tuple(floats)
    elif kind == 7:
        plain = tuple(ints)
    return name, plain, tensor


def _read_tensor(message: memoryview) -> _Tensor:
    shape, values = list[int](), list[float]()
    name, kind, raw = "", 0, memoryview(b"")
    packed = {4: "f", 5: "varint", 7: "varint", 10: "d"}
    for number, wire, value in _fields(message):
        if number == 1:
            shape += [int(one) for one in _numbers(wire, value, "varint")]
        elif number == 2 and isinstance(value, int):
            kind = value
        elif number == 8 and isinstance(value, memoryview):
            name = _text(value)
        elif number == 9 and isinstance(value, memoryview):
            raw = value
        elif number in packed and len(values) <= _FEW:
            values += _numbers(wire, value, packed[number])[: _FEW + 1]
    count = 1
    for extent in shape:
        count *= extent
    if count <= _FEW and raw and kind in _FORMATS:
        values = list(struct.unpack(f"<{count}{_FORMATS[kind]}", raw))
    return _Tensor(name=name, shape=tuple(shape), values=tuple(values) if count <= _FEW else ())


def _numbers(wire: int, value: int | memoryview, kind: str) -> list[float]:
    """Repeated numbers, one by one or packed together."""
    if isinstance(value, int):
        return [_to_signed(value)]
    if kind != "varint":
        size = struct.calcsize(kind)
        return list(struct.unpack(f"<{len(value) // size}{kind}", value))
    if wire != _BYTES:
        raise ValueError("a whole number has another form")
    found, place = list[float](), 0
    while place < len(value):
        number, place = _varint(value, place)
        found.append(_to_signed(number))
    return found


def _messages(message: memoryview) -> Iterator[tuple[int, memoryview]]:
    """The fields that are messages, texts or bytes, with their numbers."""
    for number, wire, value in _fields(message):
        if wire == _BYTES and isinstance(value, memoryview):
            yield number, value


def _fields(message: memoryview) -> Iterator[tuple[int, int, int | memoryview]]:
    """All fields: number, wire type, and a whole number or bytes."""
    place = 0
    while place < len(message):
        key, place = _varint(message, place)
        number, wire = key >> 3, key & 7
        if wire == _VARINT:
            value, place = _varint(message, place)
            yield number, wire, value
            continue
        if wire == _BYTES:
            size, place = _varint(message, place)
        elif wire in {_FIXED32, _FIXED64}:
            size = 4 if wire == _FIXED32 else 8
        else:
            raise ValueError(f"field {number} has the unknown wire type {wire}")
        if place + size > len(message):
            raise ValueError("it is cut off")
        yield number, wire, message[place : place + size]
        place += size


def _varint(message: memoryview, place: int) -> tuple[int, int]:
    """A whole number of seven bits a byte, and the place behind it."""
    value = shift = 0
    while shift < 70:
        byte = message[place]
        place += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, place
        shift += 7
    raise ValueError("a whole number is too long")


def _to_signed(value: int) -> int:
    return value - 2**64 if value >= 2**63 else value


def _text(value: memoryview) -> str:
    return bytes(value).decode("utf-8")
