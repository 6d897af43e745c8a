"""Valid values of a program's inputs: types of elements, and bounds of indices.

An index into a table of ten rows must be below ten. Inputs that are indices are found by following
their values through operators that do not change values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from edgeslim.ops import ELEMENT_TYPES
from edgeslim.opspec import Shape
from edgeslim.paddle_io.block_edits import shapes_of
from edgeslim.paddle_io.proto import attribute_value

__all__ = ["feed_bounds", "feed_types"]

_MOVING = {
    "assign",
    "cast",
    "concat",
    "expand_as_v2",
    "expand_v2",
    "flatten2",
    "flatten_contiguous_range",
    "flip",
    "memcpy",
    "reshape",
    "reshape2",
    "share_data",
    "slice",
    "split",
    "squeeze",
    "squeeze2",
    "stack",
    "strided_slice",
    "tile",
    "transpose",
    "transpose2",
    "unsqueeze",
    "unsqueeze2",
    "unstack",
}
"""Operators whose outputs hold the values of their inputs in these slots, at other positions."""

_MOVED_SLOTS = {"X", "Input"}

Slots = Mapping[str, Sequence[str]]
HeldFeeds = dict[str, int]
"""The inputs whose values a tensor holds, and what has been added to them."""


def _types(program: Any) -> dict[str, str]:  # noqa: ANN401 - a ProgramDesc
    """NumPy's name for the type of elements of each tensor, by the tensor's name."""
    types = program.blocks[0].vars[0].type
    return {
        variable.name: ELEMENT_TYPES.get(
            variable.type.dense_tensor.tensor.data_type,
            f"type {variable.type.dense_tensor.tensor.data_type} of Paddle's",
        )
        for variable in program.blocks[0].vars
        if variable.type.type == types.DENSE_TENSOR
    }


def feed_types(program: Any, feeds: Sequence[str]) -> dict[str, str]:  # noqa: ANN401
    """Types of elements of the inputs that are not float32."""
    types = _types(program)
    return {name: types[name] for name in feeds if types.get(name, "float32") != "float32"}


def feed_bounds(program: Any, feeds: Sequence[str]) -> dict[str, int]:  # noqa: ANN401
    """For inputs that are indices: the number that their values must be below."""
    block = program.blocks[0]
    shapes = shapes_of(block)
    holding: dict[str, HeldFeeds] = {name: {name: 0} for name in feeds}
    bounds: dict[str, int] = {}
    for op in block.ops:
        if op.type in {"feed", "fetch"}:
            continue
        slots = {slot.parameter: list(slot.arguments) for slot in op.inputs}
        attributes = {attr.name: attr for attr in op.attrs}
        if op.type in _INDEXING:
            slot, count = _INDEXING[op.type]
            rows = count(slots, attributes, shapes)
            for chosen in slots.get(slot, ()):
                for name, added in holding.get(chosen, {}).items():
                    if rows > 0:
                        # At least 1, so that there is a value; Paddle refuses what does not fit.
                        bounds[name] = max(1, min(bounds.get(name, rows), rows - added))
        held = _held_feeds(op.type, slots, attributes, holding)
        if held:
            for written in (name for output in op.outputs for name in output.arguments):
                holding[written] = held
    return bounds


def _held_feeds(
    kind: str,
    slots: Slots,
    attributes: Mapping[str, Any],
    holding: Mapping[str, HeldFeeds],
) -> HeldFeeds:
    """The inputs whose values an operator's outputs hold."""
    if kind == "scale":
        factor, bias = (
            attribute_value(attributes[name]) if name in attributes else default
            for name, default in (("scale", 1.0), ("bias", 0.0))
        )
        if factor != 1 or bias != int(bias) or slots.get("ScaleTensor"):
            return {}
        read = holding.get(next(iter(slots.get("X", ())), ""), {})
        return {name: added + int(bias) for name, added in read.items()}
    # gather passes on the rows that it selects as well.
    if kind not in _MOVING and kind != "gather":
        return {}
    held: HeldFeeds = {}
    for slot in _MOVED_SLOTS:
        for name in slots.get(slot, ()):
            for feed, added in holding.get(name, {}).items():
                held[feed] = max(added, held.get(feed, added))
    return held


Count = Callable[[Slots, Mapping[str, Any], Mapping[str, Shape]], int]


def _extent_count(slot: str, axis: int | str) -> Count:
    """The extent of an input along an axis, or along the axis that an attribute names."""

    def count(slots: Slots, attributes: Mapping[str, Any], shapes: Mapping[str, Shape]) -> int:
        shape = shapes.get(next(iter(slots.get(slot, ())), ""), ())
        if not shape:
            return 0
        if slots.get("Axis"):  # the axis is known only when it runs
            return min(shape)
        if isinstance(axis, int):
            return shape[axis]
        place = int(attribute_value(attributes[axis])) if axis in attributes else 0
        return shape[place] if -len(shape) <= place < len(shape) else 0

    return count


def _index_count(index: str, slot: str) -> Count:
    """The smallest of the extents that the entries of an index tensor select from."""

    def count(slots: Slots, _: Mapping[str, Any], shapes: Mapping[str, Shape]) -> int:
        indices = shapes.get(next(iter(slots.get(index, ())), ""), ())
        shape = shapes.get(next(iter(slots.get(slot, ())), ""), ())
        return min(shape[: indices[-1]], default=0) if indices and indices[-1] > 0 else 0

    return count


def _attribute_count(attribute: str) -> Count:
    """The value of an attribute."""

    def count(_: Slots, attributes: Mapping[str, Any], __: Mapping[str, Shape]) -> int:
        return int(attribute_value(attributes[attribute])) if attribute in attributes else 0

    return count


def _tensor_count(slot: str) -> Count:
    """The number of tensors in a slot."""
    return lambda slots, _, __: len(slots.get(slot, ()))


def _length_count(slots: Slots, _: Mapping[str, Any], shapes: Mapping[str, Shape]) -> int:
    """The number of possible lengths of a sequence, 0 included; longer ones end the process."""
    shape = shapes.get(next(iter(slots.get("Input", ())), ""), ())
    return shape[0] + 1 if shape and shape[0] > 0 else 0


_INDEXING: Mapping[str, tuple[str, Count]] = {
    "embedding": ("Ids", _extent_count("W", 0)),
    "gather": ("Index", _extent_count("X", "axis")),
    "gather_nd": ("Index", _index_count("Index", "X")),
    "index_sample": ("Index", _extent_count("X", 1)),
    "index_select": ("Index", _extent_count("X", "dim")),
    "lookup_table": ("Ids", _extent_count("W", 0)),
    "lookup_table_v2": ("Ids", _extent_count("W", 0)),
    "multiplex": ("Ids", _tensor_count("X")),
    "one_hot": ("X", _attribute_count("depth")),
    "one_hot_v2": ("X", _attribute_count("depth")),
    "put_along_axis": ("Index", _extent_count("Input", "Axis")),
    "rnn": ("SequenceLength", _length_count),
    "scatter": ("Ids", _extent_count("X", 0)),
    "scatter_nd_add": ("Index", _index_count("Index", "X")),
    "take_along_axis": ("Index", _extent_count("Input", "Axis")),
}
"""Operators with an index input: its slot, and the number that its values must be below."""
