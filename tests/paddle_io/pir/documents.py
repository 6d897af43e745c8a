"""Programs of Paddle 3 written by hand, and its own fixtures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

FIXTURES = Path(__file__).parent / "fixtures"
VERSIONS = {"3.0.0": 1, "3.1.1": 2, "3.2.2": 3, "3.3.1": 4}
"""Of Paddle, with a fixture each, and the version of the format that each writes."""

SHAPE = (2, 3)


def tensor(element: str = "f32", shape: Sequence[int] = SHAPE) -> dict[str, Any]:
    """A type as the file has it."""
    return {"#": "0.t_dtensor", "D": [{"#": f"0.t_{element}"}, list(shape), "NCHW", [], 0]}


def attribute(name: str, kind: str, value: object) -> dict[str, Any]:
    """An attribute, of a builtin kind such as ``f32`` or of Paddle's such as ``1.a_dtype``."""
    return {"N": name, "AT": {"#": kind if "." in kind else f"0.a_{kind}", "D": value}}


def operator(
    name: str,
    operands: Sequence[int] = (),
    results: Sequence[int] = (),
    attributes: Sequence[dict[str, Any]] = (),
    *,
    kind: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """An operator; all results have one type."""
    return {
        "#": name,
        "A": list(attributes),
        "I": [{"%": number} for number in operands],
        "O": [{"%": number, "TT": kind or tensor()} for number in results],
        "OA": [],
    }


def parameter(name: str, number: int, shape: Sequence[int] = SHAPE, element: str = "f32") -> Any:
    """A parameter that is kept in the file."""
    kind = tensor(element, shape)
    return {
        "#": "p",
        "A": [0, 1, 1, name],
        "O": {"%": number, "TT": kind},
        "OA": [1, 0, 1],
        "DA": [],
        "QA": [],
    }


def feed(name: str = "x", number: int = 1) -> dict[str, Any]:
    """An input of open first extent."""
    shape = (-1, *SHAPE[1:])
    attributes = [
        attribute("name", "str", name),
        attribute("shape", "1.a_intarray", shape),
        attribute("dtype", "1.a_dtype", "float32"),
        attribute("place", "1.a_place", [0, 0, ""]),
    ]
    return operator("1.data", (), (number,), attributes, kind=tensor(shape=shape))


def fetch(number: int, column: int = 0) -> dict[str, Any]:
    """An output; its own value is of no use to anybody."""
    attributes = [
        attribute("name", "str", f"fetch_name_{column}"),
        attribute("col", "i32", column),
    ]
    return operator("1.fetch", (number,), (1000 + column,), attributes)


def document(*operators: dict[str, Any], version: object = 4) -> bytes:
    """A file."""
    return msgspec.json.encode(
        {
            "base_code": {"magic": "pir", "trainable": True, "version": version},
            "program": {
                "regions": [
                    {
                        "#": "region_0",
                        "blocks": [{"#": "block_0", "args": [], "ops": list(operators)}],
                    }
                ]
            },
        }
    )


def written(folder: Path, *operators: dict[str, Any], version: object = 4) -> Path:
    """The path of such a file."""
    path = folder / "inference.json"
    path.write_bytes(document(*operators, version=version))
    return path
