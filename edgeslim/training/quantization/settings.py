"""Settings of quantization: bits, types of scales, layers left out. Needs no Paddle."""

from __future__ import annotations

import re
from typing import Annotated

import msgspec

from edgeslim.errors import UsageError
from edgeslim.options import Option

__all__ = ["ACTIVATION_TYPES", "QUANTIZATION", "WEIGHT_TYPES", "QuantizationSettings"]

QUANTIZATION = Option("Quantization")

WEIGHT_TYPES = ("abs_max", "channel_wise_abs_max")
ACTIVATION_TYPES = ("abs_max", "range_abs_max", "moving_average_abs_max")

_BITS = (2, 16)
_KERNEL_BITS = 8


class QuantizationSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings by which a network is rounded.

    A number ``x`` is rounded to one of ``2 * levels + 1`` with ``levels = 2**(bits-1) - 1``:
    ``round(x / scale * levels) * scale / levels``, held within ``-scale`` and ``scale``.
    """

    weight_bits: Annotated[int, QUANTIZATION] = 8
    """Bits of weights with their sign; below 8 they still take one byte each. x86 computes int8
    right with 7 at most."""
    activation_bits: int = 8
    """Bits of activations with their sign."""
    weight_type: Annotated[str, QUANTIZATION] = "channel_wise_abs_max"
    """abs_max: the scale of a weight is its largest magnitude; channel_wise_abs_max: that of each
    output channel."""
    activation_type: Annotated[str, QUANTIZATION] = "moving_average_abs_max"
    """How scales of activations are updated in training. abs_max: the largest magnitude of the
    batch, and later the average of those; moving_average_abs_max: that average at once;
    range_abs_max: the largest of the last batches."""
    moving_rate: float = 0.9
    """Fraction of an average that is kept with each batch."""
    window: int = 10000
    """Number of batches that ``range_abs_max`` looks back."""
    skip: Annotated[tuple[str, ...], QUANTIZATION("--skip", "--keep-float")] = ()
    """Regular expressions: a layer is left out if one is found in the name of its weight or
    output."""

    def check(self) -> QuantizationSettings:
        """Returns itself if all values are valid.

        Raises:
            UsageError: A value is out of range; names it.
        """
        low, high = _BITS
        for name in ("weight_bits", "activation_bits"):
            bits = getattr(self, name)
            if not low <= bits <= high:
                raise UsageError(f"{name} must be from {low} to {high}, not {bits}")
        for name, value, known in (
            ("weight_type", self.weight_type, WEIGHT_TYPES),
            ("activation_type", self.activation_type, ACTIVATION_TYPES),
        ):
            if value not in known:
                raise UsageError(f"{name} must be one of {', '.join(known)}, not {value!r}")
        if not 0 <= self.moving_rate < 1:
            raise UsageError(f"moving_rate must be from 0 to below 1, not {self.moving_rate}")
        if self.window < 1:
            raise UsageError(f"window must be at least 1, not {self.window}")
        for text in self.skip:
            _check_expression(text)
        return self

    @property
    def by_channel(self) -> bool:
        """Whether each output channel of a weight has a scale of its own."""
        return self.weight_type == "channel_wise_abs_max"

    @property
    def int8_problem(self) -> str:
        """Why no int8 kernel computes this, in a sentence; empty if one does."""
        if self.activation_bits != _KERNEL_BITS or self.weight_bits > _KERNEL_BITS:
            return (
                "int8 kernels compute with activations of 8 bits and weights of at most 8, not "
                f"activation_bits {self.activation_bits} and weight_bits {self.weight_bits}"
            )
        return ""


def _check_expression(text: str) -> None:
    try:
        re.compile(text)
    except re.error as error:
        raise UsageError(f"skip {text!r} is no regular expression: {error}") from error
