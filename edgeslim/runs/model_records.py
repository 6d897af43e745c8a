"""What a deployment's record says of one model: its samples, its operators, its outputs."""

from __future__ import annotations

import math
from enum import Enum

import msgspec

from edgeslim.execution import Precision
from edgeslim.measurement import Measurement
from edgeslim.opspec import OpSpec

__all__ = [
    "Known",
    "ModelRecord",
    "ModelRound",
    "OperatorRecord",
    "OutputRecord",
    "Role",
    "WindowRecord",
]


class Role(str, Enum):
    """What a model is in its deployment."""

    MODEL = "model"
    BASELINE = "baseline"
    """What the others are compared with."""


class Known(str, Enum):
    """How the latency of an operator is known."""

    MEASURED = "measured"
    INTERPOLATED = "interpolated"
    MISSING = "missing"
    LEFT_OUT = "left out"
    """Tables of this convention never have it."""
    NO_TABLE = "no table"


class OperatorRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One fused operator of a network, wherever it occurs in it.

    Args:
        operator: What it is.
        places: Where in the network, from 0; as many as it occurs.
        known: How its latency is known.
        latency_ms: Of one occurrence in this network; None where it is not known.
        error: Relative standard error of an interpolated latency, 0 of a measured one.
        unsteady: Why what was measured is not to be relied on, or nothing.
        outside: In what it lies beyond every measured operator of its kind, or nothing.
    """

    operator: OpSpec
    places: tuple[int, ...]
    known: Known
    latency_ms: float | None = None
    error: float = 0.0
    unsteady: str = ""
    outside: str = ""

    @property
    def count(self) -> int:
        """How often it occurs."""
        return len(self.places)

    @property
    def total_ms(self) -> float | None:
        """Of all its occurrences."""
        return None if self.latency_ms is None else self.latency_ms * self.count


class OutputRecord(msgspec.Struct, frozen=True, kw_only=True):
    """How far the outputs are from Paddle's; see `edgeslim.deployment.outputs`.

    Args:
        max_abs: Largest difference.
        max_rel: The same over the largest value of that output.
        lost: Share of the outputs' variance that is lost; None where they do not vary.
        top1: Share of inputs with the same class first; None if it is no classifier.
        wrong: Share of elements of the worst output that are off by more than rounding.
        inputs: For how many inputs.
        proved_by: What proved them, by the names of `edgeslim.deployment.claims.ProofBy`.
        without_meaning: Operators of which nothing but a runtime says what they compute.
    """

    max_abs: float
    max_rel: float
    lost: float | None = None
    top1: float | None = None
    wrong: float = 0.0
    inputs: int = 1
    proved_by: tuple[str, ...] = ()
    without_meaning: tuple[str, ...] = ()


class ModelRound(msgspec.Struct, frozen=True, kw_only=True):
    """One model in one round, which is a process of its own on the device.

    Args:
        round: Number of the round, from 0.
        samples_ns: Every timed run in nanoseconds, in order.
        warmup: Runs before them.
        reference_ms: What the reference operator took before and after; 0 is not known.
        disturbed: What disturbed the device meanwhile, or nothing; disturbed rounds do not count
            as long as there are others.
    """

    round: int
    samples_ns: tuple[int, ...]
    warmup: int = 0
    reference_ms: float = 0.0
    disturbed: str = ""

    def __post_init__(self) -> None:
        Measurement(samples_ns=self.samples_ns, warmup=self.warmup)


class WindowRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Some seconds of a run without a pause; see `edgeslim.deployment.sustained.Window`."""

    start_s: float
    end_s: float
    p50_ms: float
    p90_ms: float
    samples: int
    temperature_c: float | None = None
    thermal_status: int | None = None
    capped: float | None = None


class ModelRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One variant of a model, as it ran.

    Args:
        id: A name that no other variant in the same deployment has.
        name: Short name.
        role: What it is here.
        source: The model, as on a command line.
        precision: What it was converted to.
        kernels: What its kernels compute in, read from the file.
        threads: Threads that it ran with.
        optimized: The file that the device ran.
        size_bytes: Its size.
        sha256: Its checksum.
        macs: Multiply-accumulates of one run.
        parameters: Elements of its persistent tensors.
        latency_ms: Median of all samples of the rounds that count.
        latency_interval_ms: Where as many more rounds of the same session would find it; what
            another day or another process beside it changes is not in it. None of one round.
        spread: Relative half-width of the middle half of the samples.
        p90_ms: What nine of ten samples are below.
        rounds: All its samples, round by round.
        operators: Its fused operators; of another precision than fp32, those before any fusion.
        predicted_ms: By the table; None if it knows too little, or there is none.
        predicted_interval_ms: The 90 % interval of that.
        speed: How fast the device was over how fast it was for the table; 1 is the same.
        outputs: How far they are from Paddle's.
        target_ms: The limit it was made for.
        met: Whether it is within that.
        fastest: Whether no other variant was faster.
        sustained: Latency over time, if that was asked for.
    """

    id: str
    name: str
    role: Role
    source: str
    precision: Precision
    threads: int
    optimized: str
    size_bytes: int
    sha256: str
    latency_ms: float
    spread: float
    p90_ms: float
    rounds: tuple[ModelRound, ...]
    latency_interval_ms: tuple[float, float] | None = None
    kernels: tuple[str, ...] = ()
    macs: int | None = None
    parameters: int | None = None
    operators: tuple[OperatorRecord, ...] = ()
    predicted_ms: float | None = None
    predicted_interval_ms: tuple[float, float] | None = None
    speed: float | None = None
    outputs: OutputRecord | None = None
    target_ms: float | None = None
    met: bool | None = None
    fastest: bool = False
    sustained: tuple[WindowRecord, ...] = ()

    def __post_init__(self) -> None:
        if not self.rounds:
            raise ValueError(f"{self.id} has no rounds")
        if not 0 < self.latency_ms < math.inf:
            raise ValueError(f"latency_ms must be above 0, not {self.latency_ms}")

    @property
    def counted(self) -> tuple[ModelRound, ...]:
        """Rounds that count: those that nothing disturbed, or all if there is none such."""
        return tuple(each for each in self.rounds if not each.disturbed) or self.rounds

    @property
    def samples(self) -> int:
        """How many samples count."""
        return sum(len(each.samples_ns) for each in self.counted)

    @property
    def error_percent(self) -> float | None:
        """How much the prediction is above the measurement, in percent of the latter."""
        if self.predicted_ms is None:
            return None
        return 100 * (self.predicted_ms / self.latency_ms - 1)
