"""The sentences by which PaddleSlim 2.3 keys operators, such as ``relu in=(1, 8) out=(1, 8)``.

Reference: ``paddleslim/analysis/parse_ops.py``. An operator's sentence leaves out what the
project did not think mattered; where that leaves several operators, the sentence is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from edgeslim.opspec import Attribute, OpSpec, Shape
from edgeslim.table_formats import _operators
from edgeslim.table_formats._format import RowRefusedError

__all__ = ["operator_of", "sentence_of"]

_WORD = re.compile(r"(\w+)=((?:\([^()]*\))+|[^\s()]+)")
_SHAPE = re.compile(r"\(([0-9, ]*)\)")
_SQUARE = re.compile(r"([0-9]+)x\1\Z")
_PLAIN = {"relu", "sigmoid", "hard_swish", "hard_sigmoid", "swish"}
"""Activations that have no numbers, or always the same."""
_ELEMENTWISE = {"elementwise_add", "elementwise_mul", "fusion_elementwise_add_activation"}

Words = Mapping[str, str]


def operator_of(sentence: str) -> OpSpec:
    """The operator of a sentence.

    Raises:
        RowRefusedError: It is of an unknown kind, in 8 or 16 bits, or does not say enough.
    """
    kind, _, rest = sentence.strip().partition(" ")
    words = dict(_WORD.findall(rest))
    if words.get("quant", "False") not in {"False", "None"}:
        raise RowRefusedError(f"it is of {words.get('bit_length')} bits; only 32 are known here")
    if kind in _ELEMENTWISE:
        return _elementwise(kind, words)
    if kind in _PLAIN:
        return _operators.activation(kind, _shape(words, "in"))
    reader = _READERS.get(kind)
    if reader is None:
        raise RowRefusedError(f"{kind!r} is unknown, or the sentence leaves out what it does")
    return reader(words)


def _word(words: Words, name: str) -> str:
    if name not in words:
        raise RowRefusedError(f"it does not say {name}")
    return words[name]


def _shapes(words: Words, name: str) -> tuple[Shape, ...]:
    text = _word(words, name)
    found = tuple(
        tuple(int(part) for part in inner.split(",") if part.strip())
        for inner in _SHAPE.findall(text)
    )
    if not found or any(min(shape, default=0) < 1 for shape in found):
        raise RowRefusedError(f"{name}={text[:40]} is not a shape")
    return found


def _shape(words: Words, name: str, extents: int | None = None) -> Shape:
    (shape, *more) = _shapes(words, name)
    if more or extents not in {None, len(shape)}:
        raise RowRefusedError(f"{name}={words[name][:40]} is not one shape of {extents} numbers")
    return shape


def _number(words: Words, name: str) -> int:
    text = _word(words, name)
    try:
        return int(text)
    except ValueError:
        raise RowRefusedError(f"{name}={text[:20]} is not a whole number") from None


def _convolution(words: Words) -> OpSpec:
    c_out, _, *kernel = _shape(words, "weight", 4)
    pad, stride, dilation = (_number(words, name) for name in ("pad", "stride", "dilation"))
    return _operators.convolution(
        _shape(words, "in", 4),
        c_out,
        kernel=(kernel[0], kernel[1]),
        strides=(stride, stride),
        paddings=(pad, pad, pad, pad),
        dilations=(dilation, dilation),
        groups=_number(words, "group"),
    )


def _pooling(words: Words) -> OpSpec:
    shape, kind = _shape(words, "in", 4), _word(words, "type").rstrip(")")
    window = _SQUARE.match(_word(words, "kernel"))
    if kind not in {"avg", "max"} or window is None:
        raise RowRefusedError("a pooling is avg or max and has a square window")
    out = _shape(words, "out", 4)
    pooled = [
        _operators.pooling(
            shape,
            average=kind == "avg",
            covers_all=bool(_number(words, "flag_global")),
            kernel=int(window[1]),
            stride=_number(words, "stride"),
            padding=_number(words, "pad"),
            ceil=ceil,
        )
        for ceil in (False, True)
    ]
    for spec in pooled:
        if spec.output_shape == out:
            return spec
    raise RowRefusedError(f"a window like that does not leave {'x'.join(map(str, out))}")


def _elementwise(kind: str, words: Words) -> OpSpec:
    """The activation that a fused sum ends with is not said; it is relu in what opt makes."""
    attributes: dict[str, Attribute] = {"axis": _number(words, "axis")}
    inputs = {slot: (_shape(words, slot),) for slot in ("X", "Y")}
    return _operators.operator(kind, inputs, _shape(words, "out"), attributes=attributes)


def _concat(words: Words) -> OpSpec:
    return _operators.operator(
        "concat",
        {"X": _shapes(words, "in")},
        _shape(words, "out"),
        attributes={"axis": _number(words, "axis")},
    )


def _shuffle(words: Words) -> OpSpec:
    return _operators.operator(
        "shuffle_channel",
        {"X": (_shape(words, "in"),)},
        _shape(words, "out"),
        attributes={"group": _number(words, "group")},
    )


def _fully_connected(words: Words) -> OpSpec:
    return _operators.operator(
        "fc",
        {"Input": (_shape(words, "in"),)},
        _shape(words, "out"),
        weights={"W": (_shape(words, "weight", 2),)},
    )


_READERS: dict[str, Callable[[Words], OpSpec]] = {
    "conv2d": _convolution,
    "depthwise_conv2d": _convolution,
    "pool2d": _pooling,
    "concat": _concat,
    "fc": _fully_connected,
    "shuffle_channel": _shuffle,
}


def sentence_of(spec: OpSpec) -> str | None:
    """The sentence of an operator, or None if it would not say what it is."""
    try:
        sentence = _candidate(spec)
        return sentence if operator_of(sentence) == spec else None
    except (LookupError, ValueError):  # it lacks what such operators have, or cannot be read
        return None


def _candidate(spec: OpSpec) -> str:
    """A sentence in PaddleSlim's own words, its stray bracket and double space included."""
    words = [f"in={spec.input_shape}"]
    attributes, out = spec.attributes, f"out={spec.output_shape}"
    last = {name: value[-1] for name, value in attributes.items() if isinstance(value, tuple)}
    if spec.kind in {"conv2d", "depthwise_conv2d"}:
        words += [
            f"weight={spec.weights['Filter'][0]} {out} pad={last['paddings']}",
            f"stride={last['strides']} group={attributes['groups']}",
            f"dilation={last['dilations']} quant=False bit_length=None",
        ]
    elif spec.kind == "fc":
        words += [f"weight={spec.weights['W'][0]}", out]
    elif spec.kind == "pool2d":
        words += [
            f"{out} stride={last['strides']} kernel={last['ksize']}x{last['ksize']}",
            f"pad={last['paddings']} flag_global={int(bool(attributes['global_pooling']))}",
            f"type={attributes['pooling_type']})",
        ]
    elif spec.kind == "concat":
        words = [f"in={''.join(map(str, spec.inputs['X']))} axis={attributes['axis']}", out]
    elif spec.kind == "shuffle_channel":
        words += [f"group={attributes['group']} ", out]
    elif spec.kind in _ELEMENTWISE:
        x, y = spec.inputs["X"][0], spec.inputs["Y"][0]
        words = [f"X={x} Y={y} axis={attributes['axis']}", out]
    else:
        words.append(out)
    return " ".join((spec.kind, *words))
