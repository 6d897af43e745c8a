"""What a deployment leaves for whoever reads it later, without the device and without Paddle.

One value says it all: what was run, where, how, every sample in the order it was taken, what was
predicted and by which table, and what was made of it. `edgeslim.runs.deployment_history` keeps
them.
"""

from __future__ import annotations

import msgspec

from edgeslim.execution import PowerMode, Precision, Target
from edgeslim.latency_rows import ConditionsRow, TableContext
from edgeslim.measurement import CacheState
from edgeslim.runs.model_records import (
    Known,
    ModelRecord,
    ModelRound,
    OperatorRecord,
    OutputRecord,
    Role,
    WindowRecord,
)

__all__ = [
    "SCHEMA",
    "AccuracyRecord",
    "DeploymentRecord",
    "DeviceRecord",
    "FailedRecord",
    "GateRecord",
    "InputsRecord",
    "Known",
    "ModelRecord",
    "ModelRound",
    "OperatorRecord",
    "OutputRecord",
    "Role",
    "RoundRecord",
    "SpeedupRecord",
    "TableRecord",
    "VersionsRecord",
    "WindowRecord",
]

SCHEMA = 1
"""1: first version (2026-11)."""


class VersionsRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Versions of everything that a latency or an output may depend on.

    Args:
        edgeslim, paddlepaddle, paddlelite, numpy, python: On this machine; empty if not there.
        library: Of Paddle-Lite on the device, which is that of ``opt`` too.
        runner: The program that timed: ``python`` or ``native``.
    """

    edgeslim: str
    paddlepaddle: str
    paddlelite: str
    numpy: str
    python: str
    library: str
    runner: str


class DeviceRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A device, and what it says of itself; what it does not say is empty or 0.

    Args:
        name: Of its profile.
        target: Kind of processor that models are converted for.
        hardware: One line that is the same for all devices of its kind.
        system: ``android``, ``linux`` or ``ios``.
        machine: Architecture of its processor.
        abi: Kind of programs it runs.
        cores: How many.
        clusters: Cores of a kind, such as ``4 x Cortex-A55 at 1.80 GHz``.
        unit: Serial number.
        model: What it is sold as.
        android: Version of Android.
        memory_mb: Its memory.
        transport: How it was reached.
        settings: What was set on it meanwhile, such as a frequency lock.
    """

    name: str
    target: Target
    hardware: str
    system: str = ""
    machine: str = ""
    abi: str = ""
    cores: int = 0
    clusters: tuple[str, ...] = ()
    unit: str = ""
    model: str = ""
    android: str = ""
    memory_mb: int = 0
    transport: str = ""
    settings: tuple[str, ...] = ()


class TableRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The latency table that predicted.

    Args:
        path: Where it was.
        digest: Checksum of the file, short.
        context: Its first line: device, execution, versions, whether simulated or imported.
        operators, networks: How many it has.
        first, last: When the first and the last row was measured, UTC; empty is not known.
        age_s: From the last row to the deployment; None is not known.
        reference_ms: What the reference operator took when it was measured; 0 is not known.
    """

    path: str
    digest: str
    context: TableContext
    operators: int
    networks: int
    first: str = ""
    last: str = ""
    age_s: float | None = None
    reference_ms: float = 0.0


class RoundRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One round: the models one after the other, there and back if there is a baseline.

    Args:
        number: From 0.
        start_s: When it began, from the start of the measuring.
        end_s: When it was over.
        order: Ids of the models, as they ran.
        state: What the device said of itself right after it.
    """

    number: int
    start_s: float
    end_s: float
    order: tuple[str, ...]
    state: ConditionsRow | None = None


class SpeedupRecord(msgspec.Struct, frozen=True, kw_only=True):
    """How many times as fast a model is as the baseline, in the same rounds.

    Args:
        model, baseline: Ids of the two.
        ratio: Latency of the baseline over that of the model: above 1 is faster.
        interval: Lower and upper end.
        level: Of the interval.
        rounds: How many it is over.
        method: How it was taken, for people.
    """

    model: str
    baseline: str
    ratio: float
    interval: tuple[float, float]
    level: float
    rounds: int
    method: str


class GateRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One limit that was asked for as a gate.

    Args:
        model: Id of the model.
        asked: As on the command line: ``--assert-latency 20ms``.
        limit, found: In ms of a latency, a ratio of a speed-up.
        interval: Of what was found.
        met: By what was found itself.
        line: What people are told.
    """

    model: str
    asked: str
    limit: float
    found: float
    interval: tuple[float, float] | None
    met: bool
    line: str


class AccuracyRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What the run's folder knows of how good the model is; it was not measured here.

    Args:
        metric: Its name, such as ``top1``, or that of the task where only that is known.
        value: From 0 to 1.
        before: Of the model that it was made from.
        source: The file that says so.
    """

    metric: str
    value: float
    before: float | None = None
    source: str = ""


class InputsRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The user's own inputs, with which models were proved and timed.

    Args:
        path: The file.
        sha256: Its checksum.
    """

    path: str
    sha256: str


class FailedRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A variant that could not be converted or run."""

    name: str
    role: Role
    precision: Precision
    threads: int | None
    reason: str


class DeploymentRecord(
    msgspec.Struct, frozen=True, kw_only=True, tag="deployment", tag_field="row"
):
    """One deployment.

    Args:
        id: A name that no other deployment has.
        created: When its measuring began, UTC.
        command: The exact command that repeats it, word by word; empty from Python.
        directory: Where it was run; the user's own folder is ``~``.
        folder: Where its models went.
        versions: Of all programs.
        device: What it ran on.
        power_mode: Cores that threads were bound to.
        cache: What caches held before each run.
        rounds: In the order they ran.
        models: All variants of the model and of the baseline.
        state_before, state_after: What the device said of itself.
        table: What predicted; None if nothing did.
        speedups: Of each model against the baseline.
        inputs: What it was proved and timed with; None is noise.
        accuracy: What is known of it.
        gates: What was asked for as a gate.
        failed: Variants that were asked for and could not be converted or run.
        warnings: What somebody should know before shipping a model, a line each.
        reasons: Why predicted and measured differ, what may explain most first, a line each.
        model_path: The run or model that was deployed, as on a command line.
    """

    id: str
    created: str
    command: tuple[str, ...]
    directory: str
    model_path: str
    folder: str
    versions: VersionsRecord
    device: DeviceRecord
    power_mode: PowerMode
    rounds: tuple[RoundRecord, ...]
    models: tuple[ModelRecord, ...]
    cache: CacheState = CacheState()
    state_before: ConditionsRow | None = None
    state_after: ConditionsRow | None = None
    table: TableRecord | None = None
    speedups: tuple[SpeedupRecord, ...] = ()
    inputs: InputsRecord | None = None
    accuracy: AccuracyRecord | None = None
    gates: tuple[GateRecord, ...] = ()
    failed: tuple[FailedRecord, ...] = ()
    warnings: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    schema: int = SCHEMA

    def model(self, model_id: str) -> ModelRecord:
        """The model of an id.

        Raises:
            KeyError: There is none.
        """
        return {each.id: each for each in self.models}[model_id]
