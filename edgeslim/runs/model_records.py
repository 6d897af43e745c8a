"""The record of one model of a deployment: its samples, operators and outputs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import Enum
from statistics import median

import msgspec

from edgeslim.execution import Precision
from edgeslim.measurement import Measurement
from edgeslim.opspec import OpSpec
from edgeslim.runs.inside_record import InsideRecord
from edgeslim.runs.start_records import PredictedStartRecord, SoakRecord, StartsRecord

__all__ = [
    "Known",
    "ModelRecord",
    "ModelRole",
    "ModelRound",
    "OperatorRecord",
    "OutputRecord",
    "TailRecord",
    "WindowRecord",
]


class ModelRole(str, Enum):
    """The role of a model in its deployment."""

    MODEL = "model"
    BASELINE = "baseline"
    """The others are compared with it."""


class Known(str, Enum):
    """How the latency of an operator is known, if it is."""

    MEASURED = "measured"
    INTERPOLATED = "interpolated"
    TRANSFERRED = "transferred"
    """Estimated from the table of another device."""
    FITTED = "fitted"
    """Estimated by whole networks, of which alone the device was timed."""
    MISSING = "missing"
    LEFT_OUT = "left out"
    """Tables of this convention never have it."""
    WITHIN = "in the operator before"
    """Computed there, and so in its time, by a runtime that fuses further."""
    NO_TABLE = "no table"


class OperatorRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One fused operator of a network, wherever it occurs in it.

    Args:
        operator: Kind, shapes and attributes of the operator.
        places: Its indices in the order of the network's operators, from 0.
        known: How its latency is known.
        latency_ms: Latency of one occurrence in this network; None if it is not known.
        error: Relative standard error of an estimated latency; 0 of a measured one.
        unsteady: Why the measurement cannot be relied on; empty if it can.
        outside: Properties beyond those of every measured operator of its kind; or empty.
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
        """How often it occurs in the network."""
        return len(self.places)

    @property
    def total_ms(self) -> float | None:
        """Latency of all its occurrences together."""
        return None if self.latency_ms is None else self.latency_ms * self.count


class OutputRecord(msgspec.Struct, frozen=True, kw_only=True):
    """How far a model's outputs are from Paddle's; see `edgeslim.deployment.outputs`.

    Args:
        max_abs: Largest absolute difference of an element.
        max_rel: Largest difference over the largest value of that output.
        lost: Share of the outputs' variance that is lost; None if they do not vary.
        top1: Share of inputs with the same class first; None if it is no classifier.
        wrong: Share of elements of the worst output that are off by more than rounding.
        inputs: Number of inputs that were compared.
        proved_by: What proved the outputs, by the names of `edgeslim.deployment.claims.ProofBy`.
        without_meaning: Operators whose result only a runtime can tell.
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
        warmup: Number of runs before the timed ones.
        reference_ms: Latency of the reference operator before and after; 0 if not known.
        disturbed: What disturbed the device meanwhile, or empty; disturbed rounds do not count
            as long as there are others.
        load_ms: Time of loading the model in ms; 0 is not known.
        first_run_ms: Time of its first run in ms; 0 is not known.
        memory_mb: How much the process grew until the model had run once, in MB, at most.
        interrupted: Which of the samples other programs interrupted, by their places.
    """

    round: int
    samples_ns: tuple[int, ...]
    warmup: int = 0
    reference_ms: float = 0.0
    disturbed: str = ""
    load_ms: float = 0.0
    first_run_ms: float = 0.0
    memory_mb: float = 0.0
    interrupted: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        _ = self.measurement  # which checks the samples

    @property
    def measurement(self) -> Measurement:
        """The samples as a measurement, in hot caches."""
        return Measurement(samples_ns=self.samples_ns, warmup=self.warmup)


class TailRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A quantile of a latency that enough samples show, with its interval.

    Args:
        share: Share of all runs that are below, such as 0.99.
        value_ms: The quantile of the samples in ms.
        interval_ms: Its 95 % interval, whatever the distribution.
        samples: Number of samples that it rests on.
    """

    share: float
    value_ms: float
    interval_ms: tuple[float, float]
    samples: int


class WindowRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Latency over some seconds of a sustained run; see `edgeslim.deployment.sustained`."""

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
        id: A name that no other model or variant of the same deployment has.
        name: Short name of the model.
        role: Whether it is a model or the baseline.
        source: The model, as on a command line.
        precision: Precision that it was converted to.
        kernels: Number types of its kernels, read from the file.
        threads: Threads that it ran with.
        optimized: The file that the device ran.
        size_bytes: Size of that file.
        sha256: SHA-256 checksum of that file.
        macs: Multiply-accumulates of one run.
        parameters: Elements of its persistent tensors.
        latency_ms: Median of all samples of the rounds that count.
        latency_interval_ms: Interval in which as many more rounds of the same session would find
            it; other days and processes may change it further. None after one round.
        spread: Relative half-width of the middle half of the samples.
        p90_ms: Latency that nine of ten samples are below.
        rounds: All its samples, round by round.
        operators: Its fused operators; in other precisions than fp32, those before any fusion.
        predicted_ms: Latency by the table; None without a table, or if it knows too little.
        predicted_interval_ms: The 90 % interval of the prediction.
        speed: Speed of the device relative to when its table was measured; 1 is the same.
        outputs: How far its outputs are from Paddle's.
        target_ms: Latency limit that the model was made for, if it had one.
        met: Whether it is within that limit.
        fastest: Whether no other variant was faster.
        sustained: Latency over time, if a sustained run was asked for.
        engine: Engine that ran it, by its name; empty where there was no choice, which is
            Paddle-Lite.
        engine_version: Version of that engine on the device.
        converter: Name and version of what converted it.
        inside: What each operator took in the network, if that was asked for.
        starts: How it starts and what memory it takes; None in older records.
        soak: Memory over many runs, if that was asked for.
        predicted_start: How it starts by the table; None without a table and in older records.
        tails: Quantiles above the median that enough samples show; empty in older records.
    """

    id: str
    name: str
    role: ModelRole
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
    engine: str = ""
    engine_version: str = ""
    converter: str = ""
    inside: InsideRecord | None = None
    starts: StartsRecord | None = None
    soak: SoakRecord | None = None
    predicted_start: PredictedStartRecord | None = None
    tails: tuple[TailRecord, ...] = ()

    def __post_init__(self) -> None:
        if not self.rounds:
            raise ValueError(f"{self.id} has no rounds")
        if not 0 < self.latency_ms < math.inf:
            raise ValueError(f"latency_ms must be above 0, not {self.latency_ms}")

    @property
    def counted_rounds(self) -> tuple[ModelRound, ...]:
        """The rounds that count: those that nothing disturbed, or all if every one was."""
        return tuple(own for own in self.rounds if not own.disturbed) or self.rounds

    @property
    def measurement(self) -> Measurement:
        """All samples of the rounds that count."""
        return Measurement.pool([own.measurement for own in self.counted_rounds])

    @property
    def samples(self) -> int:
        """Number of samples in the rounds that count."""
        return sum(len(own.samples_ns) for own in self.counted_rounds)

    @property
    def load_ms(self) -> float | None:
        """Median time of loading in ms, from the page cache, if it is known."""
        if self.starts is not None:
            return self.starts.load_ms
        return _median_if_known([own.load_ms for own in self.counted_rounds])

    @property
    def first_run_ms(self) -> float | None:
        """Median time of the first run in ms, if it is known."""
        if self.starts is not None:
            return self.starts.first_run_ms
        return _median_if_known([own.first_run_ms for own in self.counted_rounds])

    @property
    def memory_mb(self) -> float | None:
        """What runtime and model take at most, in MB, if it is known.

        Of older records, how much the process grew until the model had run once.
        """
        if self.starts is not None:
            return self.starts.taken_mb
        return _median_if_known([own.memory_mb for own in self.counted_rounds])

    @property
    def known_starts(self) -> StartsRecord:
        """Its starts; without any, nothing is known of them."""
        return self.starts or StartsRecord(starts=())

    @property
    def missed_share(self) -> float | None:
        """Share of its runs that take longer than the limit that it was made for."""
        if self.target_ms is None:
            return None
        over = sum(
            sample > 1e6 * self.target_ms
            for own in self.counted_rounds
            for sample in own.samples_ns
        )
        return over / self.samples

    def tail(self, share: float) -> TailRecord | None:
        """The quantile of a share, if enough samples show it."""
        return next((tail for tail in self.tails if tail.share == share), None)

    @property
    def error_percent(self) -> float | None:
        """How far the prediction is above the measurement, in percent of the measurement."""
        if self.predicted_ms is None:
            return None
        return 100 * (self.predicted_ms / self.latency_ms - 1)


def _median_if_known(values: Sequence[float]) -> float | None:
    known = [value for value in values if value > 0]
    return median(known) if known else None
