"""The fields of a row that PaddleSlim's two text formats share.

Reference: ``docs/usage.md`` of PaddleSlim 1.x (PaddlePaddle/models at 9aefcdc84) and
``paddleslim/analysis/latency.py`` of 2.x. The documents call a convolution ``conv2d``, the code
``conv``; rows under names of Paddle's operators are read as well. A padding, stride or dilation
that is not square adds a number at the end of the row without saying which of them it is:
such rows are refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from edgeslim.opspec import OpSpec, Shape
from edgeslim.table_formats import _operators
from edgeslim.table_formats._format import RowRefusedError

__all__ = ["fields_of", "operator_of"]

_ELEMENTWISE = {1: "elementwise_mul", 2: "elementwise_add", 3: "elementwise_max"}
_CONVOLUTIONS = {"conv2d", "depthwise_conv2d"}
_OTHER_NAMES = {**dict.fromkeys(_CONVOLUTIONS, "conv"), "pool2d": "pooling"}
"""Names of the format's operators in PaddleSlim's documents and in scripts of others."""


def operator_of(fields: Sequence[str]) -> OpSpec:
    """The operator that the fields of a row describe, without its latency.

    Raises:
        RowRefusedError: They describe none that edgeslim knows; the text has the reason.
    """
    if not fields:
        raise RowRefusedError("there is nothing but a latency")
    kind, *rest = fields
    if kind in _ELEMENTWISE.values() and len(rest) == 4:
        number = next(number for number, name in _ELEMENTWISE.items() if name == kind)
        kind, rest = "eltwise", [str(number), *rest]
    kind = _OTHER_NAMES.get(kind, kind)
    if kind in _READERS:
        count, reader = _READERS[kind]
        return reader(_numbers(kind, rest, count))
    if kind == "batch_norm":
        if rest[:1] != ["None"]:
            raise RowRefusedError(f"a batch norm with {''.join(rest[:1])} is not known")
        return _operators.batch_norm(_shape(_numbers(kind, rest[1:], 4)))
    # 2.x starts the row of an activation with its own name.
    name, extents = ("".join(rest[:1]), rest[1:]) if kind == "activation" else (kind, rest)
    if not _operators.is_activation(name):
        raise RowRefusedError(
            f"{name!r} is not an activation that edgeslim knows, and none of the format's other "
            f"operators: {', '.join((*_READERS, 'batch_norm'))}"
        )
    return _operators.activation(name, _shape(_numbers(name, extents, 4)))


def _numbers(kind: str, fields: Sequence[str], count: int) -> list[int]:
    if len(fields) > count:
        what = "of a square window" if kind in {"conv", "pooling"} else "that it has"
        raise RowRefusedError(
            f"{kind} has {len(fields) - count} number(s) more than the {count} {what}, and the "
            "format does not say what they are"
        )
    if len(fields) < count:
        raise RowRefusedError(f"{kind} needs {count} numbers, not {len(fields)}")
    try:
        return [int(field) for field in fields]
    except ValueError:
        raise RowRefusedError(f"{kind} {' '.join(fields)[:60]}: not all whole numbers") from None


def _shape(numbers: Sequence[int]) -> Shape:
    if min(numbers) < 1:
        raise RowRefusedError(f"{'x'.join(map(str, numbers))} is not a shape")
    return tuple(numbers)


def _convolution(numbers: Sequence[int]) -> OpSpec:
    bias, relu, n, c_in, height, width, c_out, groups, kernel, pad, stride, dilation = numbers
    if {bias, relu} - {0, 1}:
        raise RowRefusedError(f"flag_bias and flag_relu are 0 or 1, not {bias} and {relu}")
    return _operators.convolution(
        _shape((n, c_in, height, width)),
        c_out,
        kernel=(kernel, kernel),
        strides=(stride, stride),
        paddings=(pad, pad, pad, pad),
        dilations=(dilation, dilation),
        groups=groups,
        bias=bool(bias),
        activation={"act_type": "relu", "with_act": True} if relu else None,
    )


def _elementwise(numbers: Sequence[int]) -> OpSpec:
    """An operator on two tensors of one shape: the format does not have the second shape."""
    which, *extents = numbers
    shape = _shape(extents)
    kind = _ELEMENTWISE.get(which, f"eltwise {which}")
    return _operators.operator(kind, {"X": (shape,), "Y": (shape,)}, shape)


def _pooling(numbers: Sequence[int]) -> OpSpec:
    """Type 1 is the maximum, 2 the average with the padding counted, 3 the average without.

    A maximum has Paddle's default of ``exclusive``, which does not affect it.
    """
    covers_all, n, channels, height, width, kernel, pad, stride, ceil, kind = numbers
    if kind not in {1, 2, 3}:
        raise RowRefusedError(f"a pooling's type is 1, 2 or 3, not {kind}")
    return _operators.pooling(
        _shape((n, channels, height, width)),
        average=kind > 1,
        covers_all=bool(covers_all),
        kernel=kernel,
        stride=stride,
        padding=pad,
        ceil=bool(ceil),
        exclusive=kind != 2,
    )


def _softmax(numbers: Sequence[int]) -> OpSpec:
    """Shapes are padded with ones to four numbers; over a row of numbers, they are removed."""
    axis, *extents = numbers
    shape = _shape(extents)
    flat = shape[2:] == (1, 1) and axis == -1
    shape = shape[:2] if flat else shape
    return _operators.operator("softmax", {"X": (shape,)}, shape, attributes={"axis": axis})


_READERS: dict[str, tuple[int, Callable[[Sequence[int]], OpSpec]]] = {
    "conv": (12, _convolution),
    "eltwise": (5, _elementwise),
    "pooling": (10, _pooling),
    "softmax": (5, _softmax),
}
"""For each kind, how many numbers a row has, and a function that makes the operator."""


def fields_of(spec: OpSpec, *, activation_word: bool) -> tuple[str, ...] | None:
    """The fields of an operator's row, or None if they would be read as another operator.

    Args:
        spec: Operator that the row describes.
        activation_word: Whether an activation's row starts with ``activation``, as in 1.x.
    """
    try:
        fields = _fields_without_check(spec, activation_word=activation_word)
        written = tuple(str(field) for field in fields)
        return written if operator_of(written) == spec else None
    except (LookupError, ValueError):  # an attribute is missing, or the row cannot be read
        return None


def _fields_without_check(spec: OpSpec, *, activation_word: bool) -> tuple[object, ...]:
    """Fields that describe an operator if all its other attributes have common values."""
    shape = (*spec.input_shape, 1, 1)[:4]
    elementwise = {kind: number for number, kind in _ELEMENTWISE.items()}
    if spec.kind in _CONVOLUTIONS:
        return _convolution_fields(spec)
    if spec.kind in elementwise:
        return ("eltwise", elementwise[spec.kind], *shape)
    if spec.kind == "pool2d":
        return _pooling_fields(spec)
    if spec.kind == "softmax":
        return ("softmax", spec.attributes["axis"], *shape)
    if spec.kind == "batch_norm":
        return ("batch_norm", "None", *shape)
    return (*(("activation",) if activation_word else ()), spec.kind, *shape)


def _convolution_fields(spec: OpSpec) -> tuple[object, ...]:
    c_out, _, kernel, _ = spec.weights["Filter"][0]
    attributes = spec.attributes
    return (
        "conv",
        int("Bias" in spec.weights),
        int(attributes.get("act_type") == "relu"),
        *spec.input_shape,
        c_out,
        attributes["groups"],
        kernel,
        *(_first(attributes[name]) for name in ("paddings", "strides", "dilations")),
    )


def _pooling_fields(spec: OpSpec) -> tuple[object, ...]:
    attributes = spec.attributes
    average, exclusive = attributes["pooling_type"] == "avg", attributes.get("exclusive", True)
    kind = (3 if exclusive else 2) if average else 1
    if attributes["global_pooling"]:
        return ("pooling", 1, *spec.input_shape, 0, 0, 1, 0, kind)
    window = (_first(attributes[name]) for name in ("ksize", "paddings", "strides"))
    return ("pooling", 0, *spec.input_shape, *window, int(bool(attributes["ceil_mode"])), kind)


def _first(value: object) -> object:
    return value[0] if isinstance(value, tuple) else value
