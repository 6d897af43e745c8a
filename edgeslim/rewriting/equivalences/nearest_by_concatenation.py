"""Nearest neighbours for whole factors, as copies that are put beside each other."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from edgeslim.rewriting.equivalences._equivalence import Equivalence, OtherForm
from edgeslim.rewriting.equivalences._example import Example
from edgeslim.rewriting.network import Network, Op
from edgeslim.rewriting.writer import OperatorWriter

__all__ = ["EQUIVALENCE"]


def _forms(network: Network, op: Op) -> Iterator[OtherForm]:
    source, result = op.source("X"), op.result()
    before, after = network.shapes.get(source, ()), network.shapes.get(result, ())
    if not network.is_known(source) or not network.is_known(result) or len(before) != 4:
        return
    channels_last = op.attributes.get("data_layout", "NCHW") != "NCHW"
    tensors = [slot for slot, names in op.inputs.items() if names and slot != "X"]
    is_point = before[2:] == (1, 1)
    if tensors or channels_last or not (is_point or _takes_nearest(op)):
        return
    rows, columns = after[2] // before[2], after[3] // before[3]
    if (before[2] * rows, before[3] * columns) != after[2:] or rows * columns == 1:
        return
    if not is_point and not _is_by(op, (rows, columns)):
        return

    def write() -> None:
        n, c, h, w = before
        writer = OperatorWriter(network, result)
        x = writer.reshape(source, (n * c * h * w, 1))
        x = writer.concat([x] * columns, 1)
        x = writer.reshape(x, (n * c * h, w * columns))
        x = writer.concat([x] * rows, 1)
        network.replace(op, *writer.finish(writer.reshape(x, after), result))

    yield OtherForm(name="concatenation", touched=(op,), write=write)


def _is_by(op: Op, factors: tuple[int, int]) -> bool:
    """Whether a scale, from which places are computed if there is one, is that of the sizes."""
    scale = np.atleast_1d(np.asarray(op.attributes.get("scale", ()), float))
    return scale.size == 0 or bool((np.resize(scale, 2) == factors).all())


def _takes_nearest(op: Op) -> bool:
    return op.kind == "nearest_interp_v2" and not op.attributes.get("align_corners")


def _example(example: Example) -> str:
    is_point = example.chance(0.3)
    x = example.feed((1, example.integer(1, 4), 1, 1)) if is_point else example.image()
    x = example.apply("sigmoid", x)
    n, c, h, w = example.shape(x)
    rows, columns = example.integer(1, 3), example.integer(2, 3)
    method = example.one_of("nearest", "bilinear") if is_point else "nearest"
    return example.write(
        f"{method}_interp_v2",
        {"X": x},
        (n, c, h * rows, w * columns),
        out_h=h * rows,
        out_w=w * columns,
        out_d=-1,
        scale=(float(rows), float(columns)),
        interp_method=method,
        align_corners=False,
        align_mode=0,
        data_layout="NCHW",
    )


EQUIVALENCE = Equivalence(
    law="nearest(x)[i, j] = x[i / r, j / s] for whole r and s: each element r times s times; "
    "linear(x) = nearest(x) of a single element",
    limits="factors that are not whole numbers, a scale that is not that of the sizes, aligned "
    "corners, sizes that are computed; linear resizing of more than one element",
    saves="x86: a quarter of the resizing",
    bound=1e-6,
    kinds=frozenset({"nearest_interp_v2", "bilinear_interp_v2"}),
    forms=_forms,
    example=_example,
)
