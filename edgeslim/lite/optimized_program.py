"""The program and the weights in an optimized model's file.

Fields are numbered as in Paddle-Lite's ``lite/model_parser/flatbuffers/framework.fbs`` and
``param.fbs``; the layout of the file is in `edgeslim.lite.optimized_model`.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np

from edgeslim.errors import BadFileError, ModelError
from edgeslim.files import read_bytes
from edgeslim.lite.flat_tables import FlatTable, root_table
from edgeslim.lite.optimized_model import parameter_messages, program_message, read_optimized_model
from edgeslim.ops import ELEMENT_NUMBERS
from edgeslim.optimized_program import OperatorCall, OptimizedProgram

__all__ = ["read_optimized_program"]

_KERNEL = "__@kernel_type_attr@__"
"""The attribute with the kernel that runs an operator."""

_SCALARS: dict[int, tuple[int, str, float]] = {
    0: (2, "i", 0),
    1: (3, "f", 0.0),
    6: (8, "?", False),
    9: (11, "q", 0),
    15: (14, "d", 0.0),
}
"""Field, form and default of an attribute that is one number, by its type."""

_VECTORS = {3: (5, "<i4"), 4: (6, "<f4"), 7: (9, "?"), 11: (13, "<i8"), 12: (15, "<f8")}
"""Field and element type of an attribute that is several numbers, by its type."""

_TEXT, _TEXTS = 2, 5

_ELEMENTS = {
    number: np.dtype(name).newbyteorder("<")
    for name, number in ELEMENT_NUMBERS.items()
    if name != "bfloat16"
}
"""Types of elements as they lie in the file."""


def read_optimized_program(path: Path) -> OptimizedProgram:
    """Reads the program and the weights of an ``.nb`` file.

    Raises:
        BadFileError: Missing, truncated, or not an optimized model.
        ModelError: The program has loops or branches.
    """
    read_optimized_model(path)
    content = read_bytes(path)
    try:
        blocks = root_table(program_message(content)).tables(0)
        weights = dict(_weight(message) for message in parameter_messages(content))
        operators = [_operator(table) for table in blocks[0].tables(3)]
    except (ValueError, KeyError, IndexError, struct.error) as error:
        raise BadFileError(f"{path} is not a whole optimized model: {error}") from error
    if len(blocks) > 1:
        raise ModelError("control flow (loops or branches)")
    return OptimizedProgram(
        calls=[call for call in operators if call.kind not in {"feed", "fetch"}],
        weights=weights,
        feeds=_ends(operators, "feed"),
        fetches=_ends(operators, "fetch"),
    )


def _ends(operators: list[OperatorCall], kind: str) -> tuple[str, ...]:
    """Names of the inputs or outputs in the order of their columns."""
    found = sorted(
        (call for call in operators if call.kind == kind), key=lambda call: call.attributes["col"]
    )
    return tuple(
        call.outputs["Out"][0] if kind == "feed" else call.inputs["X"][0] for call in found
    )


def _operator(table: FlatTable) -> OperatorCall:
    attributes = dict(map(_attribute, table.tables(3)))
    return OperatorCall(
        kind=table.text(0),
        inputs=_slots(table.tables(1)),
        outputs=_slots(table.tables(2)),
        kernel=str(attributes.pop(_KERNEL, "")),
        attributes=attributes,
    )


def _slots(tables: list[FlatTable]) -> dict[str, tuple[str, ...]]:
    found = {table.text(0): tuple(table.texts(1)) for table in tables}
    return {slot: names for slot, names in found.items() if names}


def _attribute(table: FlatTable) -> tuple[str, Any]:
    name, kind = table.text(0), table.number(1, "i")
    if kind == _TEXT:
        return name, table.text(4)
    if kind == _TEXTS:
        return name, tuple(table.texts(7))
    if kind in _SCALARS:
        return name, table.number(*_SCALARS[kind])
    if kind in _VECTORS:
        field, element = _VECTORS[kind]
        return name, tuple(table.numbers(field, element).tolist())
    return name, None  # a block, which only control flow has


def _weight(message: bytes) -> tuple[str, np.ndarray[Any, Any]]:
    table = root_table(message)
    tensor = table.table(3)
    if tensor is None:
        raise ValueError("a weight without a value")
    shape = tensor.numbers(2, "<i8").tolist()
    elements = tensor.numbers(4, "i1").tobytes()
    return table.text(1), np.frombuffer(elements, _ELEMENTS[tensor.number(3, "i")]).reshape(shape)
