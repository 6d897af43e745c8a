"""Post-training quantization: scales from what a finished network computes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np
import paddle

from edgeslim.errors import ModelError, UsageError
from edgeslim.training.quantization.quantized_net import QuantizedNet
from edgeslim.training.quantization.thresholds import METHODS, Magnitudes

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from paddle import Tensor

    from edgeslim.paddle_io.eager_operators import EagerOperator
    from edgeslim.training.program_net import ProgramNet
    from edgeslim.training.quantization.settings import QuantizationSettings
    from edgeslim.training.tasks import Examples

__all__ = ["calibrate", "calibration_batches"]


def calibrate(
    net: ProgramNet,
    batches: Iterable[NDArray[np.float32]],
    settings: QuantizationSettings,
    method: str = "mse",
    *,
    on_batch: Callable[[int], None] = lambda _: None,
) -> QuantizedNet:
    """Quantizes a network by what it computes for some images; its weights stay unchanged.

    Args:
        net: The network, which becomes a part of the result and is in evaluation mode then.
        batches: Images ``(N, C, H, W)`` for its only input; each batch is used once.
        settings: Bits and types of scales. ``activation_type`` matters only for training on.
        method: How each activation's scale is found, see
            `edgeslim.training.quantization.thresholds`.
        on_batch: Called with the number of batches that are done.

    Raises:
        UsageError: An unknown method or settings out of range; no batch.
        ModelError: Nothing can be quantized, the network does not take the images, or its
            outputs are not finite.
    """
    if method not in METHODS:
        raise UsageError(f"method must be one of {', '.join(METHODS)}, not {method!r}")
    quantized = QuantizedNet(net, settings)
    wanted = {operator.activation for operator in quantized.quantizable}
    seen = {name: Magnitudes() for name in sorted(wanted)}

    def add(name: str, values: NDArray[np.float32]) -> None:
        if not np.isfinite(values).all():
            raise ModelError(f"calibration failed: {name!r} has values that are no numbers")
        seen[name].add(values)

    def watch(_operator: EagerOperator, written: Mapping[str, Tensor]) -> None:
        for name in wanted.intersection(written):
            add(name, written[name].numpy())

    quantized.eval()
    count = 0
    with paddle.no_grad():
        for count, images in enumerate(batches, start=1):
            for name in wanted.intersection(net.feeds):
                add(name, images)
            net.run([paddle.to_tensor(images)], watch)
            on_batch(count)
    if not count:
        raise UsageError("calibration needs at least one batch of images")
    levels = 2 ** (settings.activation_bits - 1) - 1
    find = METHODS[method]
    quantized.set_scales({name: find(magnitudes, levels) for name, magnitudes in seen.items()})
    return quantized


def calibration_batches(
    examples: Examples, *, batches: int, batch_size: int, seed: int
) -> Iterator[NDArray[np.float32]]:
    """Yields images ``(N, C, H, W)`` of some examples, unvaried; fewer if there are not so many."""
    indices = np.random.default_rng(seed).permutation(len(examples))[: batches * batch_size]
    for start in range(0, len(indices), batch_size):
        yield examples.batch(indices[start : start + batch_size], None)[0]
