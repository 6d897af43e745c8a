"""Families of operators, which differ only in their numbers of channels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import msgspec
import numpy as np

from edgeslim.errors import UsageError
from edgeslim.latency_table import LatencyTable
from edgeslim.measurement import CacheState, Measurement
from edgeslim.opspec import Attributes, OpSpec, Shape, Shapes

__all__ = ["Family", "Point", "choose_family", "families", "family_of"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """One operator of a family, as it was measured in one cache state.

    Args:
        c_in: Number of input channels.
        c_out: Number of output channels.
        measurement: Measured latency of the operator.
    """

    c_in: int
    c_out: int
    measurement: Measurement

    @property
    def middle_half_ms(self) -> tuple[float, float]:
        """First and third quartile of the samples; for one sample, that sample."""
        low, high = np.quantile(self.measurement.samples_ns, [0.25, 0.75]) / 1e6
        return float(low), float(high)


@dataclass(frozen=True, kw_only=True)
class Family:
    """Operators that differ in channels only.

    Args:
        model: Any of the operators, with one channel everywhere.
        cache: The cache state that all points were measured in.
        points: Sorted by channels read, then by channels written.
    """

    model: OpSpec
    cache: CacheState
    points: tuple[Point, ...]

    @cached_property
    def name(self) -> str:
        """Name of the family, such as ``conv2d 3x3 stride 2, 640x640, relu6``."""
        return _name(self.model)

    @cached_property
    def lines(self) -> Mapping[int, tuple[Point, ...]]:
        """Points by input width, or all of them under 0 if each width has one, as in depthwise."""
        lines: dict[int, list[Point]] = {}
        for point in self.points:
            lines.setdefault(point.c_in, []).append(point)
        if all(len(line) == 1 for line in lines.values()):
            return {0: self.points}
        return {width: tuple(line) for width, line in lines.items()}


def families(table: LatencyTable, *, kind: str | None = None) -> list[Family]:
    """The families of a table, the largest first; each in its hottest cache state.

    Args:
        table: Latency table of a device.
        kind: Only families of this kind of operator; by default all.
    """
    found: dict[OpSpec, list[tuple[OpSpec, Mapping[CacheState, Measurement]]]] = {}
    for spec in table:
        if kind in {None, spec.kind}:
            found.setdefault(family_of(spec), []).append((spec, table.measurements(spec)))
    made = [_family(model, members) for model, members in found.items()]
    return sorted(made, key=lambda family: (-len(family.points), family.name))


def _family(
    model: OpSpec, members: Iterable[tuple[OpSpec, Mapping[CacheState, Measurement]]]
) -> Family:
    cache = min(state for _, measured in members for state in measured)
    points = [
        Point(
            c_in=_channels(spec.input_shape),
            c_out=_channels(spec.output_shape),
            measurement=measured[cache],
        )
        for spec, measured in members
        if cache in measured
    ]
    points.sort(key=lambda point: (point.c_in, point.c_out))
    return Family(model=model, cache=cache, points=tuple(points))


def choose_family(found: list[Family], wanted: str) -> Family:
    """The family with a number in the list, from 1, or with a name that has this text.

    Raises:
        UsageError: There is none, or there are several.
    """
    if wanted.isdecimal():
        named = found[int(wanted) - 1 : int(wanted)] if int(wanted) else []
    else:
        named = [family for family in found if wanted.lower() in family.name.lower()]
    exact = [family for family in named if wanted.lower() == family.name.lower()]
    chosen = exact if len(exact) == 1 else named
    if len(chosen) != 1:
        few = "; ".join(family.name for family in chosen[:3])
        names = f": {few}{' …' if len(chosen) > 3 else ''}" if chosen else ""
        raise UsageError(
            f"{len(chosen) or 'no'} families are called {wanted!r}{names}; "
            f"give a number from 1 to {len(found)} or more of the name"
        )
    return chosen[0]


def family_of(spec: OpSpec) -> OpSpec:
    """The operator with one channel everywhere: equal for two that differ in channels only."""
    groups = spec.attributes.get("groups")
    depthwise = groups == _channels(spec.input_shape) and groups != 1
    attributes = {**spec.attributes, "groups": 1} if depthwise else spec.attributes
    return msgspec.structs.replace(
        spec,
        inputs=_with_one_channel(spec.inputs),
        outputs=_with_one_channel(spec.outputs),
        weights=Shapes(
            {slot: tuple(map(_weight, shapes)) for slot, shapes in spec.weights.items()}
        ),
        attributes=Attributes(attributes),
    )


def _channels(shape: Shape) -> int:
    return shape[1] if len(shape) > 1 else 1


def _with_one_channel(slots: Shapes) -> Shapes:
    return Shapes({slot: tuple(map(_activation, shapes)) for slot, shapes in slots.items()})


def _activation(shape: Shape) -> Shape:
    """Of activations the channels are the second extent."""
    return (shape[0], 1, *shape[2:]) if len(shape) > 1 else shape


def _weight(shape: Shape) -> Shape:
    """Of weights all but a filter's places are channels."""
    return (1,) * len(shape[:2]) + shape[2:]


def _name(model: OpSpec) -> str:
    attributes = model.attributes
    words = [model.kind]
    window = attributes.get("ksize")
    if "Filter" in model.weights:
        window = model.weights["Filter"][0][2:]
    if attributes.get("global_pooling"):
        words.append("over all")
    elif isinstance(window, tuple):
        words.append("x".join(map(str, window)))
    strides = attributes.get("strides")
    if isinstance(strides, tuple) and set(strides) != {1}:
        words.append(f"stride {'x'.join(map(str, dict.fromkeys(strides)))}")
    if attributes.get("groups", 1) != 1:
        words.append(f"groups {attributes['groups']}")
    parts = [" ".join(words)]
    places = model.input_shape[2:]
    if places and not attributes.get("global_pooling"):
        parts.append("x".join(map(str, places)))
    parts += [str(attributes[name]) for name in _TELLING if attributes.get(name)]
    return ", ".join(parts)


_TELLING = ("pooling_type", "act_type", "activation_type")
"""Attributes that are a word a person knows the operator by."""
