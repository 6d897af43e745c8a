"""The whole of ``edgeslim deploy``: convert, compare with Paddle, measure on the device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from edgeslim.conversion.model_source import ModelSource, find_model
from edgeslim.conversion.optimized import OptimizedFile, fused_graph, optimize
from edgeslim.conversion.prepare import prepare
from edgeslim.deployment.outputs import OutputDifference, compare_outputs
from edgeslim.deployment.sustained import Sustained, measure_sustained
from edgeslim.device import DeviceChoice
from edgeslim.execution import Target
from edgeslim.files import new_folder, temporary_folder, write_bytes
from edgeslim.latency_table import LatencyTable, TableContext
from edgeslim.measurement import Measurement
from edgeslim.opspec import Shape
from edgeslim.prediction.predictor import Prediction, Predictor
from edgeslim.profiling.device_session import DeviceSession, open_device
from edgeslim.profiling.drift import DriftWatch
from edgeslim.profiling.networks import OptimizedNetwork, measure_networks
from edgeslim.progress import SILENT, Progress
from edgeslim.pruning.settings import PruneFolder
from edgeslim.searching.run_folder import RunFolder, newest_run

__all__ = ["Deployed", "Deployment", "convert", "deploy"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Deployed:
    """One model on a device.

    Args:
        name: Short name.
        optimized: The file that the device runs.
        target: What it is converted for.
        size_bytes: Its size.
        prediction: What the table says, if there is one.
        measurement: What the device took, unless the model was only converted.
        difference: How far its outputs are from Paddle's, unless only converted.
        target_ms: The limit it was made for, if any.
        speed: How fast the device was over how fast it was when the table was measured, by
            the reference operator; 1 is the same.
        sustained: Latency over time, if that was asked for.
    """

    name: str
    optimized: Path
    target: Target
    size_bytes: int
    prediction: Prediction | None = None
    measurement: Measurement | None = None
    difference: OutputDifference | None = None
    target_ms: float | None = None
    speed: float | None = None
    sustained: Sustained | None = None

    @property
    def error_percent(self) -> float | None:
        """How much the prediction is above the measurement, in percent of the latter."""
        if self.prediction is None or self.measurement is None or self.prediction.missing:
            return None
        return 100 * (self.prediction.total_ms / self.measurement.latency_ms - 1)

    @property
    def met_target(self) -> bool | None:
        """Whether the measured latency is within the limit."""
        if self.target_ms is None or self.measurement is None:
            return None
        return self.measurement.latency_ms <= self.target_ms


@dataclass(frozen=True, kw_only=True, slots=True)
class Deployment:
    """All models of one call, and where they are."""

    folder: Path
    device: str
    models: tuple[Deployed, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Request:
    """A model, and what is known of it beforehand."""

    source: ModelSource
    folder: Path
    table: Path | None
    target_ms: float | None = None
    context: TableContext | None = None


def deploy(
    what: str | None = None,
    *,
    device: str | DeviceChoice = "",
    table: Path | None = None,
    out: Path | None = None,
    input_shapes: Mapping[str, Shape] | None = None,
    sustained_s: float | None = None,
    runs: Path = Path("runs"),
    progress: Progress = SILENT,
) -> Deployment:
    """Converts a model for a device, proves its outputs right and measures it there.

    Args:
        what: A model as on the command line, a search's folder, or None for the search in
            ``runs`` that ended last.
        device: Name of the device's profile, or that and what is wanted otherwise; by default
            the device of a search, or this machine. A search's model runs as it was for.
        table: Latency table to predict with; a search has its own.
        out: Folder for the result.
        input_shapes: Shapes of open inputs by name, or under an empty name.
        sustained_s: Seconds to run it without a pause as well; a phone's first minute is not
            its tenth.
        runs: Where searches are, if none is named.
        progress: Where to show it.

    Raises:
        UsageError: Unknown names; a table of another device or thread count.
        ProgramError, RunnerError: The model does not convert or does not run.
        ModelError: Its outputs are not Paddle's.
    """
    request = _request(what, table, out, runs)
    choice = _choice(device, request)
    with open_device(choice) as session:
        deployed = _deployed(session, request, input_shapes, sustained_s, progress)
    return Deployment(folder=request.folder, device=choice.name, models=(deployed,))


def _deployed(
    session: DeviceSession,
    request: _Request,
    input_shapes: Mapping[str, Shape] | None,
    sustained_s: float | None,
    progress: Progress,
) -> Deployed:
    """The model on an open device."""
    predictor = _predictor(request.table, session)
    with temporary_folder() as scratch, progress.stage("deployment", 3) as stage:
        prepared = prepare(request.source, scratch / "model", input_shapes=input_shapes)
        folder = new_folder(request.folder)
        target = session.execution.target
        file = optimize(prepared, target, scratch / f"{prepared.name}.{target.value}")
        graph = fused_graph(prepared, target)
        stage.advance(note="converted")
        difference = compare_outputs(session, prepared, file, scratch)
        stage.advance(note="outputs compared")
        network = OptimizedNetwork(name=prepared.name, file=file, graph=graph)
        measured = measure_networks(DriftWatch(session), [network])
        stage.advance(note="measured")
        sustained = None
        if sustained_s is not None:
            sustained = measure_sustained(session, network, seconds=sustained_s, progress=progress)
        optimized = _placed(file, folder)
    return Deployed(
        name=prepared.name,
        optimized=optimized,
        target=target,
        size_bytes=file.facts.size_bytes,
        prediction=None if predictor is None else predictor.predict(graph.specs),
        measurement=measured.measurements[prepared.name],
        difference=difference,
        target_ms=request.target_ms,
        sustained=sustained,
        speed=_speed(predictor, measured.references_ms[prepared.name]),
    )


def convert(
    model: str,
    targets: Sequence[Target],
    *,
    out: Path | None = None,
    input_shapes: Mapping[str, Shape] | None = None,
) -> Deployment:
    """Converts a model for some targets without a device; raises as `deploy`."""
    request = _request(model, None, out, Path())
    with temporary_folder() as scratch:
        prepared = prepare(request.source, scratch / "model", input_shapes=input_shapes)
        folder = new_folder(request.folder)
        models = []
        for target in targets:
            file = optimize(prepared, target, scratch / f"{prepared.name}.{target.value}")
            models.append(
                Deployed(
                    name=prepared.name,
                    optimized=_placed(file, folder),
                    target=target,
                    size_bytes=file.facts.size_bytes,
                )
            )
    return Deployment(folder=folder, device="", models=tuple(models))


def _request(what: str | None, table: Path | None, out: Path | None, runs: Path) -> _Request:
    """A model, a pruned one with its limit, or a search's winner with its table and limit."""
    run = newest_run(runs) if what is None else Path(what)
    if not (run / "search.json").exists():
        source = find_model(str(run) if what is None else what)
        target_ms = PruneFolder(run).target_ms
        if target_ms is not None:
            source = replace(source, name=run.resolve().name)
        return _Request(
            source=source,
            folder=out or Path("deployments") / source.name,
            table=table,
            target_ms=target_ms,
        )
    found = RunFolder(run)
    result = found.result()
    return _Request(
        source=replace(find_model(str(found.model)), name=run.resolve().name),
        folder=out or run / "deployment",
        table=table or found.table(),
        target_ms=result.targets[0].target_ms,
        context=LatencyTable.read(found.table()).context,
    )


def _choice(device: str | DeviceChoice, request: _Request) -> DeviceChoice:
    """The device, run as the search was for unless the user wants otherwise."""
    context = request.context
    if context is None:
        return DeviceChoice.of(device).named("host")
    chosen = DeviceChoice.of(device).named(context.device)
    if chosen.name != context.device:
        return chosen
    execution = context.execution
    return replace(
        chosen,
        threads=execution.threads if chosen.threads is None else chosen.threads,
        power_mode=chosen.power_mode or execution.power_mode,
    )


def _placed(file: OptimizedFile, folder: Path) -> Path:
    """Puts a finished file where it was asked for, whole or not at all."""
    path = folder / file.path.name
    write_bytes(path, file.path.read_bytes())
    return path


def _predictor(table: Path | None, session: DeviceSession) -> Predictor | None:
    if table is None:
        return None
    known = LatencyTable.read(table)
    known.context.check_same(session.context(), table)
    return Predictor(known)


def _speed(predictor: Predictor | None, now_ms: float) -> float | None:
    then_ms = 0.0 if predictor is None else predictor.table.reference_ms
    return then_ms / now_ms if then_ms > 0 and now_ms > 0 else None
