"""Rows of Paddle-Lite's lookup-table script: operator, dimensions, attributes, latencies."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edgeslim.opspec import Attribute, OpSpec, Shape
from edgeslim.table_formats import _operators
from edgeslim.table_formats._format import RowRefusedError

__all__ = ["ScriptRow", "operator_of", "row_of"]

_COLUMNS = 7
_WORD = re.compile(r"(\w+)=(\[[^\]]*\]|[^,\s()]+)")
_KERNEL = re.compile(r"([1-9])x\1\Z")
_DEFAULTS: dict[str, dict[str, str]] = {
    "conv": {
        "ch_out": "1",
        "stride": "[1 1]",
        "pad": "[0 0 0 0]",
        "kernel": "3x3",
        "group": "1",
        "dilation": "[1 1]",
        "flag_bias": "1",
        "flag_act": "0",
    },
    "batchnorm": {"epsilon": "1e-4f", "momentum": "0.9f"},
    "pooling": {
        "stride": "2",
        "pad": "0",
        "kernel": "2x2",
        "ceil_mode": "0",
        "flag_global": "0",
        "exclusive": "1",
        "pooling_type": "max",
    },
    "activation": {"act_type": "relu"},
    "fc": {"param_dim": "1x1", "flag_bias": "1"},
}
"""The script's defaults for values that its input leaves out."""

_ALWAYS_GIVEN = {"ch_out", "param_dim", "act_type"}
_ACTIVATIONS: dict[str, dict[str, Attribute]] = {
    "0": {},
    "1": {"act_type": "relu", "with_act": True},
    "2": {"act_type": "relu6", "with_act": True},
    # The slope that the program measures with; it does not affect the latency.
    "4": {"act_type": "leaky_relu", "with_act": True, "leaky_relu_alpha": 8.88},
}


@dataclass(frozen=True, kw_only=True, slots=True)
class ScriptRow:
    """One row of the script's output.

    Args:
        kind: The script's word for the operator.
        input_shape: Dimensions of the input.
        output_shape_given: Dimensions of the output, as the script computes them.
        words: Attributes of the operator, by name.
        mean: Mean latency in milliseconds.
    """

    kind: str
    input_shape: Shape
    output_shape_given: Shape
    words: Mapping[str, str]
    mean: str

    @staticmethod
    def parse(cells: Sequence[str]) -> ScriptRow:
        """Parses the cells of a row.

        Raises:
            RowRefusedError: There are too few, or the script does not know the operator.
        """
        if len(cells) < _COLUMNS:
            raise RowRefusedError(f"a row has {_COLUMNS} cells between tabs, not {len(cells)}")
        kind, given, left, words = cells[:4]
        if kind not in _DEFAULTS:
            raise RowRefusedError(f"{kind!r} is not an operator of this format")
        found = dict(_WORD.findall(words))
        if found.get("dtype", "float") != "float":
            raise RowRefusedError(f"it is of {found['dtype']}; only float is known here")
        return ScriptRow(
            kind=kind,
            input_shape=_shape(given),
            output_shape_given=_shape(left),
            words=found,
            mean=cells[6],
        )

    @property
    def unusual(self) -> set[tuple[str, str]]:
        """Optional values that are not the script's defaults."""
        defaults = _DEFAULTS[self.kind]
        return {
            (name, value)
            for name, value in self.words.items()
            if name not in _ALWAYS_GIVEN and value != defaults.get(name, value)
        }

    @property
    def has_wrong_output(self) -> bool:
        """Whether the output dimensions of the row are not those of the operator."""
        try:
            return operator_of(self).output_shape != self.output_shape_given
        except RowRefusedError:
            return False

    @property
    def has_wrong_padding(self) -> bool:
        """Whether it has another padding on the right than it was measured with."""
        if self.kind != "conv":
            return False
        try:
            top, _, _, right = _list(self.words, "pad", 4)
        except RowRefusedError:
            return False
        return top != right

    def word(self, name: str) -> str:
        """The value of an attribute.

        Raises:
            RowRefusedError: The row does not have it.
        """
        if name not in self.words:
            raise RowRefusedError(f"it does not say {name}")
        return self.words[name]


def _numbers(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.strip("[] ").split())
    except ValueError:
        raise RowRefusedError(f"{text[:40]!r} are not whole numbers") from None


def _shape(text: str) -> Shape:
    shape = _numbers(text)
    if min(shape, default=0) < 1:
        raise RowRefusedError(f"{text[:40]!r} is not a shape")
    return shape


def _list(words: Mapping[str, str], name: str, count: int) -> tuple[int, ...]:
    numbers = _numbers(words.get(name, ""))
    if len(numbers) != count:
        raise RowRefusedError(f"{name} needs {count} numbers, not {len(numbers)}")
    return numbers


def operator_of(row: ScriptRow) -> OpSpec:
    """The operator that was measured.

    Raises:
        RowRefusedError: edgeslim does not know it, or another one was measured than the row has.
    """
    extents = 2 if row.kind == "fc" else 4
    if len(row.input_shape) != extents:
        raise RowRefusedError(f"{row.kind} reads {extents} dimensions, not {len(row.input_shape)}")
    match row.kind:
        case "conv":
            return _convolution(row)
        case "fc":
            return _fully_connected(row)
        case "pooling":
            return _pooling(row)
        case "batchnorm":
            numbers = {name: _decimal(row.word(name)) for name in ("epsilon", "momentum")}
            return _operators.batch_norm(row.input_shape, numbers)
        case _:
            return _operators.activation(row.word("act_type"), row.input_shape)


