"""The model that is to be deployed, its device, and what its run says of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

from edgeslim.conversion.model_source import ModelSource, find_model
from edgeslim.conversion.shape_options import INPUT_SHAPES
from edgeslim.deployment.engine_choice import check_engines
from edgeslim.deployment.gates import NO_GATES, Gates
from edgeslim.deployment.origins import baseline_for, keeps_history
from edgeslim.deployment.variants import check_variants
from edgeslim.device import DeviceChoice
from edgeslim.durations import parse_s
from edgeslim.engines import DEFAULT
from edgeslim.errors import UsageError
from edgeslim.execution import Target
from edgeslim.latency_table import LatencyTable, TableContext
from edgeslim.opspec import Shape
from edgeslim.options import ARGUMENT, OPTION, Option, OptionsOf, parse_names
from edgeslim.progress import SILENT, Progress
from edgeslim.runs.deployment_history import HISTORY
from edgeslim.runs.pruning_run import PruneFolder
from edgeslim.runs.search_run import RunFolder, newest_run

__all__ = [
    "ConversionOptions",
    "ConvertRequest",
    "DeployRequest",
    "ResolvedDeployment",
    "device_for",
    "resolve",
]

_DEVICE = (
    *("name", "serial", "host", "port", "power_mode"),
    *("stay_on", "fixed_performance", "lock_frequency", "laws"),
)
"""Options of a device; how many threads, the variants say."""


_VARIANTS = Option("Variants")
_SPEEDUP = Option("Speed-up")
_INSIDE = Option("Operators")
_ACCURACY = Option("Accuracy")
_LIMITS = Option("Limits for a script")


def _parse_thread_counts(text: str) -> tuple[int, ...]:
    for name in parse_names(text):
        if not (name.isascii() and name.isdigit()):
            raise UsageError(f"--threads are numbers like 1,2,4, not {name!r}")
    return tuple(int(name) for name in parse_names(text))


@dataclass(frozen=True, kw_only=True, slots=True)
class ConversionOptions:
    """What can be asked of a conversion, with a device or without one."""

    out: Annotated[Path | None, OPTION] = None
    """Folder for the optimized model."""
    input_shapes: Annotated[Mapping[str, Shape] | None, INPUT_SHAPES] = None
    """Shape of an open input: 1,3,224,224; name=...; 1,16:int64."""
    inputs: Annotated[Path | None, OPTION] = None
    """Your own inputs instead of noise, for proof and timing: .npz with an array for each, or .npy
    for one."""
    precisions: Annotated[Sequence[str], _VARIANTS(parse=parse_names)] = ()
    """Each of these: fp32,int8,fp16,int16; by default the model's own: int8 if it is quantized,
    else fp32. Of a float model, int8 and int16 are its weights alone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ConvertRequest(ConversionOptions):
    """What can be asked of `edgeslim.deployment.deploy.convert`."""

    model: str = field(kw_only=False)
    """A model as on the command line."""
    targets: Sequence[Target] = field(kw_only=False)
    """Kinds of processors that it is converted for."""
    threads: int | None = None
    """Number of threads that it will run with; by default several."""
    laws: Path | None = None
    """File with the laws of another version of the library."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DeployRequest(ConversionOptions):
    """What can be asked of `edgeslim.deployment.deploy.deploy`."""

    model: Annotated[str | None, ARGUMENT] = field(default=None, kw_only=False)
    """A model or a run's folder; by default the newest search under runs/."""
    others: Annotated[Sequence[str], ARGUMENT] = ()
    """Further models: all are measured in the same rounds, and compared with the first."""
    table: Annotated[Path | None, OPTION] = None
    """Table to predict with; a search has its own."""
    sustained_s: Annotated[float | None, OPTION("--sustained", parse=parse_s)] = None
    """Also run it so long without a pause, since a phone's first minute is not its tenth: 10min."""
    soak: Annotated[int | None, OPTION] = None
    """Also run it so often in one process, each time with other inputs, and say how the process
    grows: 1000."""
    operators: Annotated[bool, _INSIDE] = False
    """Also find what each operator takes inside the network."""
    operators_s: Annotated[float, _INSIDE("--time", parse=parse_s)] = 120.0
    """How long that may take: 5min; the longer, the closer."""
    runs: Path = Path("runs")
    """Folder with searches, for when none is named."""
    engines: Annotated[Sequence[str], _VARIANTS("--engine", parse_all=tuple)] = ()
    """Run it with this engine, and compare several; all is every one that is installed
    (docs/engines.md). By default Paddle-Lite alone."""
    threads: Annotated[Sequence[int], _VARIANTS(parse=_parse_thread_counts)] = ()
    """Threads that it runs with; several to compare: 1,2,4."""
    baseline: Annotated[str | None, _SPEEDUP] = None
    """A model to be compared with in the same rounds; start, of a search's space; or none. By
    default what a pruned or compressed model was made from."""
    rounds: Annotated[int | None, _SPEEDUP] = None
    """Rounds of timing, each in new processes; by default 12 with a baseline or limit, else 3."""
    rewrite: Annotated[bool, OPTION] = True
    """Also try the same function in another form (docs/rewriting.md), where a table of the device
    says that it is faster; what is not measured to be faster goes out as it came."""
    evaluate: Annotated[str | None, _ACCURACY] = None
    """Also show it pictures of this task on the device, and Paddle beside it: NAME or NAME:FOLDER
    (docs/evaluate.md)."""
    images: Annotated[int | None, _ACCURACY] = None
    """Number of pictures, drawn from the task's validation; by default 500."""
    gates: Annotated[Gates, OptionsOf(Gates)] = NO_GATES
    """Limits that are judged; the record says whether they are met."""
    patience_s: Annotated[float, _LIMITS("--patience", parse=parse_s)] = 60.0
    """How long measuring may go on until every limit is decided: 10min."""
    device: Annotated[str | DeviceChoice, OptionsOf(DeviceChoice, _DEVICE)] = ""
    """Name of the device's profile; by default the search's, or host."""
    command: Sequence[str] = ()
    """The command line of this deployment, for the record."""
    progress: Progress = SILENT
    """Shows how far it is."""

    @property
    def insists_on_baseline(self) -> bool:
        """Whether it fails if the baseline does not run."""
        return self.baseline is not None or self.gates.speedup is not None

    def check(self) -> None:
        """Checks what can be checked before the model is looked at.

        Raises:
            UsageError: Numbers or names that are not possible, or not together.
        """
        check_variants(self.precisions, self.threads)
        check_engines(self.engines)
        if self.sustained_s is not None and max(len(self.precisions), len(self.threads)) > 1:
            raise UsageError("--sustained is of one precision and one number of threads")
        if self.operators and max(len(self.precisions), len(self.threads)) > 1:
            raise UsageError("--operators is of one precision and one number of threads")
        if self.operators and any(name != DEFAULT for name in self.engines):
            raise UsageError(f"--operators is of {DEFAULT} alone; leave --engine out")
        if self.soak is not None and self.soak < 1:
            raise UsageError(f"--soak must be at least 1, not {self.soak}")
        if self.gates.growth_kb is not None and self.soak is None:
            raise UsageError("--max-growth is of a soak: give --soak 1000 too")
        if self.operators_s <= 0:
            raise UsageError("--time must be longer than nothing")
        if self.images is not None and self.evaluate is None:
            raise UsageError("--images are pictures of a task; name it with --evaluate")
        if self.images is not None and self.images < 1:
            raise UsageError(f"--images must be at least 1, not {self.images}")
        if self.rounds is not None and self.rounds < 1:
            raise UsageError(f"--rounds must be at least 1, not {self.rounds}")


