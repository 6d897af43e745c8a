"""Proof that a program computes each image of a batch as if it were alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import paddle

from edgeslim.paddle_io.batch_axis import growth
from edgeslim.training._program_steps import where

if TYPE_CHECKING:
    from edgeslim.paddle_io.eager_operators import EagerOperator
    from edgeslim.training.program_net import ProgramNet

__all__ = ["mixing"]

_TOLERANCE = 1e-4
"""Of the largest number: sums of another order differ by a tenth of it."""

Arrays = dict[str, np.ndarray[Any, Any]]


def mixing(net: ProgramNet, rng: np.random.Generator) -> str | None:
    """What is wrong with two images at once, on random numbers; none if nothing is.

    Raises:
        ModelError: An operator refuses two images.
    """
    types = net.feed_types
    # Sizes and counts among the inputs are ones: noise would choose what is not there.
    images = [
        rng.uniform(0, 1, (2, *shape[1:])).astype(np.float32)
        if types[name] == "float32"
        else np.ones((2, *shape[1:]), types[name])
        for name, shape in net.feeds.items()
    ]
    was_training = net.training
    net.eval()
    try:
        with paddle.no_grad():
            singles = [
                _outputs(net, [each[place : place + 1] for each in images]) for place in (0, 1)
            ]
            both = _outputs(net, images)
            if all(_agrees(*three) for three in zip(both, *singles, strict=True)):
                return None
            return _first(net, images)
    finally:
        if was_training:
            net.train()


def _outputs(net: ProgramNet, images: Sequence[np.ndarray[Any, Any]]) -> list[np.ndarray[Any, Any]]:
    return [each.numpy() for each in net(*(paddle.to_tensor(image) for image in images))]


def _agrees(
    both: np.ndarray[Any, Any], first: np.ndarray[Any, Any], second: np.ndarray[Any, Any]
) -> bool:
    """Whether a tensor of two images is those of each, one behind the other on some axis."""
    if both.ndim == first.ndim + 1:  # all axes of one were taken out, and so that of the batch
        first, second = first[None], second[None]
    grown = growth(both.shape, first.shape)
    if grown is None:  # what does not depend on the images is the same for all
        return _close(both, first) and _close(both, second)
    return _close(both, np.concatenate((first, second), axis=grown.axis))


def _close(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> bool:
    if one.shape != other.shape:
        return False
    numbers = np.isfinite(other)
    if not numbers.any():  # two that are no numbers agree in nothing
        return not other.size
    scale = float(np.abs(other[numbers]).max(initial=0))
    return np.allclose(one, other, rtol=_TOLERANCE, atol=_TOLERANCE * scale, equal_nan=True)


def _first(net: ProgramNet, images: Sequence[np.ndarray[Any, Any]]) -> str:
    """The first operator whose outputs disagree, in a sentence."""
    kept: list[Arrays] = []
    for part in (slice(0, 1), slice(1, 2), slice(0, 2)):
        seen: Arrays = {}
        order: list[tuple[EagerOperator, tuple[str, ...]]] = []

        def watch(
            operator: EagerOperator,
            written: Mapping[str, Any],
            seen: Arrays = seen,
            order: list[tuple[EagerOperator, tuple[str, ...]]] = order,
        ) -> None:
            seen.update({name: tensor.numpy() for name, tensor in written.items()})
            order.append((operator, tuple(written)))

        net.run([paddle.to_tensor(each[part]) for each in images], watch)
        kept.append(seen)
    first, second, both = kept
    for operator, names in order:
        if not all(_agrees(both[name], first[name], second[name]) for name in names):
            return f"{where(operator)} mixes the images of a batch, or is made for one alone"
    return "the outputs mix the images of a batch"
