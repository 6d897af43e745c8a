"""What gradients of a network that was never trained say of it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import paddle
from paddle import nn

from edgeslim.errors import ModelError
from edgeslim.training._depthwise import fast_depthwise
from edgeslim.training._training_loop import keep_random_state, loss_of, silence_batch_norms
from edgeslim.training.evaluation import outputs_of

if TYPE_CHECKING:
    from paddle import Tensor

    from edgeslim.opspec import Shape
    from edgeslim.training.tasks import TaskData

__all__ = ["synflow", "zico"]

_TINY = 1e-150
"""An input so small that relu6 and its like cut nothing off, and 64 bits still hold it."""


def synflow(net: nn.Layer, input_shape: Shape) -> float:
    """Logarithm of the sum over all weights of weight times gradient, without any data.

    With R the sum of the outputs for an input of ones, and every weight w replaced by |w|, it is
    ``log(sum(|w| dR/d|w|))`` (SynFlow: Tanaka et al., 2020, https://arxiv.org/abs/2006.05467;
    summed up as a score of networks by Abdelfattah et al., 2021,
    https://arxiv.org/abs/2101.08134). R grows in proportion to the input, so a tiny one is
    used and counted out, for activations with an upper bound. Batch norms use their fresh
    statistics, and biases are nought. The network is no good for anything afterwards.

    Raises:
        ModelError: The network does not take such an input.
    """
    net.eval()
    net.to(dtype="float64")
    weights = [each for each in net.parameters() if not each.stop_gradient]
    with paddle.no_grad():
        for layer in net.sublayers(include_self=True):
            bias = getattr(layer, "bias", None)
            if isinstance(bias, paddle.Tensor):
                bias.set_value(paddle.zeros_like(bias))
        for each in weights:
            each.set_value(each.abs())
    ones = np.full((1, *input_shape[1:]), _TINY)
    sum(output.sum() for output in outputs_of(net, ones)).backward()
    total = sum(float((each * each.grad).sum()) for each in weights if each.grad is not None)
    return math.log(total) - math.log(_TINY) if total > 0 else -math.inf


def zico(
    net: nn.Layer, data: TaskData, *, batches: int = 2, batch_size: int = 64, seed: int = 0
) -> float:
    """How large gradients are beside how much they differ from batch to batch, layer by layer.

    ``sum over layers of log(sum over weights of mean(|g|) / deviation(|g|))``, mean and
    deviation over batches (ZiCo: Li et al., 2023, https://arxiv.org/abs/2301.11300), for the
    weights of convolutions and fully connected layers. Weights whose gradient is the same in
    each batch are left out.

    Args:
        net: The network, with first weights; it is in training mode afterwards.
        data: The task's.
        batches: Of training examples, as they are; two at least.
        batch_size: Examples in each.
        seed: Decides which examples, and what the network draws.

    Raises:
        BadFileError: An example cannot be read.
        ModelError: The network does not fit the task.
    """
    net.train()
    weights = [
        layer.weight
        for layer in net.sublayers(include_self=True)
        if isinstance(layer, nn.layer.conv._ConvNd | nn.Linear)  # noqa: SLF001 - their base
    ]
    size = min(batch_size, max(1, len(data.train) // batches))
    places = np.random.default_rng(seed).permutation(len(data.train))
    found: list[list[Tensor]] = []
    with keep_random_state(), fast_depthwise(net), silence_batch_norms():
        paddle.seed(seed)
        for number in range(batches):
            images, targets = data.train.batch(places[number * size : (number + 1) * size], None)
            tensors = tuple(map(paddle.to_tensor, targets))
            loss_of(outputs_of(net, images), data.loss, tensors).backward()
            found.append([each.grad.abs().numpy() for each in weights if each.grad is not None])
            net.clear_gradients()
    score = sum(map(_of_layer, zip(*found, strict=True)))
    if not math.isfinite(score):
        raise ModelError("the gradients of the untrained network are no numbers")
    return float(score)


def _of_layer(gradients: tuple[np.ndarray[tuple[int, ...], np.dtype[np.float32]], ...]) -> float:
    """A layer's part of `zico`, from the sizes of its gradients in each batch."""
    sizes = np.stack(gradients).astype(np.float64)
    mean, deviation = sizes.mean(axis=0), sizes.std(axis=0)
    told = deviation > 0
    return math.log((mean[told] / deviation[told]).sum()) if told.any() else 0.0
