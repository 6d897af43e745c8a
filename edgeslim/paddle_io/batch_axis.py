"""Operators that were saved for one batch size, made to follow another.

A program that was saved for one image says so in its attributes: reshape to ``[1, -1, 4]``.
Where the tensor that goes in is longer along one axis than its description says, that axis
is the batch, and the attribute has to grow as much.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from edgeslim.opspec import Shape
from edgeslim.paddle_io.eager_functions import Slots

__all__ = ["FOLLOWING", "Call", "Follow", "Growth", "growth"]

_WHOLE = 2**31 - 1
"""An end behind every end."""


class Growth(NamedTuple):
    """How a tensor differs from its description.

    Args:
        axis: The axis along which it is longer or shorter.
        actual: Its extent there.
        described: The extent that the description has.
    """

    axis: int
    actual: int
    described: int


class Call(NamedTuple):
    """An operator about to run.

    Args:
        given: Its inputs by slot.
        attributes: Its attributes.
        reads: Described shapes of its inputs by slot.
        writes: Described shapes of its outputs by slot.
    """

    given: Slots
    attributes: Mapping[str, Any]
    reads: Mapping[str, Sequence[Shape]]
    writes: Mapping[str, Sequence[Shape]]

    def changed(self, **attributes: object) -> Call:
        """The same with other attributes."""
        return self._replace(attributes={**self.attributes, **attributes})


Follow = Callable[[Call], Call]
"""Gives an operator the inputs and attributes that it has to have for this batch."""


def growth(actual: Sequence[int], described: Shape) -> Growth | None:
    """The first axis that differs; none if none does or if the description is open."""
    if len(actual) != len(described) or min(described, default=1) < 1:
        return None
    for axis, (one, other) in enumerate(zip(actual, described, strict=True)):
        if one != other:
            return Growth(axis, one, other)
    return None


def _reshape(call: Call) -> Call:
    """The axis behind as many elements as the batch is behind takes the batch."""
    described, target = call.reads["X"][0], list(call.writes["Out"][0])
    grown = growth(call.given["X"][0].shape, described)
    if grown is None or min(target, default=1) < 1:
        return call
    before = math.prod(described[: grown.axis])
    axes = [axis for axis in range(len(target)) if math.prod(target[:axis]) <= before]
    exact = [axis for axis in axes if math.prod(target[:axis]) == before]
    axis = (exact or axes[-1:])[0]
    target[axis] = target[axis] * grown.actual // grown.described
    return call.changed(shape=target)


def _expand(call: Call) -> Call:
    """What is the batch already stays as long as it is."""
    described, target = call.reads["X"][0], list(call.attributes["shape"])
    grown = growth(call.given["X"][0].shape, described)
    if grown is None:
        return call
    axis = grown.axis + len(target) - len(described)
    if target[axis] == grown.described:
        target[axis] = grown.actual
    return call.changed(shape=target)


def _slice(call: Call) -> Call:
    """A slice of the whole batch stays one; a single image taken out is left for the check."""
    grown = growth(call.given["Input"][0].shape, call.reads["Input"][0])
    attributes, rank = call.attributes, len(call.reads["Input"][0])
    axes = [each % rank for each in attributes["axes"]]
    if grown is None or grown.axis not in axes:
        return call
    place = axes.index(grown.axis)
    start, end = attributes["starts"][place], attributes["ends"][place]
    dropped = [each % rank for each in attributes.get("decrease_axis", ())]
    whole = start in {0, -grown.described} and end >= grown.described
    if not whole or grown.axis in dropped:
        return call
    starts, ends = list(attributes["starts"]), list(attributes["ends"])
    starts[place], ends[place] = 0, _WHOLE
    return call.changed(starts=starts, ends=ends)


def _repeat(call: Call) -> Call:
    """What does not depend on the images is the same for each of them."""
    grown = [
        growth(tensor.shape, described)
        for slot, tensors in call.given.items()
        for tensor, described in zip(tensors, call.reads[slot], strict=True)
    ]
    batch = next((each for each in grown if each is not None), None)
    if batch is None or batch.described != 1:
        return call

    def repeated(tensor: Any) -> Any:  # noqa: ANN401 - a Tensor
        shape = list(tensor.shape)
        if len(shape) <= batch.axis or shape[batch.axis] != 1:
            return tensor
        shape[batch.axis] = batch.actual
        return tensor.expand(shape)

    return call._replace(
        given={slot: [repeated(each) for each in tensors] for slot, tensors in call.given.items()}
    )


def _concat(call: Call) -> Call:
    """As `_repeat`, but along the batch itself there is nothing to repeat."""
    shapes = [tensor.shape for tensor in call.given["X"]]
    axis = call.attributes.get("axis", 0) % max(1, len(shapes[0]))
    others = {(*shape[:axis], *shape[axis + 1 :]) for shape in shapes}
    if len(others) == 1:
        return call
    return _repeat(call)


FOLLOWING: Mapping[str, Follow] = {
    "concat": _concat,
    "expand_v2": _expand,
    "grid_sampler": _repeat,
    "reshape2": _reshape,
    "slice": _slice,
    "stack": _repeat,
    "strided_slice": _slice,
    "yolo_box": _repeat,
}
"""By kind of operator; all others follow by themselves."""
