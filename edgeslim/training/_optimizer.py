"""The optimizer of all trainings, and its velocities read and set."""

from __future__ import annotations

from typing import TYPE_CHECKING

import paddle

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray
    from paddle import nn

__all__ = ["make_optimizer", "set_velocities", "velocities"]

_MOMENTUM = 0.9
_L2_DECAY = 4e-5

# Paddle's public state of an optimizer has names that count optimizers, so the same state has
# another name in the next process; by the parameter's own name it is private.
# ruff: noqa: SLF001


def make_optimizer(net: nn.Layer, learning_rate: float) -> paddle.optimizer.Momentum:
    """Stochastic gradient descent with momentum and a decay of all weights."""
    return paddle.optimizer.Momentum(
        learning_rate, momentum=_MOMENTUM, parameters=net.parameters(), weight_decay=_L2_DECAY
    )


def velocities(
    optimizer: paddle.optimizer.Momentum, net: nn.Layer
) -> dict[int, NDArray[np.float32]]:
    """The velocities that exist, by the parameter's index in ``net.parameters()``."""
    known = optimizer._accumulators[optimizer._velocity_acc_str]
    return {
        index: known[weight.name].numpy()
        for index, weight in enumerate(net.parameters())
        if weight.name in known
    }


def set_velocities(
    optimizer: paddle.optimizer.Momentum,
    net: nn.Layer,
    found: Mapping[int, NDArray[np.float32]],
) -> None:
    """Sets the velocities that `velocities` returned for a network of the same parameters."""
    parameters = net.parameters()
    block = paddle.static.default_main_program().global_block()
    optimizer._create_accumulators(block, [parameters[index] for index in found])
    known = optimizer._accumulators[optimizer._velocity_acc_str]
    for index, velocity in found.items():
        known[parameters[index].name].set_value(velocity)
