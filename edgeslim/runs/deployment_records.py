"""The record of a deployment, which is read without the device and without Paddle.

It says what was run, where and how, has every sample in the order it was taken, what was
predicted and by which table, and every conclusion. `edgeslim.runs.deployment_history` stores
records.
"""

from __future__ import annotations

import msgspec

from edgeslim.execution import PowerMode, Precision, Target
from edgeslim.latency_rows import ConditionsRow, TableContext
from edgeslim.measurement import CacheState
from edgeslim.runs.device_accuracy import DeviceAccuracy
from edgeslim.runs.model_records import (
    Known,
    ModelRecord,
    ModelRole,
    ModelRound,
    OperatorRecord,
    OutputRecord,
    WindowRecord,
)
from edgeslim.runs.rewriting_record import RewritingRecord

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
    "ModelRole",
    "ModelRound",
    "OperatorRecord",
    "OutputRecord",
    "RoundRecord",
    "SpeedupRecord",
    "TableRecord",
    "VersionsRecord",
    "WindowRecord",
]

SCHEMA = 1
"""1: first version (2026-11)."""


class VersionsRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Versions of everything that a latency or an output may depend on.

    Args:
        edgeslim, paddlepaddle, paddlelite, numpy, python: On this machine; empty if not there.
        library: Version of Paddle-Lite on the device, which is also that of ``opt``.
        runner: The program that timed models: ``python`` or ``native``.
        lite_python, lite_numpy: Of the Python that Paddle-Lite ran in; empty in older records.
    """

    edgeslim: str
    paddlepaddle: str
    paddlelite: str
    numpy: str
    python: str
    library: str
    runner: str
    lite_python: str = ""
    lite_numpy: str = ""


class DeviceRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A device, as it describes itself; unknown values are empty or 0.

    Args:
        name: Name of its profile.
        target: Kind of processor that models are converted for.
        hardware: One line that is the same for all devices of its kind.
        system: ``android``, ``linux`` or ``ios``.
        machine: Architecture of its processor.
        abi: Binary interface of its programs, such as ``arm64-v8a``.
        cores: Number of processor cores.
        clusters: Cores of a kind, such as ``4 x Cortex-A55 at 1.80 GHz``.
        unit: Serial number of the device.
        model: Name that it is sold by.
        android: Version of Android, if it runs it.
        memory_mb: Size of its memory in MB.
        transport: How it was reached: ``local``, ``adb`` or ``ssh``.
        settings: What was set on it while it measured, such as a frequency lock.
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
        path: Path of the file at that time.
        digest: Short checksum of the file.
        context: Its first line: device, execution, versions, whether it was imported.
        operators, networks: How many of them the table has.
        first, last: When the first and the last row were measured, UTC; empty if not known.
        age_s: Seconds from the last row to the deployment; None if not known.
        reference_ms: Latency of the reference operator in the table; 0 if not known.
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
    """One round: all models one after the other, and again in reverse if there is a baseline.

    Args:
        number: Number of the round, from 0.
        start_s: When it began, in seconds since measuring began.
        end_s: When it ended, in seconds since measuring began.
        order: Ids of the models, in the order they ran.
        state: State of the device right after the round.
    """

    number: int
    start_s: float
    end_s: float
    order: tuple[str, ...]
    state: ConditionsRow | None = None


class SpeedupRecord(msgspec.Struct, frozen=True, kw_only=True):
    """How many times as fast a model is as the baseline, in the same rounds.

    Args:
        model, baseline: Ids of the two models.
        ratio: Latency of the baseline over that of the model: above 1 is faster.
        interval: Lower and upper end of the ratio's interval.
        level: Confidence level of the interval, such as 0.95.
        rounds: Number of rounds that it was computed over.
        method: How it was computed, in words.
    """

    model: str
    baseline: str
    ratio: float
    interval: tuple[float, float]
    level: float
    rounds: int
    method: str


class GateRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A limit that a deployment had to meet, such as ``--assert-latency``.

    Args:
        model: Id of the model that was judged.
        asked: The option as on the command line: ``--assert-latency 20ms``.
        limit, found: The limit and the result: milliseconds, megabytes, kilobytes a run, or the
            ratio of a speed-up.
        interval: Interval of the result, if it is known.
        met: Whether the result is within the limit, decided or not.
        line: The judgement in words.
        verdict: ``PASS``, ``FAIL`` or ``INCONCLUSIVE``; empty in older records, where the result
            decided whatever its interval.
        decides: What would decide a limit that is not decided.
    """

    model: str
    asked: str
    limit: float
    found: float
    interval: tuple[float, float] | None
    met: bool
    line: str
    verdict: str = ""
    decides: str = ""

    @property
    def outcome(self) -> str:
        """The verdict, also of an older record."""
        return self.verdict or ("PASS" if self.met else "FAIL")


class AccuracyRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The accuracy of a model by its run's folder; deployments do not measure it.

    Args:
        metric: Name of the metric, such as ``top1``, or of the task if only that is known.
        value: The metric, from 0 to 1.
        before: Metric of the model that it was made from, if known.
        source: The file that the numbers are from.
    """

    metric: str
    value: float
    before: float | None = None
    source: str = ""


class InputsRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The user's own inputs, with which models were proved and timed.

    Args:
        path: Path of the inputs' file.
        sha256: SHA-256 checksum of the file.
    """

    path: str
    sha256: str


class FailedRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A variant that was asked for and could not be converted or run.

    Args:
        name: Short name of the model.
        role: Whether it is a model or the baseline.
        precision: Precision that was asked for.
        threads: Number of threads that was asked for; None if no number of them works.
        reason: Sentence that says why.
        target: Kind of processor; None in a deployment, which is for that of its device.
        engine: Engine that was asked for; empty where there was no choice.
    """

    name: str
    role: ModelRole
    precision: Precision
    threads: int | None
    reason: str
    target: Target | None = None
    engine: str = ""


class DeploymentRecord(
    msgspec.Struct, frozen=True, kw_only=True, tag="deployment", tag_field="row"
):
    """One deployment.

    Args:
        id: A name that no other deployment has.
        created: When its measuring began, UTC.
        command: The command that repeats it, word by word; empty if it was run from Python.
        folder: Folder of the converted models.
        versions: Versions of all programs.
        device: The device that it ran on.
        power_mode: Cores that threads were bound to.
        cache: State of the caches before each run.
        rounds: The rounds, in the order they ran.
        models: Models and baselines, in every variant.
        state_before, state_after: State of the device before and after measuring.
        table: The latency table that predicted; None without one.
        speedups: Speed-up of each model over the baseline.
        engine_ratios: Where there are several engines: how many times as fast the fastest model
            is as the best of each other engine, in the same rounds.
        inputs: The user's inputs that it was proved and timed with; None for noise.
        accuracy: Accuracy of the model, if its run's folder has it.
        gates: Limits that it had to meet, with the results.
        rewriting: Which form of the model was chosen, and what that saved; None in records of the
            version before, and where no other form was looked at.
        evaluations: How right each variant is on the device, beside Paddle, by pictures of a
            task; empty in records of the version before, and where nobody asked.
        failed: Variants that were asked for and did not convert or run.
        warnings: What users should know before they ship a model, as sentences.
        reasons: Why predicted and measured differ, the likeliest cause first, as sentences.
        model_path: The run or model that was deployed, as on a command line.
        directory: Folder in which it was run, in records of the version before; no longer
            written, since records are passed on.
    """

    id: str
    created: str
    command: tuple[str, ...]
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
    engine_ratios: tuple[SpeedupRecord, ...] = ()
    inputs: InputsRecord | None = None
    accuracy: AccuracyRecord | None = None
    gates: tuple[GateRecord, ...] = ()
    rewriting: RewritingRecord | None = None
    evaluations: tuple[DeviceAccuracy, ...] = ()
    failed: tuple[FailedRecord, ...] = ()
    warnings: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    directory: str = ""
    schema: int = SCHEMA

    def model(self, model_id: str) -> ModelRecord:
        """Finds a model by its id.

        Raises:
            KeyError: There is no such model.
        """
        return {model.id: model for model in self.models}[model_id]
