"""Gradients of a task's loss of a network in evaluation mode."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import paddle

from edgeslim.training.evaluation import outputs_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from edgeslim.training.program_net import ProgramNet
    from edgeslim.training.tasks import TaskData

__all__ = ["batch_gradients"]


def batch_gradients(
    net: ProgramNet, data: TaskData, *, batches: int, batch_size: int, seed: int
) -> Iterator[dict[str, NDArray[Any]]]:
    """Yields the gradient of each parameter by name, for one training batch after another.

    Statistics of batch norms stay unchanged; there is no augmentation and no dropout.

    Args:
        net: The network, which is in evaluation mode afterwards.
        data: Examples and loss of the task.
        batches: Largest number of batches; fewer if there are not so many examples.
        batch_size: Number of examples in each batch.
        seed: Seed that selects the examples.

    Raises:
        BadFileError: An example cannot be read.
        ModelError: The loss does not take the network's outputs.
    """
    net.eval()
    indices = np.random.default_rng(seed).permutation(len(data.train))[: batches * batch_size]
    for start in range(0, len(indices), batch_size):
        images, targets = data.train.batch(indices[start : start + batch_size], None)
        loss = data.loss(outputs_of(net, images), tuple(map(paddle.to_tensor, targets)))
        loss.backward()
        found = net.gradients()
        net.clear_gradients()
        yield found
