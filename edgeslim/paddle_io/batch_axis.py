"""Operators that were saved for one batch size, run with another.

A program that was saved for one image has that in its attributes: reshape to ``[1, -1, 4]``.
If an input is longer along one axis than its description, that axis is the batch, and the
attribute has to grow as much.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from edgeslim.opspec import Shape
from edgeslim.paddle_io.eager_functions import Slots

__all__ = ["BATCH_RULES", "BatchRule", "Call", "Growth", "find_growth"]

_WHOLE = 2**31 - 1
"""An end of slices that is beyond any extent."""


class Growth(NamedTuple):
    """How a tensor differs from its description.

    Args:
        axis: The axis along which the tensor is longer or shorter.
        actual: The tensor's extent along that axis.
        described: The extent along that axis in the description.
    """

    axis: int
    actual: int
    described: int


class Call(NamedTuple):
    """An operator about to run.

    Args:
        given: Its input tensors by slot.
        attributes: Values of its attributes by name.
        reads: Described shapes of its inputs by slot.
        writes: Described shapes of its outputs by slot.
    """

    given: Slots
    attributes: Mapping[str, Any]
    reads: Mapping[str, Sequence[Shape]]
    writes: Mapping[str, Sequence[Shape]]

    def with_attributes(self, **attributes: object) -> Call:
        """The call with other values of some attributes."""
        return self._replace(attributes={**self.attributes, **attributes})


BatchRule = Callable[[Call], Call]
"""Returns the call with the inputs and attributes that the batch needs."""


def find_growth(actual: Sequence[int], described: Shape) -> Growth | None:
    """The first axis that differs; None if none does, or if the description is open."""
    if len(actual) != len(described) or min(described, default=1) < 1:
        return None
    for axis, (one, other) in enumerate(zip(actual, described, strict=True)):
        if one != other:
            return Growth(axis, one, other)
    return None


def _reshape(call: Call) -> Call:
    """The batch goes to the axis with as many elements before it as before the batch axis."""
    described, target = call.reads["X"][0], list(call.writes["Out"][0])
    grown = find_growth(call.given["X"][0].shape, described)
    if grown is None or min(target, default=1) < 1:
        return call
    before = math.prod(described[: grown.axis])
    axes = [axis for axis in range(len(target)) if math.prod(target[:axis]) <= before]
    exact = [axis for axis in axes if math.prod(target[:axis]) == before]
    axis = (exact or axes[-1:])[0]
    target[axis] = target[axis] * grown.actual // grown.described
    return call.with_attributes(shape=target)


def _expand(call: Call) -> Call:
    """An axis that expands to the batch size of the description follows the batch."""
    described, target = call.reads["X"][0], list(call.attributes["shape"])
    grown = find_growth(call.given["X"][0].shape, described)
    if grown is None:
        return call
    axis = grown.axis + len(target) - len(described)
    if target[axis] == grown.described:
        target[axis] = grown.actual
    return call.with_attributes(shape=target)


def _slice(call: Call) -> Call:
    """A slice of the whole batch stays one; a single image that is selected is left as it is."""
    grown = find_growth(call.given["Input"][0].shape, call.reads["Input"][0])
    attributes, rank = call.attributes, len(call.reads["Input"][0])
    axes = [axis % rank for axis in attributes["axes"]]
    if grown is None or grown.axis not in axes:
        return call
    place = axes.index(grown.axis)
    start, end = attributes["starts"][place], attributes["ends"][place]
    dropped = [axis % rank for axis in attributes.get("decrease_axis", ())]
    whole = start in {0, -grown.described} and end >= grown.described
    if not whole or grown.axis in dropped:
        return call
    starts, ends = list(attributes["starts"]), list(attributes["ends"])
    starts[place], ends[place] = 0, _WHOLE
    return call.with_attributes(starts=starts, ends=ends)


def _repeat(call: Call) -> Call:
    """Inputs that do not depend on the images are repeated for each of them."""
    grown = [
        find_growth(tensor.shape, described)
        for slot, tensors in call.given.items()
        for tensor, described in zip(tensors, call.reads[slot], strict=True)
    ]
    batch = next((found for found in grown if found is not None), None)
    if batch is None or batch.described != 1:
        return call

    def repeat(tensor: Any) -> Any:  # noqa: ANN401 - a Tensor
        shape = list(tensor.shape)
        if len(shape) <= batch.axis or shape[batch.axis] != 1:
            return tensor
        shape[batch.axis] = batch.actual
        return tensor.expand(shape)

    return call._replace(
        given={slot: [repeat(tensor) for tensor in tensors] for slot, tensors in call.given.items()}
    )


def _concat(call: Call) -> Call:
    """As `_repeat`, unless the tensors are joined along the batch axis."""
    shapes = [tensor.shape for tensor in call.given["X"]]
    axis = call.attributes.get("axis", 0) % max(1, len(shapes[0]))
    others = {(*shape[:axis], *shape[axis + 1 :]) for shape in shapes}
    if len(others) == 1:
        return call
    return _repeat(call)


BATCH_RULES: Mapping[str, BatchRule] = {
    "concat": _concat,
    "expand_v2": _expand,
    "grid_sampler": _repeat,
    "reshape2": _reshape,
    "slice": _slice,
    "stack": _repeat,
    "strided_slice": _slice,
    "yolo_box": _repeat,
}
"""The rule of each kind of operator; other kinds need none."""
