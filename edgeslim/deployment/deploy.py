"""The whole of ``edgeslim deploy``: convert, compare with Paddle, measure on the device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from edgeslim.conversion.optimized import OptimizedFile, fused_graph
from edgeslim.conversion.precisions import precisions_of
from edgeslim.conversion.prepare import PreparedModel, prepare
from edgeslim.deployment.deployed import Deployed, Deployment, Failed, disappointments, with_fastest
from edgeslim.deployment.request import Request, device_for, request_for
from edgeslim.deployment.sustained import Sustained, measure_sustained
from edgeslim.deployment.ways import (
    KnownLatencies,
    Way,
    all_ways,
    check_ways,
    in_precision,
    measured_ways,
    not_had,
    placed,
    tried,
)
from edgeslim.device import DeviceChoice
from edgeslim.errors import ModelError, ProgramError, UsageError
from edgeslim.execution import Precision, Target
from edgeslim.files import new_folder, temporary_folder
from edgeslim.graph import Graph
from edgeslim.opspec import Shape
from edgeslim.profiling.device_session import DeviceSession, at_threads, open_device
from edgeslim.profiling.networks import MeasuredNetworks, OptimizedNetwork
from edgeslim.progress import SILENT, Progress

__all__ = ["Deployed", "Deployment", "convert", "deploy"]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Wanted:
    """What is wanted besides a model on a device."""

    precisions: tuple[str, ...]
    threads: tuple[int, ...]
    sustained_s: float | None


def deploy(
    what: str | None = None,
    *,
    device: str | DeviceChoice = "",
    table: Path | None = None,
    out: Path | None = None,
    input_shapes: Mapping[str, Shape] | None = None,
    precisions: Sequence[str] = (),
    threads: Sequence[int] = (),
    sustained_s: float | None = None,
    runs: Path = Path("runs"),
    progress: Progress = SILENT,
) -> Deployment:
    """Converts a model for a device, proves its outputs right and measures it there.

    With several precisions or thread counts each combination is tried, in one session and in
    turns, so that they can be compared. One that cannot be had is listed and the others go on;
    the only one, or the last that is left, is an error.

    Args:
        what: A model as on the command line, a search's folder, or None for the search in
            ``runs`` that ended last.
        device: Name of the device's profile, or that and what is wanted otherwise; by default
            the device of a search, or this machine. A search's model runs as it was for.
        table: Latency table to predict with; a search has its own.
        out: Folder for the result.
        input_shapes: Shapes of open inputs by name, or under an empty name.
        precisions: ``fp32``, ``fp16``, ``int8``, ``int16``, see `edgeslim.execution.Precision`;
            by default the model's own, int8 of a quantized one and fp32 of any other. Of a float
            model ``int8`` and ``int16`` are its weights' alone.
        threads: Numbers of threads; by default that of the device.
        sustained_s: Seconds to run it without a pause as well; a phone's first minute is not
            its tenth.
        runs: Where searches are, if none is named.
        progress: Where to show it.

    Raises:
        UsageError: Unknown names; a table of another device or thread count; a precision that
            the target or the model cannot have, more threads than cores.
        ProgramError, RunnerError: The model does not convert or does not run.
        ModelError: Its outputs are not Paddle's.
    """
    wanted = _Wanted(precisions=tuple(precisions), threads=tuple(threads), sustained_s=sustained_s)
    check_ways(wanted.precisions, wanted.threads)
    if sustained_s is not None and max(len(wanted.precisions), len(wanted.threads)) > 1:
        raise UsageError("--sustained is of one precision and one number of threads")
    request = request_for(what, table, out, runs)
    choice = device_for(device, request)
    if wanted.threads:
        choice = replace(choice, threads=wanted.threads[0])
    with open_device(choice) as session:
        return _deployment(session, request, wanted, input_shapes, progress)


def _deployment(
    session: DeviceSession,
    request: Request,
    wanted: _Wanted,
    input_shapes: Mapping[str, Shape] | None,
    progress: Progress,
) -> Deployment:
    """The model on an open device, in all ways."""
    target = session.execution.target
    sessions = [at_threads(session, each) for each in wanted.threads] or [session]
    with temporary_folder() as scratch, progress.stage("deployment", 3) as stage:
        prepared = prepare(request.source, scratch / "model", input_shapes=input_shapes)
        precisions = precisions_of(wanted.precisions, prepared, target)
        known = KnownLatencies.of(request.table, sessions, precisions)
        folder = new_folder(request.folder)
        ways, unconvertible = all_ways(prepared, target, precisions, sessions, scratch)
        graph = _graph(ways, prepared, target)
        stage.advance(note="converted")
        compared, wrong = tried(ways, scratch)
        stage.advance(note="outputs compared")
        networks = [_network(way, graph) for way, _ in compared]
        measured = measured_ways([way for way, _ in compared], networks)
        stage.advance(note="measured")
        sustained = _sustained(compared[0][0], networks[0], wanted.sustained_s, progress)
        models = [
            _deployed(way, placed(way.file, folder), graph, known, measured) for way, _ in compared
        ]
    done = [
        replace(
            model,
            name=prepared.name,
            difference=difference,
            target_ms=request.target_ms,
            sustained=sustained,
        )
        for model, (_, difference) in zip(models, compared, strict=True)
    ]
    return Deployment(
        folder=request.folder,
        device=session.profile.name,
        models=with_fastest(done),
        failed=(*unconvertible, *wrong),
        warnings=disappointments(done),
    )


def _graph(ways: Sequence[Way], model: PreparedModel, target: Target) -> Graph:
    """Fused where a table may know it: tables are of fp32."""
    for way in ways:
        if way.precision is Precision.FP32:
            return fused_graph(way.model, target)
    return model.graph


def _network(way: Way, graph: Graph) -> OptimizedNetwork:
    return OptimizedNetwork(name=way.id, file=way.file, graph=graph)


def _sustained(
    way: Way, network: OptimizedNetwork, seconds: float | None, progress: Progress
) -> Sustained | None:
    if seconds is None:
        return None
    return measure_sustained(way.session, network, seconds=seconds, progress=progress)


def _deployed(
    way: Way,
    optimized: Path,
    graph: Graph,
    known: KnownLatencies,
    measured: MeasuredNetworks,
) -> Deployed:
    """One way that was tried."""
    predictor = known.predictor(way)
    return Deployed(
        name=way.id,
        optimized=optimized,
        target=way.session.execution.target,
        size_bytes=way.file.facts.size_bytes,
        precision=way.precision,
        computes_in=way.file.facts.computes_in,
        threads=way.session.execution.threads,
        prediction=None if predictor is None else predictor.predict(graph.specs),
        measurement=measured.measurements[way.id],
        speed=known.speed(way, measured.references_ms[way.id]),
    )


def convert(
    model: str,
    targets: Sequence[Target],
    *,
    out: Path | None = None,
    input_shapes: Mapping[str, Shape] | None = None,
    precisions: Sequence[str] = (),
) -> Deployment:
    """Converts a model for some targets and precisions without a device; raises as `deploy`."""
    check_ways(precisions, ())
    request = request_for(model, None, out, Path())
    with temporary_folder() as scratch:
        prepared = prepare(request.source, scratch / "model", input_shapes=input_shapes)
        wanted = [
            (target, precision)
            for target in targets
            for precision in precisions_of(precisions, prepared, target)
        ]
        folder = new_folder(request.folder)
        done: list[tuple[Target, Precision, OptimizedFile]] = []
        failed: list[Failed] = []
        for target, precision in wanted:
            try:
                file = in_precision(prepared, target, precision, scratch)[1]
            except (ModelError, ProgramError) as error:
                if len(failed) + 1 == len(wanted):
                    raise
                failed.append(not_had(prepared, target, precision, None, error))
                continue
            done.append((target, precision, file))
        models = [_converted(prepared.name, *each, placed(each[2], folder)) for each in done]
    return Deployment(folder=folder, device="", models=tuple(models), failed=tuple(failed))


def _converted(
    name: str, target: Target, precision: Precision, file: OptimizedFile, optimized: Path
) -> Deployed:
    return Deployed(
        name=name,
        optimized=optimized,
        target=target,
        size_bytes=file.facts.size_bytes,
        precision=precision,
        computes_in=file.facts.computes_in,
    )
