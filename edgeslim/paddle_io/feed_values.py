"""What values the inputs of a program take: the type of their elements, and rows that are there.

An integer that chooses a row of a table of ten must not be asked for row eleven. Which inputs
choose is found by following their values through whatever leaves them as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from edgeslim.ops import ELEMENT_TYPES
from edgeslim.opspec import Shape
from edgeslim.paddle_io.block_edits import shapes_of
from edgeslim.paddle_io.proto import attribute_value

__all__ = ["feed_bounds", "feed_types"]

_PASSING = {
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
"""Operators whose outputs hold the values of what they read in these slots, elsewhere."""

_PASSED_SLOTS = {"X", "Input"}

Slots = Mapping[str, Sequence[str]]
Passed = dict[str, int]
"""By input: what was added to its values on the way."""


def _types(program: Any) -> dict[str, str]:  # noqa: ANN401 - a ProgramDesc
    """Type of the elements of each tensor by name, as NumPy calls it."""
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
    """Type of the elements of those inputs that are not float32."""
    types = _types(program)
    return {name: types[name] for name in feeds if types.get(name, "float32") != "float32"}


def feed_bounds(program: Any, feeds: Sequence[str]) -> dict[str, int]:  # noqa: ANN401
    """For inputs that choose rows or classes: their values are from 0 to below this."""
    block = program.blocks[0]
    shapes = shapes_of(block)
    holding: dict[str, Passed] = {name: {name: 0} for name in feeds}
    bounds: dict[str, int] = {}
    for op in block.ops:
        if op.type in {"feed", "fetch"}:
            continue
        slots = {each.parameter: list(each.arguments) for each in op.inputs}
        attributes = {each.name: each for each in op.attrs}
        if op.type in _CHOOSING:
            slot, count = _CHOOSING[op.type]
            rows = count(slots, attributes, shapes)
            for chosen in slots.get(slot, ()):
                for name, added in holding.get(chosen, {}).items():
                    if rows > 0:
                        # At least row 0, whatever is added: what is not there is Paddle's to say.
                        bounds[name] = max(1, min(bounds.get(name, rows), rows - added))
        passed = _passed(op.type, slots, attributes, holding)
        if passed:
            for written in (name for each in op.outputs for name in each.arguments):
                holding[written] = passed
    return bounds


def _passed(
    kind: str,
    slots: Slots,
    attributes: Mapping[str, Any],
    holding: Mapping[str, Passed],
) -> Passed:
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
    # gather passes on the rows that it chooses as well.
    if kind not in _PASSING and kind != "gather":
        return {}
    passed: Passed = {}
    for slot in _PASSED_SLOTS:
        for name in slots.get(slot, ()):
            for feed, added in holding.get(name, {}).items():
                passed[feed] = max(added, passed.get(feed, added))
    return passed


Count = Callable[[Slots, Mapping[str, Any], Mapping[str, Shape]], int]


def _along(slot: str, axis: int | str) -> Count:
    """The extent of what a slot reads along an axis, or along the one that an attribute names."""

    def count(slots: Slots, attributes: Mapping[str, Any], shapes: Mapping[str, Shape]) -> int:
        shape = shapes.get(next(iter(slots.get(slot, ())), ""), ())
        if not shape:
            return 0
        if slots.get("Axis"):  # known when it runs
            return min(shape)
        if isinstance(axis, int):
            return shape[axis]
        place = int(attribute_value(attributes[axis])) if axis in attributes else 0
        return shape[place] if -len(shape) <= place < len(shape) else 0

    return count


def _leading(index: str, slot: str) -> Count:
    """The smallest of the extents that the entries of an index choose from, all at once."""

    def count(slots: Slots, _: Mapping[str, Any], shapes: Mapping[str, Shape]) -> int:
        indices = shapes.get(next(iter(slots.get(index, ())), ""), ())
        shape = shapes.get(next(iter(slots.get(slot, ())), ""), ())
        return min(shape[: indices[-1]], default=0) if indices and indices[-1] > 0 else 0

    return count


def _said(attribute: str) -> Count:
    """What an attribute says."""

    def count(_: Slots, attributes: Mapping[str, Any], __: Mapping[str, Shape]) -> int:
        return int(attribute_value(attributes[attribute])) if attribute in attributes else 0

    return count


def _tensors(slot: str) -> Count:
    """How many tensors a slot reads."""
    return lambda slots, _, __: len(slots.get(slot, ()))


def _steps(slots: Slots, _: Mapping[str, Any], shapes: Mapping[str, Shape]) -> int:
    """Lengths that a sequence may have, none included: Paddle ends the process beyond."""
    shape = shapes.get(next(iter(slots.get("Input", ())), ""), ())
    return shape[0] + 1 if shape and shape[0] > 0 else 0


_CHOOSING: Mapping[str, tuple[str, Count]] = {
    "embedding": ("Ids", _along("W", 0)),
    "gather": ("Index", _along("X", "axis")),
    "gather_nd": ("Index", _leading("Index", "X")),
    "index_sample": ("Index", _along("X", 1)),
    "index_select": ("Index", _along("X", "dim")),
    "lookup_table": ("Ids", _along("W", 0)),
    "lookup_table_v2": ("Ids", _along("W", 0)),
    "multiplex": ("Ids", _tensors("X")),
    "one_hot": ("X", _said("depth")),
    "one_hot_v2": ("X", _said("depth")),
    "put_along_axis": ("Index", _along("Input", "Axis")),
    "rnn": ("SequenceLength", _steps),
    "scatter": ("Ids", _along("X", 0)),
    "scatter_nd_add": ("Index", _leading("Index", "X")),
    "take_along_axis": ("Index", _along("Input", "Axis")),
}
"""Operators that choose: the slot of what chooses, and of how many."""
