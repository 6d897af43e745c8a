"""Computes running statistics of batch norms anew, for a network with weights of a supernet.

Weights of a supernet get different activations in each network, so each network needs its own
statistics (Yu & Huang, 2019, "Universally Slimmable Networks and Improved Training Techniques",
https://arxiv.org/abs/1903.05134).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import paddle
from paddle import nn

from edgeslim.training._depthwise import fast_depthwise
from edgeslim.training._training_loop import silence_batch_norms
from edgeslim.training.evaluation import outputs_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["recalibrate"]

# Paddle's batch norms have their momentum under a private name.
# ruff: noqa: SLF001


def recalibrate(net: nn.Layer, batches: Iterable[NDArray[np.float32]]) -> None:
    """Sets every batch norm's statistics to the mean of those of the batches.

    The network is in evaluation mode afterwards, and otherwise unchanged.

    Args:
        net: Network whose statistics are set.
        batches: Images ``(N, C, H, W)`` of each batch.

    Raises:
        ModelError: The network does not take such images.
    """
    net.eval()
    norms = [layer for layer in net.sublayers(include_self=True) if _has_statistics(layer)]
    momenta = [norm._momentum for norm in norms]
    for norm in norms:
        norm.train()  # these alone: dropout and the like stay in evaluation mode
    try:
        with paddle.no_grad(), fast_depthwise(net), silence_batch_norms():
            for number, images in enumerate(batches):
                for norm in norms:
                    norm._momentum = number / (
                        number + 1
                    )  # so it is the mean of all batches so far
                outputs_of(net, images)
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm._momentum = momentum
        net.eval()


def _has_statistics(layer: nn.Layer) -> bool:
    return all(hasattr(layer, name) for name in ("_mean", "_variance", "_momentum"))
