"""The optimizer, and its velocities taken out and put back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import paddle

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray
    from paddle import nn

__all__ = ["momentum", "set_velocities", "velocities"]

_MOMENTUM = 0.9
_L2_DECAY = 4e-5

# Paddle gives an optimizer's state by names that count optimizers, so the same state has
# another name in the next process; under the parameter's own name it is private.
# ruff: noqa: SLF001


def momentum(net: nn.Layer, learning_rate: float) -> paddle.optimizer.Momentum:
    """Stochastic gradient descent with momentum and a decay of all weights."""
    return paddle.optimizer.Momentum(
        learning_rate, momentum=_MOMENTUM, parameters=net.parameters(), weight_decay=_L2_DECAY
    )


def velocities(
    optimizer: paddle.optimizer.Momentum, net: nn.Layer
) -> dict[int, NDArray[np.float32]]:
    """Each velocity there is, by its parameter's place among ``net.parameters()``."""
    known = optimizer._accumulators[optimizer._velocity_acc_str]
    places = enumerate(net.parameters())
    return {place: known[each.name].numpy() for place, each in places if each.name in known}


def set_velocities(
    optimizer: paddle.optimizer.Momentum,
    net: nn.Layer,
    found: Mapping[int, NDArray[np.float32]],
) -> None:
    """Puts back what `velocities` gave for a net of the same parameters."""
    parameters = net.parameters()
    block = paddle.static.default_main_program().global_block()
    optimizer._create_accumulators(block, [parameters[place] for place in found])
    known = optimizer._accumulators[optimizer._velocity_acc_str]
    for place, velocity in found.items():
        known[parameters[place].name].set_value(velocity)
