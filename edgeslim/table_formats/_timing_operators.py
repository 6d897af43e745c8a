"""Operators of a file of timings, between texts and `OpSpec`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches

from edgeslim import ops
from edgeslim.ops import OperatorKind
from edgeslim.opspec import Attribute, Attributes, OpSpec, Shape, Shapes
from edgeslim.table_formats._timing_records import TimingRecord

__all__ = ["format_attributes", "format_shapes", "parse_operator"]

_SHAPE = re.compile(r"[0-9]+(x[0-9]+)*\Z")
_CONVOLUTIONS = {"conv2d", "depthwise_conv2d"}
_SINGLE = "scalar"
"""A tensor of a single element, which has no extents."""

Slots = dict[str, tuple[Shape, ...]]


def parse_operator(record: TimingRecord) -> OpSpec:
    """The operator of a record, in the normal form of its kind.

    Raises:
        ValueError: There can be no such operator; the text has what is wrong, and what helps.
    """
    kind_name = record.text("kind")
    if not kind_name:
        raise ValueError("there is no kind; write Paddle's name of the operator, such as conv2d")
    kind = ops.known_kinds().get(kind_name)
    if kind is None:
        ops.check_tensors(kind_name, Shapes(), Shapes(), Shapes())  # raises, with the nearest name
        raise AssertionError(kind_name)
    inputs = _place_tensors(_read_tensors(record, "inputs"), kind, kind.slots)
    left = tuple(slot for slot in kind.slots if slot not in inputs)
    weights = _place_tensors(_read_tensors(record, "weights"), kind, left)
    outputs = _place_tensors(_read_tensors(record, "outputs"), kind, kind.outputs)
    given = _read_attributes(record, kind)
    return make_spec(kind, inputs, weights, outputs, given)


def make_spec(
    kind: OperatorKind,
    inputs: Slots,
    weights: Slots,
    outputs: Slots,
    given: Mapping[str, Attribute],
) -> OpSpec:
    """An operator in normal form; attributes that are not given have their defaults.

    Raises:
        ValueError: There can be no such operator.
    """
    activations, parameters, written = Shapes(inputs), Shapes(weights), Shapes(outputs)
    ops.check_tensors(kind.kind, activations, parameters, written)
    attributes = {**kind.attributes, **given}
    name = kind.kind
    if given.get("act_type") and "with_act" in kind.attributes:
        attributes["with_act"] = True
    if name in _CONVOLUTIONS:
        read = {**activations, **parameters}
        channels, (_, per_group, *_) = read["Input"][0][1], read["Filter"][0]
        if "groups" not in given and channels % per_group == 0:
            attributes["groups"] = channels // per_group
        # The rule by which Paddle chooses the operator.
        depthwise = attributes["groups"] == channels and channels > 1
        name = "depthwise_conv2d" if depthwise else "conv2d"
    try:
        normal = kind.normal_form(Attributes(attributes), activations, parameters)
    except IndexError as error:
        raise ValueError(f"the shapes do not fit a {name}") from error
    spec = OpSpec(
        kind=name, inputs=activations, weights=parameters, outputs=written, attributes=normal
    )
    problem = ops.find_problem(spec)
    if problem:
        raise ValueError(problem)
    return spec


def _read_tensors(record: TimingRecord, column: str) -> list[tuple[str, Shape]]:
    """Slots, which are empty where the record does not name them, and shapes."""
    value = record.fields.get(column, "")
    if isinstance(value, str):
        return [_parse_tensor(word) for word in value.split()]
    if isinstance(value, dict):
        return [
            (str(slot), shape) for slot, shapes in value.items() for shape in _json_shapes(shapes)
        ]
    return [("", shape) for shape in _json_shapes(value)]


def _parse_tensor(word: str) -> tuple[str, Shape]:
    slot, _, text = word.rpartition("=")
    if text == _SINGLE:
        return slot, ()
    if not _SHAPE.match(text):
        raise ValueError(
            f"{word!r} is not a shape; write extents with an x between them: 1x3x224x224"
        )
    return slot, tuple(map(int, text.split("x")))


def _json_shapes(value: object) -> list[Shape]:
    """The shapes of a JSON list; a list of numbers is a single shape."""
    if not isinstance(value, list):
        raise ValueError(f"{value!r} is not a list of shapes; write [[1, 3, 224, 224]]")  # noqa: TRY004
    if value and all(type(extent) is int for extent in value):
        return [tuple(value)]
    for shape in value:
        if not isinstance(shape, list) or any(type(extent) is not int for extent in shape):
            raise ValueError(f"{shape!r} is not a shape; write [1, 3, 224, 224]")
    return [tuple(shape) for shape in value]


def _place_tensors(
    tensors: Iterable[tuple[str, Shape]], kind: OperatorKind, slots: Sequence[str]
) -> Slots:
    """Tensors by slot: by its name, or one in each slot in order, or all in the only one."""
    found: dict[str, list[Shape]] = {}
    free = list(slots)
    for slot, shape in tensors:
        if slot:
            if slot not in slots:
                near = get_close_matches(slot, slots, n=1, cutoff=0.0)
                meant = f"; did you mean {near[0]!r}?" if near else ""
                raise ValueError(f"{kind.kind} has no slot {slot!r}{meant}")
            found.setdefault(slot, []).append(shape)
        elif len(slots) == 1:
            found.setdefault(slots[0], []).append(shape)
        else:
            free = [name for name in free if name not in found]
            if not free:
                raise ValueError(
                    f"{kind.kind} has no place for another tensor {_shape_text(shape)}; its slots "
                    f"are {', '.join(kind.slots)}, and {', '.join(kind.outputs)}"
                )
            found[free[0]] = [shape]
    return {slot: tuple(shapes) for slot, shapes in found.items()}


def _read_attributes(record: TimingRecord, kind: OperatorKind) -> dict[str, Attribute]:
    value = record.fields.get("attributes", "")
    if isinstance(value, str):
        given: dict[str, object] = {}
        for word in value.split():
            name, mark, text = word.partition("=")
            if not mark:
                raise ValueError(f"{word!r} is not an attribute; write it like strides=2x2")
            given[name] = text
    elif isinstance(value, dict):
        given = value
    else:
        raise ValueError(f'{value!r} are not attributes; write {{"strides": [2, 2]}}')  # noqa: TRY004
    for name in given:
        if name not in kind.attributes:
            near = get_close_matches(name, kind.attributes, n=1, cutoff=0.5)
            meant = f"did you mean {near[0]!r}? " if near else ""
            known = ", ".join(kind.attributes) or "none"
            raise ValueError(f"{kind.kind} has no attribute {name!r}; {meant}known: {known}")
    return {name: _attribute(name, text, kind.attributes[name]) for name, text in given.items()}


def _attribute(name: str, value: object, default: Attribute) -> Attribute:
    """A value of the type that the attribute has."""
    try:
        if isinstance(default, tuple):
            parts = value if isinstance(value, list) else _split_numbers(value)
            number = float if default and isinstance(default[0], float) else int
            return tuple(number(part) for part in parts)
        if isinstance(default, bool):
            return {"true": True, "false": False}[str(value).lower()]
        if isinstance(default, str):
            return str(value)
        return type(default)(str(value))
    except (ValueError, KeyError, TypeError) as error:
        wanted = _attribute_text(default) or "2x2"
        raise ValueError(f"{name} is written like {wanted}, not {value!r}") from error


def _split_numbers(value: object) -> list[str]:
    text = str(value)
    return text.split("x") if text else []


def format_shapes(slots: Shapes, order: Sequence[str], *, named: bool) -> str:
    """The shapes of some slots as a text of a CSV.

    Args:
        slots: Shapes by slot, in any order.
        order: All slots of the kind, in their order.
        named: Whether the names of the slots are written.
    """
    return " ".join(
        f"{slot}={_shape_text(shape)}" if named else _shape_text(shape)
        for slot in order
        for shape in slots.get(slot, ())
    )


def _shape_text(shape: Shape) -> str:
    return "x".join(map(str, shape)) or _SINGLE


def format_attributes(spec: OpSpec) -> str:
    """The attributes that differ from the defaults of the kind, as a text of a CSV."""
    defaults = ops.known_kinds()[spec.kind].attributes
    return " ".join(
        f"{name}={_attribute_text(value)}"
        for name, value in spec.attributes.items()
        if name in defaults and (value != defaults[name] or type(value) is not type(defaults[name]))
    )


def _attribute_text(value: Attribute) -> str:
    if isinstance(value, tuple):
        return "x".join(map(repr, value))
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)
