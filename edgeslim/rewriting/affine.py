"""Products and sums with constants: what a chain of them computes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from edgeslim.rewriting.network import Network, Op

__all__ = [
    "AFFINE_KINDS",
    "Affine",
    "Values",
    "affine_chain",
    "affine_of",
    "constant_of",
    "is_single_precision",
]

Values = np.ndarray[Any, Any]

_SINGLE = -1
"""The axis of something that is the same along all axes."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Affine:
    """``factor * x + offset``, computed by one operator or by several in a row.

    Args:
        source: Name of the tensor that it reads, ``x``.
        result: Name of the tensor that it computes.
        factor: A single number, or one for each slice along the axis.
        offset: A single number, or one for each slice along the axis.
        axis: The axis, counted from the first; -1 if both are single numbers.
        ops: The operators in the order they run.
    """

    source: str
    result: str
    factor: Values
    offset: Values
    axis: int
    ops: tuple[Op, ...]

    @property
    def is_single(self) -> bool:
        """Whether factor and offset are single numbers."""
        return self.axis == _SINGLE

    @property
    def has_factor(self) -> bool:
        """Whether the factor is another one than 1."""
        return bool((self.factor != 1.0).any())

    @property
    def has_offset(self) -> bool:
        """Whether there is an offset other than 0."""
        return bool((self.offset != 0.0).any())

    def along(self, extent: int) -> tuple[Values, Values]:
        """Factor and offset with one number for each slice of an axis."""
        return np.broadcast_to(self.factor, extent), np.broadcast_to(self.offset, extent)

    def then(self, other: Affine) -> Affine | None:
        """This and another one behind it; None if they are along different axes."""
        axes = {self.axis, other.axis} - {_SINGLE}
        if len(axes) > 1:
            return None
        with np.errstate(all="ignore"):
            factor = self.factor * other.factor
            offset = self.offset * other.factor + other.offset
        if not is_single_precision(factor, offset):
            return None
        return Affine(
            source=self.source,
            result=other.result,
            factor=factor,
            offset=offset,
            axis=axes.pop() if axes else _SINGLE,
            ops=self.ops + other.ops,
        )


_LARGEST, _LEAST = float(np.finfo(np.float32).max), float(np.finfo(np.float32).tiny)


def is_single_precision(*values: Values) -> bool:
    """Whether numbers are finite in 32 bits, and none but zero is lost."""
    return all(_is_held(value) for value in values)


def _is_held(value: Values) -> bool:
    if value.size == 1:  # most are, and without arrays this takes a tenth of the time
        size = abs(float(value.reshape(())))
        return size == 0.0 or _LEAST <= size <= _LARGEST
    sizes = np.abs(value)
    return bool(((sizes == 0) | ((sizes >= _LEAST) & (sizes <= _LARGEST))).all())


def affine_chain(network: Network, op: Op) -> Affine | None:
    """The longest chain of products and sums with constants that begins at an operator.

    Returns:
        None if the operator is none, or the chain begins before it.
    """
    chain = affine_of(network, op)
    if chain is None:
        return None
    before = network.maker(chain.source)
    if before is not None and network.only_reader(chain.source) is op:
        earlier = affine_of(network, before)
        if earlier is not None and earlier.then(chain) is not None:
            return None
    while (behind := network.only_reader(chain.result)) is not None:
        following = affine_of(network, behind)
        longer = None if following is None else chain.then(following)
        if longer is None:
            return chain
        chain = longer
    return chain


def affine_of(network: Network, op: Op) -> Affine | None:
    """What an operator computes, if it is a product or sum with a constant."""
    find = _KINDS.get(op.kind)
    found = None if find is None else find(network, op)
    if found is None or not is_single_precision(found.factor, found.offset):
        return None
    result = network.shapes.get(found.result)
    is_same = result == network.shapes.get(found.source) and network.is_known(found.result)
    if not is_same or found.source in network.values or found.source == found.result:
        return None
    extents = {found.factor.size, found.offset.size} - {1}
    return found if extents <= {(result or ())[found.axis]} else None


def constant_of(network: Network, name: str) -> Values | None:
    """The value of a tensor of floats that is the same in each run; None of others."""
    value = network.value(name)
    maker = network.maker(name)
    if value is not None or maker is None or not network.is_known(name):
        return value
    if maker.kind != "fill_constant" or any(maker.inputs.values()):
        return None
    text = str(maker.attributes.get("str_value", ""))
    number = float(text) if text else float(maker.attributes.get("value", 0.0))
    return np.full(network.shapes[name], number, np.float32)


