"""Means of whole images as poolings, and the other way round."""

from __future__ import annotations

from collections.abc import Iterator

from edgeslim.rewriting.equivalences._equivalence import Equivalence, OtherForm
from edgeslim.rewriting.equivalences._example import Example
from edgeslim.rewriting.network import Network, Op
from edgeslim.rewriting.writer import OperatorWriter

__all__ = ["EQUIVALENCE"]

_AXES = {2, 3}


def _forms(network: Network, op: Op) -> Iterator[OtherForm]:
    source, result = op.source("X"), op.result()
    shape, after = network.shapes.get(source, ()), network.shapes.get(result, ())
    if len(shape) != len("NCHW") or source in network.values or not network.is_known(source):
        return
    if not network.is_known(result) or [slot for slot, names in op.inputs.items() if names] != [
        "X"
    ]:
        return
    if op.kind == "reduce_mean" and _is_of_images(op, shape, after):
        name = "pooling"
    elif op.kind == "pool2d" and _is_mean(op) and after == (*shape[:2], 1, 1):
        name = "mean"
    else:
        return

    def write() -> None:
        writer = OperatorWriter(network, result)
        last = writer.pool_all(source) if name == "pooling" else writer.mean_of_images(source)
        if after != writer.shape(last):
            last = writer.reshape(last, after)
        network.replace(op, *writer.finish(last, result))

    yield OtherForm(name=name, touched=(op,), write=write)


def _is_of_images(op: Op, shape: tuple[int, ...], after: tuple[int, ...]) -> bool:
    axes = {int(axis) % len(shape) for axis in op.attributes.get("dim", ())}
    is_whole = axes == _AXES and not op.attributes.get("reduce_all")
    return is_whole and after in {shape[:2], (*shape[:2], 1, 1)}


def _is_mean(op: Op) -> bool:
    """Whether it is a mean over the whole image."""
    attributes = op.attributes
    is_all = attributes.get("global_pooling") or (
        attributes.get("adaptive") and set(attributes.get("ksize", ())) == {1}
    )
    is_first = attributes.get("data_format", "NCHW") in {"NCHW", "AnyLayout"}
    return bool(is_all) and is_first and attributes.get("pooling_type") == "avg"


def _example(example: Example) -> str:
    x = example.image()
    if example.chance():
        return example.pool_all(x)
    if example.chance():
        return example.mean_of_images(x)
    return example.write(
        "reduce_mean",
        {"X": x},
        example.shape(x)[:2],
        dim=(2, 3),
        keep_dim=False,
        reduce_all=False,
    )


EQUIVALENCE = Equivalence(
    law="mean of x over rows and columns = average pooling of the whole image",
    limits="means over other axes, channels last",
    saves="x86: little, they take 0.9 and 0.8 times the 1x1 convolution before them; more where "
    "one of both is slow",
    bound=2e-6,
    kinds=frozenset({"reduce_mean", "pool2d"}),
    forms=_forms,
    example=_example,
)
