"""Running statistics of batch norms, found anew for weights that were trained in company.

Weights of a supernet meet other activations in each network, so each network's statistics are
its own (Yu & Huang, 2019, "Universally Slimmable Networks and Improved Training Techniques",
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

    The network is in evaluation mode afterwards, and all else of it is as it was.

    Args:
        net: The network.
        batches: Images ``(N, C, H, W)`` of each batch.

    Raises:
        ModelError: The network does not take them.
    """
    net.eval()
    norms = [each for each in net.sublayers(include_self=True) if _has_statistics(each)]
    momenta = [norm._momentum for norm in norms]
    for norm in norms:
        norm.train()  # these alone: whatever drops or draws does not while it is judged
    try:
        with paddle.no_grad(), fast_depthwise(net), silence_batch_norms():
            for number, images in enumerate(batches):
                for norm in norms:
                    norm._momentum = number / (number + 1)  # the mean of all so far
                outputs_of(net, images)
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm._momentum = momentum
        net.eval()


def _has_statistics(layer: nn.Layer) -> bool:
    return all(hasattr(layer, name) for name in ("_mean", "_variance", "_momentum"))
