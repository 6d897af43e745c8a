"""Gradients and buffers of several processes are combined to those of the whole batch.

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
    """A network's buffers before a step, when they are the same in all processes.

    Paddle's own batch norms keep theirs as parameters that are not trained. Buffers of whole
    numbers are counters, and are the same after a step as well.
    """

    def __init__(self, net: nn.Layer) -> None:
        layers = net.sublayers(include_self=True)
        scales = [layer for layer in layers if isinstance(layer, ActivationScale)]
        self.largest = [buffer for scale in scales for buffer in _floating(scale.buffers())]
        known = set(map(id, self.largest))
        fixed = [weight for weight in net.parameters() if weight.stop_gradient]
        means = _floating([*net.buffers(), *fixed])
        self.mean = [buffer for buffer in means if id(buffer) not in known]
        self.before = [buffer.clone() for buffer in self.mean]


def _floating(tensors: Sequence[Tensor]) -> list[Tensor]:
    return [tensor for tensor in tensors if tensor.is_floating_point()]


def has_gradient(parameter: Tensor) -> bool:
    """Whether a backward pass has computed a gradient for it."""
    return parameter.grad is not None


def sum_gradients(parameters: Sequence[Tensor], buffers: Buffers, share: float) -> None:
    """Sums gradients and changes of buffers over the processes, weighted by shares of the batch.

    Args:
        parameters: Parameters that have a gradient in any process.
        buffers: The buffers as they were before the step.
        share: Fraction of the batch that is this process's part.
    """
    with paddle.no_grad():
        for weight in parameters:
            if weight.grad is None:
                weight.grad = paddle.zeros_like(weight)
        steps = [now - before for now, before in zip(buffers.mean, buffers.before, strict=True)]
        own = [*(weight.grad for weight in parameters), *steps]
        found = _reduce([tensor * share for tensor in own], distributed.ReduceOp.SUM)
        gradients, steps = found[: len(parameters)], found[len(parameters) :]
        for weight, gradient in zip(parameters, gradients, strict=True):
            paddle.assign(gradient, output=weight.grad)
        # The mean of equal buffers may differ from them in its last bit; a sum of zeros does not.
        for now, before, step in zip(buffers.mean, buffers.before, steps, strict=True):
            paddle.assign(before + step, output=now)
        largest = _reduce(buffers.largest, distributed.ReduceOp.MAX)
        for now, value in zip(buffers.largest, largest, strict=True):
            paddle.assign(value, output=now)


def _reduce(tensors: Sequence[Tensor], how: int) -> list[Tensor]:
    """Reduces tensors of any shapes over all processes, with one call for each type."""
    found: dict[int, Tensor] = {}
    order = sorted(range(len(tensors)), key=lambda index: str(tensors[index].dtype))
    for _, group in groupby(order, key=lambda index: str(tensors[index].dtype)):
        indices = list(group)
        flat = paddle.concat([tensors[index].flatten() for index in indices])
        distributed.all_reduce(flat, op=how)
        sizes = [tensors[index].size for index in indices]
        for index, part in zip(indices, paddle.split(flat, sizes), strict=True):
            found[index] = part.reshape(tensors[index].shape)
    return [found[index] for index in range(len(tensors))]
