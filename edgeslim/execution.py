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
    """Number format of the kernels."""

    FP32 = "fp32"


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
