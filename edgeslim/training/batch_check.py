"""Checks that a network computes each image of a batch as if it were alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import paddle

from edgeslim.errors import ModelError
from edgeslim.paddle_io.batch_axis import find_growth
from edgeslim.paddle_io.eager_operators import EagerOperator
from edgeslim.paddle_io.quantized_program import is_quantized, without_rounding
from edgeslim.training._program_steps import describe_operator
from edgeslim.training.program_net import ProgramNet

__all__ = ["check_batches"]

_TOLERANCE = 1e-4
"""Tolerance as a fraction of the largest number; sums in another order differ by a tenth of it."""

Arrays = dict[str, np.ndarray[Any, Any]]


def check_batches(net: ProgramNet) -> None:
    """Checks on random numbers that two images together give what each gives alone.

    Raises:
        ModelError: They do not; names the first operator that mixes the images of a batch or is
            made for one image alone.
    """
    if is_quantized(net.program):
        # Sums in another order differ in the last bits, and might be rounded differently.
        net = ProgramNet(without_rounding(net.program), net.tensors(), name=net.source)
    problem = _mixing_text(net, np.random.default_rng(0))
    if problem:
        raise ModelError(f"{net.source}: {problem}")


def _mixing_text(net: ProgramNet, rng: np.random.Generator) -> str:
    """Text that says which operator mixes images; empty if none does."""
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
                _outputs(net, [batch[index : index + 1] for batch in images]) for index in (0, 1)
            ]
            both = _outputs(net, images)
            if all(_agrees(*three) for three in zip(both, *singles, strict=True)):
                return ""
            return _first_difference(net, images)
    finally:
        if was_training:
            net.train()


def _outputs(net: ProgramNet, images: Sequence[np.ndarray[Any, Any]]) -> list[np.ndarray[Any, Any]]:
    return [output.numpy() for output in net(*(paddle.to_tensor(image) for image in images))]


def _agrees(
    both: np.ndarray[Any, Any], first: np.ndarray[Any, Any], second: np.ndarray[Any, Any]
) -> bool:
    """Whether a tensor of two images has those of each image one behind the other on some axis."""
    if both.ndim == first.ndim + 1:  # squeezing removed the axis of a batch of one as well
        first, second = first[None], second[None]
    grown = find_growth(both.shape, first.shape)
    if grown is None:  # an output that does not depend on the images is the same for both
        return _close(both, first) and _close(both, second)
    return _close(both, np.concatenate((first, second), axis=grown.axis))


def _close(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> bool:
    if one.shape != other.shape:
        return False
    numbers = np.isfinite(other)
    if not numbers.any():  # without finite numbers there is no agreement
        return not other.size
    scale = float(np.abs(other[numbers]).max(initial=0))
    return np.allclose(one, other, rtol=_TOLERANCE, atol=_TOLERANCE * scale, equal_nan=True)


def _first_difference(net: ProgramNet, images: Sequence[np.ndarray[Any, Any]]) -> str:
    """Text that names the first operator whose outputs differ."""
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

        net.run([paddle.to_tensor(batch[part]) for batch in images], watch)
        kept.append(seen)
    first, second, both = kept
    for operator, names in order:
        if not all(_agrees(both[name], first[name], second[name]) for name in names):
            name = describe_operator(operator)
            return f"{name} mixes the images of a batch, or is made for one alone"
    return "the outputs mix the images of a batch"
