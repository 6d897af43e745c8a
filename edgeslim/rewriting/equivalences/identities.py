"""Operators that return what they read, left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from edgeslim.rewriting.affine import AFFINE_KINDS, affine_of
from edgeslim.rewriting.equivalences._equivalence import Equivalence, OtherForm
from edgeslim.rewriting.equivalences._example import Example
from edgeslim.rewriting.network import Network, Op

__all__ = ["EQUIVALENCE"]

_VIEWS = frozenset({"reshape2", "expand_v2", "slice", "flatten_contiguous_range"})
"""Operators that move nothing if the shape stays the same."""

_RESIZING = frozenset({"nearest_interp_v2", "bilinear_interp_v2", "bicubic_interp_v2"})
"""Operators that compute nothing if the extents of images stay the same."""

_BOUNDED = {
    "relu": frozenset(
        {"relu", "relu6", "sigmoid", "hard_sigmoid", "softmax", "exp", "abs", "square"}
    ),
    "abs": frozenset({"relu", "relu6", "sigmoid", "hard_sigmoid", "softmax", "exp", "square"}),
}
"""Functions that change nothing behind others, whose results are never negative."""


def _forms(network: Network, op: Op) -> Iterator[OtherForm]:
    source = op.source("X") or op.source("Input")
    result = op.result()
    if result in network.fetches or source in network.values or not network.is_known(source):
        return
    if network.shapes[source] != network.shapes.get(result) or not network.is_float(result):
        return
    others = [name for name in op.writes if name != result]
    is_read = any(network.readers(name) or name in network.fetches for name in others)
    affine = affine_of(network, op)
    if affine is not None:
        source = affine.source
        is_same = not affine.has_factor and not affine.has_offset
    else:
        is_same = _is_same(network, op, source)
    if not is_same or is_read:
        return

    def write() -> None:
        network.read_instead(result, source)
        network.replace(op)

    yield OtherForm(name="left out", touched=(op, *network.readers(result)), write=write)


def _is_same(network: Network, op: Op, source: str) -> bool:
    if op.kind in _BOUNDED:
        maker = network.maker(source)
        return maker is not None and maker.kind in _BOUNDED[op.kind]
    if op.kind == "transpose2":
        axes = [int(axis) for axis in op.attributes.get("axis", ())]
        return axes == sorted(axes)
    if op.kind == "concat":
        return len(op.inputs.get("X", ())) == 1
    if op.kind == "pool2d":
        return _is_plain_pool(op)
    if op.kind in _RESIZING:
        return True
    tensors = [slot for slot, names in op.inputs.items() if names and slot not in {"X", "Input"}]
    is_turned = min(op.attributes.get("strides", (1,)) or (1,), default=1) < 1
    return op.kind in _VIEWS and not tensors and not is_turned


def _is_plain_pool(op: Op) -> bool:
    attributes = op.attributes
    if attributes.get("global_pooling") or attributes.get("adaptive"):
        return False
    windows = (*attributes.get("ksize", (2,)), *attributes.get("strides", (2,)))
    return set(windows) == {1} and not any(attributes.get("paddings", (1,)))


_KINDS = AFFINE_KINDS | _VIEWS | _RESIZING | {"transpose2", "concat", "pool2d"} | set(_BOUNDED)


def _example(example: Example) -> str:
    x = example.apply("sigmoid", example.image())
    ways: tuple[Callable[[], str], ...] = (
        lambda: example.scale(x),
        lambda: example.apply("relu", x),
        lambda: example.binary("add", x, example.constant(np.zeros(1))),
        lambda: example.reshape(x, example.shape(x)),
        lambda: example.transpose(x, (0, 1, 2, 3)),
        lambda: example.write("concat", {"X": [x]}, example.shape(x), axis=1),
        lambda: _resize(example, x),
    )
    return example.apply("tanh", example.one_of(*ways)())


def _resize(example: Example, x: str) -> str:
    """The images in the size that they have."""
    rows, columns = example.shape(x)[2:]
    method = example.one_of("nearest", "bilinear", "bicubic")
    return example.write(
        f"{method}_interp_v2",
        {"X": x},
        example.shape(x),
        out_h=rows,
        out_w=columns,
        out_d=-1,
        scale=(1.0, 1.0),
        interp_method=method,
        align_corners=method != "nearest" and example.chance(),
        align_mode=0,
        data_layout="NCHW",
    )


EQUIVALENCE = Equivalence(
    law="f(x) = x",
    limits="results that are outputs of the network; shapes that are computed while it runs",
    saves="the operator, where the optimizer does not remove it by itself",
    bound=1e-6,
    kinds=frozenset(_KINDS),
    forms=_forms,
    example=_example,
)
