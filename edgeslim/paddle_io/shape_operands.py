"""Slots in which operators read sizes from tensors, and the attributes that can replace them.

A network that computes sizes while it runs (``paddle.shape(x)``, an open batch) passes them to
``reshape2``, ``slice``, an interpolation or similar operators as tensors. Each of these operators
has an attribute for the same, which is used if the tensor is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from edgeslim.paddle_io.block_edits import set_attribute
from edgeslim.paddle_io.proto import framework

__all__ = ["fold_operands", "operands"]

Array = np.ndarray[Any, Any]

_EXTENTS = ("out_d", "out_h", "out_w")
"""Attributes of an interpolation for its sizes, the innermost axis last."""

_INTERPOLATIONS = {
    "linear_interp_v2": 1,
    "bilinear_interp": 2,
    "bilinear_interp_v2": 2,
    "nearest_interp": 2,
    "nearest_interp_v2": 2,
    "bicubic_interp_v2": 2,
    "trilinear_interp_v2": 3,
}
"""Kinds of interpolation, and the number of axes that each resizes."""

_BOUNDS = {
    "starts": ("StartsTensor", "StartsTensorList"),
    "ends": ("EndsTensor", "EndsTensorList"),
}

_LISTS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "crop_tensor": {"shape": ("Shape", "ShapeTensor"), "offsets": ("Offsets", "OffsetsTensor")},
    "empty": {"shape": ("ShapeTensor", "ShapeTensorList")},
    "expand": {"expand_times": ("ExpandTimes", "expand_times_tensor")},
    "expand_v2": {"shape": ("Shape", "expand_shapes_tensor")},
    "fill_constant": {"shape": ("ShapeTensor", "ShapeTensorList")},
    "pad3d": {"paddings": ("Paddings",)},
    "reshape": {"shape": ("ShapeTensor", "Shape")},
    "reshape2": {"shape": ("ShapeTensor", "Shape")},
    "roll": {"shifts": ("ShiftsTensor",)},
    "set_value": {
        "starts": ("StartsTensorList",),
        "ends": ("EndsTensorList",),
        "steps": ("StepsTensorList",),
    },
    "slice": _BOUNDS,
    "split": {"sections": ("SectionsTensorList",)},
    "strided_slice": {**_BOUNDS, "strides": ("StridesTensor", "StridesTensorList")},
    "tile": {"repeat_times": ("RepeatTimes", "repeat_times_tensor")},
    "unsqueeze2": {"axes": ("AxesTensor", "AxesTensorList")},
}
"""By kind: attributes of several numbers, and the slots that replace each; the first slot with
inputs is used."""

_NUMBERS: Mapping[str, Mapping[str, str]] = {
    "concat": {"axis": "AxisTensor"},
    "gather": {"axis": "Axis"},
    "one_hot_v2": {"depth": "depth_tensor"},
    "split": {"axis": "AxisTensor"},
    "top_k": {"k": "K"},
    "top_k_v2": {"k": "K"},
}
"""By kind: attributes of one number, and the slot that replaces each."""

_LONG = {("empty", "shape"), ("fill_constant", "shape"), ("roll", "shifts")}
"""Lists of 64-bit numbers in the description, as are all lists of ``set_value``."""


def operands(op: Any) -> dict[str, tuple[str, ...]]:  # noqa: ANN401 - an OpDesc
    """Names of the tensors that an operator reads sizes from, by slot."""
    slots = {
        *(slot for some in _LISTS.get(op.type, {}).values() for slot in some),
        *_NUMBERS.get(op.type, {}).values(),
        *(("OutSize", "SizeTensor", "Scale") if op.type in _INTERPOLATIONS else ()),
    }
    return {
        slot.parameter: tuple(slot.arguments)
        for slot in op.inputs
        if slot.parameter in slots and slot.arguments
    }


def fold_operands(op: Any, values: Mapping[str, Array]) -> bool:  # noqa: ANN401
    """Writes known sizes as attributes instead of tensors; returns whether there were any.

    Args:
        op: The operator's description, an ``OpDesc``.
        values: The values of tensors by name.
    """
    known = {
        slot: _numbers([values[name] for name in names])
        for slot, names in operands(op).items()
        if all(name in values for name in names)
    }
    if op.type in _INTERPOLATIONS:
        return bool(known) and _fold_interpolation(op, known)
    folded = False
    for attribute, slots in _LISTS.get(op.type, {}).items():
        given = [slot for slot in slots if slot in operands(op)]
        if given and given[0] in known:
            long = op.type == "set_value" or (op.type, attribute) in _LONG
            _set(op, attribute, tuple(map(int, known[given[0]])), long=long)
            _drop(op, given)
            folded = True
            if attribute in _BOUNDS and op.type != "set_value":
                _set(op, "infer_flags", (1,) * len(known[given[0]]))
    for attribute, slot in _NUMBERS.get(op.type, {}).items():
        if slot in known and len(known[slot]) == 1:
            _set(op, attribute, int(known[slot][0]))
            _drop(op, [slot])
            folded = True
    return folded


def _fold_interpolation(op: Any, known: Mapping[str, Sequence[float]]) -> bool:  # noqa: ANN401
    """Sizes are used before factors, the list of sizes before the tensor of sizes."""
    given = operands(op)
    axes = _EXTENTS[-_INTERPOLATIONS[op.type] :]
    size = next((slot for slot in ("SizeTensor", "OutSize") if slot in given), "")
    if size:
        if size not in known or len(known[size]) != len(axes):
            return False
        for attribute, extent in zip(axes, known[size], strict=True):
            _set(op, attribute, int(extent))
        _set(op, "scale", () if op.type.endswith("v2") else 0.0, like=(0.0,))
        _drop(op, ["OutSize", "SizeTensor", "Scale"])
        return True
    factors = tuple(map(float, known["Scale"]))
    if len(factors) == 1:
        factors *= len(axes)
    _set(op, "scale", factors if op.type.endswith("v2") else factors[0], like=(0.0,))
    _drop(op, ["Scale"])
    return True


def _numbers(arrays: Sequence[Array]) -> list[float]:
    """All elements of some tensors in order."""
    return [number for array in arrays for number in np.ravel(array).tolist()]


def _set(
    op: Any,  # noqa: ANN401
    name: str,
    value: float | tuple[int, ...] | tuple[float, ...],
    *,
    like: tuple[int, ...] | tuple[float, ...] = (0,),
    long: bool = False,
) -> None:
    """Gives an attribute another value, of as many bits as it had."""
    old = next((attr for attr in op.attrs if attr.name == name), None)
    if old is not None:
        long = old.type in {framework().AttrType.LONGS, framework().AttrType.LONG}
    set_attribute(op, name, value, like=like, long=long)


def _drop(op: Any, slots: Sequence[str]) -> None:  # noqa: ANN401
    for place in reversed(range(len(op.inputs))):
        if op.inputs[place].parameter in slots:
            del op.inputs[place]