def _scale(_: Network, op: Op) -> Affine | None:
    if op.inputs.get("ScaleTensor") or op.attributes.get("activation_type"):
        return None
    factor = float(op.attributes.get("scale", 1.0))
    offset = float(op.attributes.get("bias", 0.0))
    if not op.attributes.get("bias_after_scale", True):
        offset = factor * offset
    return _single(op, factor, offset)


def _identity(_: Network, op: Op) -> Affine:
    return _single(op, 1.0, 0.0)


def _dropout(network: Network, op: Op) -> Affine | None:
    masks = op.outputs.get("Mask", ())
    is_read = any(network.readers(name) or name in network.fetches for name in masks)
    if is_read or not op.attributes.get("is_test", False):
        return None
    how = op.attributes.get("dropout_implementation", "downgrade_in_infer")
    kept = 1.0 if how == "upscale_in_train" else 1.0 - float(op.attributes["dropout_prob"])
    return _single(op, kept, 0.0)


def _single(op: Op, factor: float, offset: float) -> Affine:
    return Affine(
        source=op.source("X"),
        result=op.result(),
        factor=np.array(factor, np.float64),
        offset=np.array(offset, np.float64),
        axis=_SINGLE,
        ops=(op,),
    )


def _elementwise(network: Network, op: Op) -> Affine | None:
    if op.attributes.get("act_type") or op.attributes.get("fuse_activation"):
        return None
    x, y = op.source("X"), op.source("Y")
    second = constant_of(network, y)
    first = constant_of(network, x) if second is None else None
    constant, source = (first, y) if second is None else (second, x)
    if constant is None:
        return None
    placed = _place(
        constant, network.shapes.get(source, ()), op.attributes, is_first=second is None
    )
    if placed is None:
        return None
    value, axis = placed
    one, zero = np.ones((), np.float64), np.zeros((), np.float64)
    factor, offset = one, zero
    kind = op.kind.removeprefix("elementwise_")
    with np.errstate(divide="ignore"):
        if kind == "add":
            offset = value
        elif kind == "mul":
            factor = value
        elif kind == "sub":
            factor, offset = (one, -value) if first is None else (-one, value)
        elif first is None:
            factor = np.asarray(1.0 / value)
        else:
            return None
    return replace(
        _single(op, 1.0, 0.0),
        source=source,
        factor=factor,
        offset=offset,
        axis=axis,
    )


def _place(
    value: Values,
    shape: tuple[int, ...],
    attributes: Mapping[str, Any],
    *,
    is_first: bool,
) -> tuple[Values, int] | None:
    """A constant as a single number or a vector, and its axis in a tensor of a shape."""
    wide = value.astype(np.float64)
    if value.size == 1:
        return wide.reshape(()), _SINGLE
    own = attributes.get("axis", -1)
    start = len(shape) - value.ndim if own == -1 or is_first else int(own)
    axes = [axis for axis, extent in enumerate(value.shape) if extent != 1]
    if start < 0 or len(axes) != 1 or (is_first and value.ndim != len(shape)):
        return None
    axis = start + axes[0]
    if axis >= len(shape) or shape[axis] != value.size:
        return None
    return wide.reshape(-1), axis


def _batch_norm(network: Network, op: Op) -> Affine | None:
    is_fixed = op.attributes.get("is_test") or op.attributes.get("use_global_stats")
    is_channels_last = op.attributes.get("data_layout", "NCHW") == "NHWC"
    if not is_fixed or op.attributes.get("trainable_statistics") or is_channels_last:
        return None
    slots = ("Scale", "Bias", "Mean", "Variance")
    found = [network.value(op.source(slot)) for slot in slots]
    if any(value is None for value in found):
        return None
    scale, bias, mean, variance = (np.asarray(value, np.float64) for value in found)
    with np.errstate(all="ignore"):
        factor = scale / np.sqrt(variance + float(op.attributes.get("epsilon", 1e-5)))
        offset = bias - mean * factor
    return replace(
        _single(op, 1.0, 0.0), result=op.result("Y"), factor=factor, offset=offset, axis=1
    )


_KINDS = {
    "assign": _identity,
    "batch_norm": _batch_norm,
    "dropout": _dropout,
    "scale": _scale,
    **{f"elementwise_{kind}": _elementwise for kind in ("add", "sub", "mul", "div")},
}
"""How to read each kind of operator that may be one."""

AFFINE_KINDS = frozenset(_KINDS)
"""Kinds of operators that may be products and sums with constants."""