def _convolution(row: ScriptRow) -> OpSpec:
    kernel = _KERNEL.match(row.word("kernel"))
    if kernel is None:
        raise RowRefusedError(
            f"a kernel of {row.word('kernel')} was timed as a square of its first digit"
        )
    activation = _ACTIVATIONS.get(row.word("flag_act"))
    if activation is None:
        raise RowRefusedError(f"flag_act is 0, 1, 2 or 4, not {row.word('flag_act')}")
    (c_out,), (groups,) = _numbers(row.word("ch_out")), _numbers(row.word("group"))
    strides, dilations = _list(row.words, "stride", 2), _list(row.words, "dilation", 2)
    top, bottom, left, _ = _list(row.words, "pad", 4)
    side = int(kernel[1])
    return _operators.convolution(
        row.input_shape,
        c_out,
        kernel=(side, side),
        strides=(strides[0], strides[1]),
        paddings=(top, bottom, left, top),
        dilations=(dilations[0], dilations[1]),
        groups=groups,
        bias=_flag(row, "flag_bias"),
        activation=activation,
    )


def _fully_connected(row: ScriptRow) -> OpSpec:
    matrix = _numbers(row.word("param_dim").replace("x", " "))
    if len(matrix) != 2 or matrix[0] != row.input_shape[1]:
        raise RowRefusedError(f"a matrix of {row.word('param_dim')} does not fit {row.input_shape}")
    weights: dict[str, tuple[Shape, ...]] = {"W": (matrix,)}
    if _flag(row, "flag_bias"):
        weights["Bias"] = ((matrix[1],),)
    return _operators.operator(
        "fc", {"Input": (row.input_shape,)}, (row.input_shape[0], matrix[1]), weights=weights
    )


def _pooling(row: ScriptRow) -> OpSpec:
    if not _flag(row, "flag_global"):
        raise RowRefusedError("a pooling with a window was timed as a global one, whatever it says")
    kind = row.word("pooling_type")
    if kind not in {"max", "avg"}:
        raise RowRefusedError(f"a pooling is max or avg, not {kind}")
    return _operators.pooling(row.input_shape, average=kind == "avg", covers_all=True)


def _flag(row: ScriptRow, name: str) -> bool:
    if row.word(name) not in {"0", "1"}:
        raise RowRefusedError(f"{name} is 0 or 1, not {row.word(name)}")
    return row.word(name) == "1"


def _decimal(text: str) -> float:
    """Parses a number as C++ writes it: ``1e-4f``."""
    try:
        return float(text.removesuffix("f"))
    except ValueError:
        raise RowRefusedError(f"{text!r} is not a number") from None


def row_of(spec: OpSpec) -> tuple[str, str, str, str] | None:
    """The first four cells of an operator's row, or None if they would not say what it is."""
    try:
        cells = _candidate(spec)
        row = ScriptRow.parse((*cells, "1", "1", "1"))
        return cells if operator_of(row) == spec else None
    except (LookupError, ValueError):  # it lacks what such operators have, or cannot be read
        return None


def _candidate(spec: OpSpec) -> tuple[str, str, str, str]:
    attributes, bias = spec.attributes, int("Bias" in spec.weights)
    match spec.kind:
        case "conv2d" | "depthwise_conv2d":
            c_out, _, kernel, _ = spec.weights["Filter"][0]
            activation = str(attributes.get("act_type", ""))
            numbers = {"": 0, "relu": 1, "relu6": 2, "leaky_relu": 4}
            kind, words = (
                "conv",
                (
                    f"ch_out={c_out},stride={_cell(attributes['strides'])},"
                    f"pad={_cell(attributes['paddings'])},kernel={kernel}x{kernel},"
                    f"group={attributes['groups']},dilation={_cell(attributes['dilations'])},"
                    f"flag_bias={bias},flag_act={numbers[activation]}"
                ),
            )
        case "fc":
            c_in, c_out = spec.weights["W"][0]
            kind, words = "fc", f"param_dim={c_in}x{c_out},flag_bias={bias}"
        case "pool2d":
            kind, words = (
                "pooling",
                (
                    "stride=[1 1],pad=[0 0 0 0],kernel=1x1,ceil_mode=0,flag_global=1,exclusive=1,"
                    f"pooling_type={attributes['pooling_type']}"
                ),
            )
        case "batch_norm":
            epsilon, momentum = attributes["epsilon"], attributes["momentum"]
            kind, words = "batchnorm", f"epsilon={epsilon}f,momentum={momentum}f"
        case other:
            kind, words = "activation", f"act_type={other}"
    return kind, _cell(spec.input_shape), _cell(spec.output_shape), f"({words},dtype=float)"


def _cell(numbers: object) -> str:
    if not isinstance(numbers, tuple):
        raise RowRefusedError(f"{numbers} are not several numbers")
    return f"[{' '.join(map(str, numbers))}]"
