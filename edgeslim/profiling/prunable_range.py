"""The operators of a model as it is and as pruning may leave it, and how often each counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import product

import msgspec
import numpy as np

from edgeslim.opspec import Attributes, OpSpec, Shape, Shapes

__all__ = ["prunable_range"]

_MATRIX_KINDS = ("fc", "matmul_v2", "mul")
_TURNED = ("trans_x", "trans_y")
_REARRANGING_KINDS = ("concat", "reshape2", "shuffle_channel", "split", "transpose2")
"""Their outputs' channels are not their inputs', one by one."""

_IMAGE_CHANNELS = 4
"""So few channels are an image's, and not pruned."""


def prunable_range(specs: Sequence[OpSpec], *, widths: int = 8) -> dict[OpSpec, float]:
    """A model's operators at their own widths and at those that pruning can leave.

    A dense convolution keeps other channels in and out, each by itself; a depthwise one, and
    whatever else goes channel by channel, as many in as out; a matrix product sums over
    fewer. Each operator counts once at its own widths, and once more spread over all.

    Args:
        specs: Operators of a model, as often as it has them.
        widths: At most so many widths of each axis, from an eighth of its own.
    """
    uses: dict[OpSpec, float] = {}
    for spec, times in Counter(specs).items():
        variants = list(dict.fromkeys(_variants(spec, widths)))
        for variant in variants:
            own = variant == spec
            uses[variant] = uses.get(variant, 0.0) + times * (own + 1 / len(variants))
    return uses


def _variants(spec: OpSpec, count: int) -> Iterator[OpSpec]:
    """An operator at all its widths, its own among them."""
    yield spec
    matrix = _matrix(spec)
    if spec.kind == "conv2d" and spec.attributes.get("groups") == 1:
        c_out, c_in, *_ = spec.weights["Filter"][0]
        for new_in, new_out in product(_widths(c_in, count), _widths(c_out, count)):
            yield _dense(spec, new_in, new_out)
    elif matrix:
        for new in _widths(matrix[0], count):
            yield _summed_over(spec, matrix, new)
    elif _goes_channel_by_channel(spec):
        for new in _widths(spec.input_shape[1], count):
            yield _channelwise(spec, new)


def _widths(own: int, count: int) -> list[int]:
    """About evenly from an eighth to all, in whole blocks of 8, or of 4 if they are few."""
    if own <= _IMAGE_CHANNELS:
        return [own]
    block = 4 if own < 8 * count else 8
    even = np.linspace(own / 8, own, count)
    return sorted({own, *(min(own, max(1, round(each / block)) * block) for each in even)})


def _dense(spec: OpSpec, c_in: int, c_out: int) -> OpSpec:
    """A convolution with other channels in and out."""
    reaches = spec.weights["Filter"][0][2:]
    weights = {**_changed(spec.weights, lambda shape: (c_out, *shape[1:]))}
    weights["Filter"] = ((c_out, c_in, *reaches),)
    return msgspec.structs.replace(
        spec,
        inputs=_changed(spec.inputs, lambda shape: (shape[0], c_in, *shape[2:])),
        weights=Shapes(weights),
        outputs=_changed(spec.outputs, lambda shape: (shape[0], c_out, *shape[2:])),
    )


def _matrix(spec: OpSpec) -> Shape:
    """The weight that a matrix product sums over the rows of; empty if it is none."""
    if spec.kind not in _MATRIX_KINDS or any(spec.attributes.get(each) for each in _TURNED):
        return ()
    return next((shape for (shape,) in spec.weights.values() if len(shape) == 2), ())


def _summed_over(spec: OpSpec, matrix: Shape, new: int) -> OpSpec:
    """A matrix product with shorter sums."""
    own, columns = matrix
    return msgspec.structs.replace(
        spec,
        inputs=_changed(
            spec.inputs, lambda shape: tuple(new if size == own else size for size in shape)
        ),
        weights=_changed(spec.weights, lambda shape: (new, columns) if shape == matrix else shape),
    )


def _goes_channel_by_channel(spec: OpSpec) -> bool:
    """Whether all its tensors have the channels of an image, and each makes its own output."""
    if spec.kind in _REARRANGING_KINDS or len(spec.input_shape) != 4:
        return False
    channels = spec.input_shape[1]
    activations = [*spec.inputs.values(), *spec.outputs.values()]
    return all(
        len(shape) > 1 and shape[1] == channels for shapes in activations for shape in shapes
    ) and all(shape[0] == channels for shapes in spec.weights.values() for shape in shapes)


def _channelwise(spec: OpSpec, new: int) -> OpSpec:
    """Such an operator with other channels."""
    attributes = dict(spec.attributes)
    if attributes.get("groups") == spec.input_shape[1]:
        attributes["groups"] = new
    return msgspec.structs.replace(
        spec,
        inputs=_changed(spec.inputs, lambda shape: (shape[0], new, *shape[2:])),
        weights=_changed(spec.weights, lambda shape: (new, *shape[1:])),
        outputs=_changed(spec.outputs, lambda shape: (shape[0], new, *shape[2:])),
        attributes=Attributes(attributes),
    )


def _changed(slots: Shapes, change: Callable[[Shape], Shape]) -> Shapes:
    return Shapes({name: tuple(map(change, shapes)) for name, shapes in slots.items()})
