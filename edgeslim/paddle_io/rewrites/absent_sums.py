"""Sums, matrix products and reductions that Paddle-Lite 2.13 does not have or computes wrongly."""

from __future__ import annotations

import math
from collections.abc import Sequence

from edgeslim.paddle_io.rewrites._rewrite import Formula, RewriteStage, rewrite_by_formula
from edgeslim.paddle_io.sketch import Sketch
from edgeslim.targets.absent import ABSENT_SUMS, ABSENT_TOTALS
from edgeslim.targets.activations import LOGARITHMS_OF_SOFTMAX
from edgeslim.targets.reductions import reduced_axes
from edgeslim.targets.sorting import LARGEST_OF_ALL

__all__ = ["REWRITE"]


def _sum(s: Sketch) -> str:
    first, *others = s.sources("X")
    if not others:
        return s.apply("assign", first)
    for other in others:
        first = s.binary("add", first, other)
    return first


def _log_sum_exp(s: Sketch) -> str:
    """The maximum is subtracted before and added afterwards, so that nothing overflows."""
    axes = reduced_axes(s.operator, "axis")
    keep = bool(s.attribute("keepdim", s.attribute("keep_dim", False)))
    largest = s.reduce("max", s.x, axes, keep=True)
    left = s.apply("exp", s.binary("sub", s.x, largest))
    total = s.binary("add", s.apply("log", s.reduce("sum", left, axes, keep=True)), largest)
    return total if keep else s.reshape(total, s.shape(s.result()) or (1,))


def _mean(s: Sketch) -> str:
    """The mean of all elements, an operator of Paddle 1."""
    return s.reduce("mean", s.x, range(len(s.shape(s.x))), keep=False)


def _log_softmax(s: Sketch) -> str:
    """Paddle limits the difference to the maximum to 64 (``softmax_impl.h``)."""
    axis = int(s.attribute("axis", -1)) % len(s.shape(s.x))
    shifted = s.binary("sub", s.x, s.reduce("max", s.x, [axis], keep=True))
    shifted = s.apply("clip", shifted, min=-64.0, max=0.0)
    total = s.reduce("sum", s.apply("exp", shifted), [axis], keep=True)
    return s.binary("sub", shifted, s.apply("log", total))


def _dot(s: Sketch) -> str:
    x = s.binary("mul", s.x, s.source("Y"))
    last = len(s.shape(x)) - 1
    return s.reduce("sum", x, [last], keep=len(s.shape(s.result())) > last)


def _matrix_by_vector(s: Sketch) -> str:
    return s.reduce("sum", s.binary("mul", s.x, s.source("Vec")), [1], keep=False)


def _sum_and_product(s: Sketch) -> str:
    x, y = s.source("X"), s.source("Y")
    product = s.matmul(x, y, s.shape(s.result()))
    alpha = float(s.attribute("Alpha", s.attribute("alpha", 1.0)))
    beta = float(s.attribute("Beta", s.attribute("beta", 1.0)))
    return s.binary("add", s.scale(product, alpha), s.scale(s.source("Input"), beta))


def _argmax(s: Sketch) -> str:
    """Over all axes the flattened tensor is used; Paddle-Lite uses the first axis."""
    return _argmax_of(s, s.x)


def _argmin(s: Sketch) -> str:
    """The index of the smallest element is that of the largest negated element."""
    return _argmax_of(s, s.scale(s.x, -1.0))


def _argmax_of(s: Sketch, x: str) -> str:
    axis, keep = int(s.attribute("axis", -1)), bool(s.attribute("keepdims", False))
    wanted = s.shape(s.result()) or (1,)
    over_all = bool(s.attribute("flatten", False))
    if over_all:
        x, axis, keep = s.reshape(x, [math.prod(s.shape(x))]), 0, True
    index = s.write(
        "arg_max",
        {"X": x},
        (1,) if over_all else wanted,
        element_type=s.element_type(s.result()),
        keepdims=keep,
        flatten=False,
        dtype=int(s.attribute("dtype", 3)),
    )
    s.set_long("axis", axis)
    return s.reshape(index, wanted) if over_all and len(wanted) > 1 else index


