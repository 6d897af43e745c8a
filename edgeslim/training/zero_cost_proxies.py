"""Zero-cost proxies: scores of untrained networks by their gradients."""

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
"""An input so small that relu6 clips nothing, and that 64 bits can still represent."""


def synflow(net: nn.Layer, input_shape: Shape) -> float:
    """Logarithm of the sum over all weights of weight times gradient, without any data.

    With R the sum of the outputs for an input of ones, and every weight w replaced by |w|, it is
    ``log(sum(|w| dR/d|w|))`` (SynFlow: Tanaka et al., 2020, https://arxiv.org/abs/2006.05467;
    summed up as a score of networks by Abdelfattah et al., 2021,
    https://arxiv.org/abs/2101.08134). R is proportional to the input, so a tiny one is
    used and divided out, because of activations with an upper bound. Batch norms use their fresh
    statistics, and biases are zero. The network cannot be used afterwards.

    Raises:
        ModelError: The network does not take such an input.
    """
    net.eval()
    net.to(dtype="float64")
    weights = [weight for weight in net.parameters() if not weight.stop_gradient]
    with paddle.no_grad():
        for layer in net.sublayers(include_self=True):
            bias = getattr(layer, "bias", None)
            if isinstance(bias, paddle.Tensor):
                bias.set_value(paddle.zeros_like(bias))
        for weight in weights:
            weight.set_value(weight.abs())
    ones = np.full((1, *input_shape[1:]), _TINY)
    sum(output.sum() for output in outputs_of(net, ones)).backward()
    flows = [(weight * weight.grad).sum() for weight in weights if weight.grad is not None]
    total = sum(map(float, flows))
    return math.log(total) - math.log(_TINY) if total > 0 else -math.inf


def zico(
    net: nn.Layer, data: TaskData, *, batches: int = 2, batch_size: int = 64, seed: int = 0
) -> float:
    """Ratio of gradients to their deviation from batch to batch, summed over layers.

    ``sum over layers of log(sum over weights of mean(|g|) / deviation(|g|))``, mean and
    deviation over batches (ZiCo: Li et al., 2023, https://arxiv.org/abs/2301.11300), for the
    weights of convolutions and fully connected layers. Weights whose gradient is the same in
    each batch are left out.

    Args:
        net: The network with initial weights; it is in training mode afterwards.
        data: Examples and loss of the task.
        batches: Number of batches of training examples, at least two.
        batch_size: Number of examples in each batch.
        seed: Seed that selects the examples, and of the network's random numbers.

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
    indices = np.random.default_rng(seed).permutation(len(data.train))
    found: list[list[Tensor]] = []
    with keep_random_state(), fast_depthwise(net), silence_batch_norms():
        paddle.seed(seed)
        for number in range(batches):
            images, targets = data.train.batch(indices[number * size : (number + 1) * size], None)
            tensors = tuple(map(paddle.to_tensor, targets))
            loss_of(outputs_of(net, images), data.loss, tensors).backward()
            found.append(
                [weight.grad.abs().numpy() for weight in weights if weight.grad is not None]
            )
            net.clear_gradients()
    score = sum(map(_layer_score, zip(*found, strict=True)))
    if not math.isfinite(score):
        raise ModelError("the gradients of the untrained network are not finite")
    return float(score)


def _layer_score(gradients: tuple[np.ndarray[tuple[int, ...], np.dtype[np.float32]], ...]) -> float:
    """A layer's part of `zico`, from the magnitudes of its gradients in each batch."""
    sizes = np.stack(gradients).astype(np.float64)
    mean, deviation = sizes.mean(axis=0), sizes.std(axis=0)
    varies = deviation > 0
    return math.log((mean[varies] / deviation[varies]).sum()) if varies.any() else 0.0
