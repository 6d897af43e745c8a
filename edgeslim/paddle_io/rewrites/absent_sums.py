"""Sums, products of matrices and reductions that Paddle-Lite 2.13 has not."""

from __future__ import annotations

import math
from collections.abc import Sequence

from edgeslim.paddle_io.proto import add_attribute
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
    """The largest is taken off before and added behind, so that nothing overflows."""
    axes = reduced_axes(s.operator, "axis")
    keep = bool(s.attribute("keepdim", s.attribute("keep_dim", False)))
    largest = s.reduce("max", s.x, axes, keep=True)
    left = s.apply("exp", s.binary("sub", s.x, largest))
    total = s.binary("add", s.apply("log", s.reduce("sum", left, axes, keep=True)), largest)
    return total if keep else s.reshape(total, s.shape(s.result()) or (1,))


def _mean(s: Sketch) -> str:
    """Of everything, as programs of Paddle 1 have it."""
    return s.reduce("mean", s.x, range(len(s.shape(s.x))), keep=False)


def _log_softmax(s: Sketch) -> str:
    """Paddle takes all that is 64 below the largest for 64 below (``softmax_impl.h``)."""
    axis = int(s.attribute("axis", -1)) % len(s.shape(s.x))
    under = s.binary("sub", s.x, s.reduce("max", s.x, [axis], keep=True))
    under = s.apply("clip", under, min=-64.0, max=0.0)
    total = s.reduce("sum", s.apply("exp", under), [axis], keep=True)
    return s.binary("sub", under, s.apply("log", total))


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


def _largest(s: Sketch) -> str:
    """Over all axes, which Paddle-Lite takes for the first: of the elements in a row."""
    return _place_of_largest(s, s.x)


def _least(s: Sketch) -> str:
    """The place of the smallest is that of the largest of the opposite."""
    return _place_of_largest(s, s.scale(s.x, -1.0))


def _place_of_largest(s: Sketch, x: str) -> str:
    axis, keep, shape = (
        int(s.attribute("axis", -1)),
        bool(s.attribute("keepdims", False)),
        s.shape(s.x),
    )
    made = s.shape(s.result()) or (1,)
    over_all = bool(s.attribute("flatten", False))
    if over_all:
        x, axis, keep = s.reshape(x, [math.prod(shape)]), 0, True
    places = s.write(
        "arg_max",
        {"X": x},
        (1,) if over_all else made,
        element_type=s.element_type(s.result()),
        keepdims=keep,
        flatten=False,
        dtype=int(s.attribute("dtype", 3)),
    )
    add_attribute(s.ops[-1], "axis", axis, long=True)
    return s.reshape(places, made) if over_all and len(made) > 1 else places


def _einstein(s: Sketch) -> str | None:
    """A product of two: axes of both, of one each and of none in what is made."""
    names, equation = s.sources("Operands"), str(s.attribute("equation", "")).replace(" ", "")
    read, arrow, made = equation.partition("->")
    labels = read.split(",")
    if not arrow or len(names) != 2 or "." in equation:
        return None
    if any(len(set(each)) < len(each) for each in (*labels, made)):
        return None
    left, right = (
        _without_lone(s, name, own, set(other) | set(made))
        for name, own, other in zip(names, labels, reversed(labels), strict=True)
    )
    extents = {
        label: extent
        for name, own in (left, right)
        for label, extent in zip(own, s.shape(name), strict=True)
    }
    both = [label for label in made if label in left[1] and label in right[1]]
    lost = [label for label in left[1] if label in right[1] and label not in made]
    own = [[label for label in each[1] if label not in both + lost] for each in (left, right)]
    stack = _size(extents, both)
    x = _arranged(s, *left, [*both, *own[0], *lost])
    x = s.reshape(x, [stack, _size(extents, own[0]), _size(extents, lost)])
    y = _arranged(s, *right, [*both, *lost, *own[1]])
    y = s.reshape(y, [stack, _size(extents, lost), _size(extents, own[1])])
    product = s.matmul(x, y, [stack, _size(extents, own[0]), _size(extents, own[1])])
    order = [*both, *own[0], *own[1]]
    product = s.reshape(product, [extents[label] for label in order] or [1])
    return _arranged(s, product, "".join(order), list(made)) if order != list(made) else product


def _without_lone(s: Sketch, name: str, labels: str, wanted: set[str]) -> tuple[str, str]:
    """A tensor summed over the axes that nothing else has."""
    lone = [place for place, label in enumerate(labels) if label not in wanted]
    if not lone:
        return name, labels
    summed = s.reduce("sum", name, lone, keep=False)
    return summed, "".join(label for label in labels if label in wanted)


def _arranged(s: Sketch, name: str, labels: str, wanted: Sequence[str]) -> str:
    order = [labels.index(label) for label in wanted]
    return name if order == sorted(order) else s.transpose(name, order)


def _size(extents: dict[str, int], labels: Sequence[str]) -> int:
    return math.prod(extents[label] for label in labels)


def _bilinear(s: Sketch) -> str:
    """``x W_k y + b_k``: the rows of the first times each matrix, times the second, summed."""
    x, y, weight = s.source("X"), s.source("Y"), s.source("Weight")
    (rows, width), (made, _, other) = s.shape(x), s.shape(weight)
    flat = s.reshape(s.transpose(weight, [1, 0, 2]), [width, made * other])
    products = s.reshape(s.matmul(x, flat, [rows, made * other]), [rows, made, other])
    scaled = s.binary("mul", products, s.reshape(y, [rows, 1, other]))
    total = s.reduce("sum", scaled, [2], keep=False)
    bias = s.source("Bias")
    return s.binary("add", total, bias) if bias else total


_FORMULAS: dict[str, Formula] = {
    "addmm": _sum_and_product,
    "arg_max": _largest,
    "arg_min": _least,
    "bilinear_tensor_product": _bilinear,
    "dot": _dot,
    "einsum": _einstein,
    "log_softmax": _log_softmax,
    "logsumexp": _log_sum_exp,
    "mean": _mean,
    "mv": _matrix_by_vector,
    "sum": _sum,
}

_LAWS = (ABSENT_SUMS, ABSENT_TOTALS, LARGEST_OF_ALL, LOGARITHMS_OF_SOFTMAX)

REWRITE = rewrite_by_formula(RewriteStage.OPERATORS, _FORMULAS, *_LAWS)