def _einsum(s: Sketch) -> str | None:
    """A product of two tensors: axes are shared (batch), of one alone, or summed over."""
    names, equation = s.sources("Operands"), str(s.attribute("equation", "")).replace(" ", "")
    read, arrow, wanted = equation.partition("->")
    labels = read.split(",")
    if not arrow or len(names) != 2 or "." in equation:
        return None
    if any(len(set(axes)) < len(axes) for axes in (*labels, wanted)):
        return None
    left, right = (
        _sum_lone_axes(s, name, own, set(other) | set(wanted))
        for name, own, other in zip(names, labels, reversed(labels), strict=True)
    )
    extents = {
        label: extent
        for name, own in (left, right)
        for label, extent in zip(own, s.shape(name), strict=True)
    }
    shared = [label for label in wanted if label in left[1] and label in right[1]]
    summed = [label for label in left[1] if label in right[1] and label not in wanted]
    rows, columns = (
        [label for label in labels if label not in shared + summed] for _, labels in (left, right)
    )
    batch, inner = _size(extents, shared), _size(extents, summed)
    height, width = _size(extents, rows), _size(extents, columns)
    x = s.reshape(_permute(s, *left, [*shared, *rows, *summed]), [batch, height, inner])
    y = s.reshape(_permute(s, *right, [*shared, *summed, *columns]), [batch, inner, width])
    product = s.matmul(x, y, [batch, height, width])
    order = [*shared, *rows, *columns]
    product = s.reshape(product, [extents[label] for label in order] or [1])
    return _permute(s, product, "".join(order), list(wanted)) if order != list(wanted) else product


def _sum_lone_axes(s: Sketch, name: str, labels: str, wanted: set[str]) -> tuple[str, str]:
    """A tensor summed over the axes that neither the other one nor the result has."""
    lone = [axis for axis, label in enumerate(labels) if label not in wanted]
    if not lone:
        return name, labels
    summed = s.reduce("sum", name, lone, keep=False)
    return summed, "".join(label for label in labels if label in wanted)


def _permute(s: Sketch, name: str, labels: str, wanted: Sequence[str]) -> str:
    order = [labels.index(label) for label in wanted]
    return name if order == sorted(order) else s.transpose(name, order)


def _size(extents: dict[str, int], labels: Sequence[str]) -> int:
    return math.prod(extents[label] for label in labels)


def _bilinear(s: Sketch) -> str:
    """``x W_k y + b_k``: rows of ``x`` times each matrix, times ``y``, summed."""
    x, y, weight = s.source("X"), s.source("Y"), s.source("Weight")
    (rows, width), (count, _, other) = s.shape(x), s.shape(weight)
    flat = s.reshape(s.transpose(weight, [1, 0, 2]), [width, count * other])
    products = s.reshape(s.matmul(x, flat, [rows, count * other]), [rows, count, other])
    scaled = s.binary("mul", products, s.reshape(y, [rows, 1, other]))
    total = s.reduce("sum", scaled, [2], keep=False)
    bias = s.source("Bias")
    return s.binary("add", total, bias) if bias else total


_FORMULAS: dict[str, Formula] = {
    "addmm": _sum_and_product,
    "arg_max": _argmax,
    "arg_min": _argmin,
    "bilinear_tensor_product": _bilinear,
    "dot": _dot,
    "einsum": _einsum,
    "log_softmax": _log_softmax,
    "logsumexp": _log_sum_exp,
    "mean": _mean,
    "mv": _matrix_by_vector,
    "sum": _sum,
}

_LAWS = (ABSENT_SUMS, ABSENT_TOTALS, LARGEST_OF_ALL, LOGARITHMS_OF_SOFTMAX)

REWRITE = rewrite_by_formula(RewriteStage.OPERATORS, _FORMULAS, *_LAWS)
