"""Operators that a designer may use instead of dear ones: not the same function, but alike.

Nothing is replaced by these. Their prices by the table say what a network would gain by another
design.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from edgeslim.opspec import Attributes, OpSpec, Shape, Shapes

__all__ = ["Alternative", "alternative_of"]

_LEAST = 5
"""Filters from this extent on may be written as several of 3x3 with the same reach."""

_FUNCTIONS = frozenset({"swish", "mish", "gelu", "elu", "tanh"})
"""Functions of each element in whose place hard swish may be tried."""

_HARD_SWISH = Attributes({"threshold": 6.0, "scale": 6.0, "offset": 3.0})


@dataclass(frozen=True, kw_only=True, slots=True)
class Alternative:
    """What may stand in the place of an operator.

    Args:
        text: What it is, in the plural or with an article, as in "two 3x3".
        specs: Its operators in the order they run.
    """

    text: str
    specs: tuple[OpSpec, ...]


def alternative_of(spec: OpSpec) -> Alternative | None:
    """What a designer may use in the place of an operator; None if nothing is known."""
    if spec.kind in {"conv2d", "depthwise_conv2d"}:
        return _smaller(spec)
    if spec.kind in _FUNCTIONS:
        specs = (msgspec.structs.replace(spec, kind="hard_swish", attributes=_HARD_SWISH),)
        return Alternative(text="hard swish", specs=specs)
    return None


def _smaller(spec: OpSpec) -> Alternative | None:
    """3x3 convolutions with the reach of a larger one, or the same without dilation."""
    shapes = spec.weights.get("Filter", ())
    if len(shapes) != 1 or len(shapes[0]) != len("OIHW") or shapes[0][2] != shapes[0][3]:
        return None
    (filters,), dilations = shapes, spec.attributes.get("dilations", (1, 1))
    extent = filters[2]
    if isinstance(dilations, tuple) and set(dilations) != {1}:
        plain = _with_filter(spec, filters, extent // 2)
        return Alternative(text="the same without dilation", specs=(plain,))
    if extent < _LEAST or extent % 2 == 0:
        return None
    count = extent // 2
    outputs = spec.outputs.get("Output", ())
    first = _with_filter(spec, (*filters[:2], 3, 3), 1)
    inputs = Shapes({**spec.inputs, "Input": outputs})
    groups = spec.attributes.get("groups", 1)
    wide = (filters[0], filters[0] // int(str(groups)), 3, 3)
    other = msgspec.structs.replace(_with_filter(spec, wide, 1, strides=(1, 1)), inputs=inputs)
    words = {2: "two", 3: "three"}
    text = f"{words.get(count, str(count))} 3x3 with the same reach"
    return Alternative(text=text, specs=(first, *[other] * (count - 1)))


def _with_filter(
    spec: OpSpec, filters: Shape, padding: int, **attributes: tuple[int, ...]
) -> OpSpec:
    """A convolution with a filter of another shape, without dilation."""
    others: Mapping[str, tuple[int, ...]] = {
        "dilations": (1, 1),
        "paddings": (padding,) * 4,
        **attributes,
    }
    return msgspec.structs.replace(
        spec,
        weights=Shapes({**spec.weights, "Filter": (filters,)}),
        attributes=Attributes({**spec.attributes, **others}),
    )
