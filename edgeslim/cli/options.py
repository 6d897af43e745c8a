"""Options that several commands share."""

from __future__ import annotations

from edgeslim.conversion.model_source import parse_input_shapes
from edgeslim.errors import UsageError
from edgeslim.opspec import Shape

__all__ = ["only_shape", "shapes"]


def shapes(texts: list[str] | None) -> dict[str, Shape]:
    """The shapes of ``--input-shape``, by name."""
    return parse_input_shapes(texts or [])


def only_shape(texts: list[str] | None) -> Shape | None:
    """The one shape of ``--input-shape`` where inputs have no names."""
    given = shapes(texts)
    if set(given) - {""}:
        raise UsageError("a space has one input; write --input-shape 1,3,224,224 without a name")
    return given.get("")
