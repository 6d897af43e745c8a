"""Scales of activations, which follow what a network computes while it is trained."""

from __future__ import annotations

from abc import abstractmethod

import paddle
from paddle import Tensor, nn

from edgeslim.training.quantization.settings import QuantizationSettings

__all__ = ["ActivationScale", "scale_for"]

_SMALLEST = 1e-8
"""Smallest scale, for activations that are all zero: it is a divisor."""


class ActivationScale(nn.Layer):  # type: ignore[misc]
    """The scale of one activation; everything that it remembers is in its state."""

    @abstractmethod
    def observe(self, largest: Tensor) -> None:
        """Updates the scale by the largest magnitude of a batch, one number."""

    @abstractmethod
    def final_scale(self) -> Tensor:
        """The scale ``(1,)`` by which the activation is rounded after training."""

    @abstractmethod
    def set_scale(self, scale: float) -> None:
        """Replaces the scale and everything that was observed."""

    @property
    @abstractmethod
    def is_known(self) -> bool:
        """Whether it has observed anything."""

    def current(self, largest: Tensor) -> Tensor:  # noqa: ARG002 - not needed by every kind
        """The scale ``(1,)`` by which the batch that was just observed is rounded."""
        return self.final_scale()


class _MovingAverage(ActivationScale):
    """Moving average ``s / n`` with ``s <- r s + m``, ``n <- r n + 1``, as Paddle's operator."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self._rate = rate
        self.register_buffer("sums", paddle.zeros([2]))  # of magnitudes, and of their weights

    def observe(self, largest: Tensor) -> None:
        new = paddle.stack([largest, paddle.ones_like(largest)])
        self.sums.set_value(self.sums * self._rate + new)

    def final_scale(self) -> Tensor:
        return paddle.clip(self.sums[:1] / self.sums[1:], min=_SMALLEST)

    def set_scale(self, scale: float) -> None:
        self.sums.set_value(paddle.to_tensor([scale, 1.0], "float32"))

    @property
    def is_known(self) -> bool:
        return float(self.sums[1]) > 0


class _BatchMaximum(_MovingAverage):
    """In training the largest magnitude of the batch itself, and afterwards the average."""

    def current(self, largest: Tensor) -> Tensor:
        return paddle.clip(largest.reshape([1]), min=_SMALLEST)


class _WindowMaximum(ActivationScale):
    """The largest magnitude of the last batches."""

    def __init__(self, window: int) -> None:
        super().__init__()
        self.register_buffer("last", paddle.zeros([window]))
        self.register_buffer("seen", paddle.zeros([1], "int64"))

    def observe(self, largest: Tensor) -> None:
        count, window = int(self.seen), self.last.shape[0]
        values = self.last.numpy()
        values[count % window] = float(largest)
        self.last.set_value(values)
        self.seen.set_value(self.seen + 1)

    def final_scale(self) -> Tensor:
        return paddle.clip(self.last.max().reshape([1]), min=_SMALLEST)

    def set_scale(self, scale: float) -> None:
        values = self.last.numpy() * 0
        values[0] = scale
        self.last.set_value(values)
        self.seen.set_value(paddle.ones([1], "int64"))

    @property
    def is_known(self) -> bool:
        return int(self.seen) > 0


def scale_for(settings: QuantizationSettings) -> ActivationScale:
    """A new scale of the type that the settings ask for."""
    if settings.activation_type == "range_abs_max":
        return _WindowMaximum(settings.window)
    kind = _BatchMaximum if settings.activation_type == "abs_max" else _MovingAverage
    return kind(settings.moving_rate)
