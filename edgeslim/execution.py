"""How a model is run on a device: target, precision, threads, power mode."""

from __future__ import annotations

from enum import Enum

import msgspec

__all__ = ["Execution", "PowerMode", "Precision", "Target"]


class Target(str, Enum):
    """Kind of processor that kernels are chosen for, as ``opt`` names it."""

    ARM = "arm"
    X86 = "x86"


class Precision(str, Enum):
    """Numbers that kernels compute in, and that weights are stored in where that differs."""

    FP32 = "fp32"
    FP16 = "fp16"
    """Kernels of 16-bit floats, which Paddle-Lite has for ARM only; weights are stored as fp32."""
    INT8 = "int8"
    """Kernels of 8-bit integers, which `opt` chooses for a quantized model only."""
    INT8_WEIGHTS = "int8-weights"
    """Weights stored in 8 bits and converted to floats when the model is loaded.

    `opt` calls it dynamic quantization. The file shrinks; kernels are those of fp32, so that
    runs are not faster.
    """
    INT16_WEIGHTS = "int16-weights"
    """The same with 16 bits."""


class PowerMode(str, Enum):
    """Which cores Paddle-Lite binds its threads to, in the order of its own numbers."""

    HIGH = "high"
    LOW = "low"
    FULL = "full"
    NO_BIND = "no-bind"


class Execution(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about a run that the user chooses and the latency depends on."""

    target: Target
    precision: Precision = Precision.FP32
    threads: int = 1
    power_mode: PowerMode = PowerMode.HIGH

    def __post_init__(self) -> None:
        if self.threads < 1:
            raise ValueError(f"threads must be at least 1, not {self.threads}")

    def __str__(self) -> str:
        threads = f"{self.threads} thread" + ("s" if self.threads > 1 else "")
        return f"{self.target.value} {self.precision.value}, {threads}, {self.power_mode.value}"
