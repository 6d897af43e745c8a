"""Gradients and buffers of several processes made those of the whole batch.

A task's loss is a mean over examples, so the gradient of a batch is the mean of those of its
parts, each as heavy as it has examples. Moving statistics of batch norms follow those of the
batches linearly, so the mean of them is what follows the mean. A scale of quantization follows
the largest magnitude of a batch, which is the largest of its parts'.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import paddle
from paddle import Tensor, distributed, nn

from edgeslim.training.quantization._scales import ActivationScale

__all__ = ["Buffers", "has_gradient", "sum_gradients"]


class Buffers:
    """A network's buffers as they are before a step; all of them are the same everywhere.

    Paddle's own batch norms have theirs as parameters that are not trained. Those of whole
    numbers count, and are the same afterwards as well.
    """

    def __init__(self, net: nn.Layer) -> None:
        layers = net.sublayers(include_self=True)
        scales = [each for each in layers if isinstance(each, ActivationScale)]
        self.largest = [each for scale in scales for each in _floating(scale.buffers())]
        known = set(map(id, self.largest))
        fixed = [each for each in net.parameters() if each.stop_gradient]
        self.mean = [each for each in _floating([*net.buffers(), *fixed]) if id(each) not in known]
        self.before = [each.clone() for each in self.mean]


def _floating(tensors: Sequence[Tensor]) -> list[Tensor]:
    return [each for each in tensors if each.is_floating_point()]


def has_gradient(parameter: Tensor) -> bool:
    """Whether a backward pass has left one."""
    return parameter.grad is not None


def sum_gradients(parameters: Sequence[Tensor], buffers: Buffers, share: float) -> None:
    """Sums gradients and steps of buffers over the processes, each times its share of the batch.

    Args:
        parameters: Those that have a gradient in any process.
        buffers: As they were before the step.
        share: Of the batch that is this process's.
    """
    with paddle.no_grad():
        for each in parameters:
            if each.grad is None:
                each.grad = paddle.zeros_like(each)
        steps = [now - before for now, before in zip(buffers.mean, buffers.before, strict=True)]
        own = [*(each.grad for each in parameters), *steps]
        found = _together([each * share for each in own], distributed.ReduceOp.SUM)
        gradients, steps = found[: len(parameters)], found[len(parameters) :]
        for each, gradient in zip(parameters, gradients, strict=True):
            paddle.assign(gradient, output=each.grad)
        # What does not change does not change in its last bit: a mean of equals might.
        for now, before, step in zip(buffers.mean, buffers.before, steps, strict=True):
            paddle.assign(before + step, output=now)
        largest = _together(buffers.largest, distributed.ReduceOp.MAX)
        for now, value in zip(buffers.largest, largest, strict=True):
            paddle.assign(value, output=now)


def _together(tensors: Sequence[Tensor], how: int) -> list[Tensor]:
    """Tensors of any shapes combined over all processes, with one call for each type."""
    found: dict[int, Tensor] = {}
    order = sorted(range(len(tensors)), key=lambda place: str(tensors[place].dtype))
    for _, group in groupby(order, key=lambda place: str(tensors[place].dtype)):
        places = list(group)
        flat = paddle.concat([tensors[place].flatten() for place in places])
        distributed.all_reduce(flat, op=how)
        sizes = [tensors[place].size for place in places]
        for place, part in zip(places, paddle.split(flat, sizes), strict=True):
            found[place] = part.reshape(tensors[place].shape)
    return [found[place] for place in range(len(tensors))]