@dataclass(frozen=True, kw_only=True, slots=True)
class ResolvedDeployment:
    """A model that is to be deployed, and what its run says of it.

    Args:
        source: Where the model comes from.
        folder: Folder for the result.
        table: Latency table to predict with, if any.
        target_ms: Latency limit in ms that it was made for, if any.
        context: Context of its search's table: device and execution.
        run: Folder of the command that made it.
        baseline: The model that it is compared with, if any.
        history: File that its deployments are added to.
        path: The model, as on a command line.
    """

    source: ModelSource
    folder: Path
    table: Path | None
    history: Path
    path: str
    target_ms: float | None = None
    context: TableContext | None = None
    run: Path | None = None
    baseline: ModelSource | None = None


def resolve(request: DeployRequest) -> ResolvedDeployment:
    """Resolves a model, a pruned one with its limit, or a search's winner with its table.

    Raises:
        UsageError: There is no finished search; a speed-up is to be judged without a baseline.
        UnknownNameError, BadFileError, ModelError: No such model, or no such baseline.
    """
    what, out, table = request.model, request.out, request.table
    run = newest_run(request.runs) if what is None else Path(what)
    path = str(run) if what is None else what
    if not (run / "search.json").exists():
        source = find_model(path)
        target_ms = PruneFolder(run).target_ms
        if target_ms is not None:
            source = replace(source, name=run.resolve().name)
        made = run if keeps_history(run, out) else None
        folder = out or (made / "deployment" if made else Path("deployments") / source.name)
        return ResolvedDeployment(
            source=source,
            folder=folder,
            table=table,
            history=(made or folder) / HISTORY,
            path=path,
            target_ms=target_ms,
            run=made,
            baseline=baseline_for(made, request.baseline),
        )
    found = RunFolder(run)
    result = found.result()
    return ResolvedDeployment(
        source=replace(find_model(str(found.model)), name=run.resolve().name),
        folder=out or run / "deployment",
        table=table or (found.table() if result.targets else None),
        history=run / HISTORY,
        path=path,
        target_ms=result.targets[0].target_ms if result.targets else None,
        context=LatencyTable.read(found.table()).context if result.targets else None,
        run=run,
        baseline=baseline_for(run, request.baseline),
    )


def device_for(device: str | DeviceChoice, found: ResolvedDeployment) -> DeviceChoice:
    """The device, with the search's threads and power mode where the user names none."""
    context = found.context
    if context is None:
        return DeviceChoice.of(device).with_name("host")
    chosen = DeviceChoice.of(device).with_name(context.device)
    if chosen.name != context.device:
        return chosen
    execution = context.execution
    return replace(
        chosen,
        threads=execution.threads if chosen.threads is None else chosen.threads,
        power_mode=chosen.power_mode or execution.power_mode,
    )
