"""The whole of ``edgeslim deploy``: convert, compare with Paddle, measure on the device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from edgeslim.conversion.model_inputs import GivenInputs, read_given
from edgeslim.conversion.optimized import OptimizedFile
from edgeslim.conversion.precisions import precisions_of
from edgeslim.conversion.prepare import PreparedModel, prepare
from edgeslim.deployment.claims import Claim, Proof
from edgeslim.deployment.deployed import (
    Deployed,
    Deployment,
    Failed,
    disappointments,
    doubts,
    with_fastest,
)
from edgeslim.deployment.gates import NO_GATES, Gates
from edgeslim.deployment.proof import Found, deployment_record
from edgeslim.deployment.proving import open_prover
from edgeslim.deployment.request import Request, device_for, request_for
from edgeslim.deployment.subjects import Subject, baseline_subject, model_subject
from edgeslim.deployment.sustained import Sustained, measure_sustained
from edgeslim.deployment.ways import (
    KnownLatencies,
    Way,
    check_ways,
    in_precision,
    measured_ways,
    not_had,
    placed,
)
from edgeslim.device import DeviceChoice
from edgeslim.durations import now
from edgeslim.errors import EdgeslimError, ModelError, ProgramError, UsageError
from edgeslim.execution import Target
from edgeslim.files import new_folder, temporary_folder
from edgeslim.measuring.device_session import DeviceSession, at_threads, open_device
from edgeslim.measuring.networks import MeasuredNetworks, OptimizedNetwork
from edgeslim.opspec import Shape
from edgeslim.progress import SILENT, Progress
from edgeslim.runs.deployment_history import append_record
from edgeslim.runs.deployment_records import Role
from edgeslim.targets import Place, read_laws

__all__ = ["Deployed", "Deployment", "convert", "deploy"]


_ROUNDS, _PAIRED_ROUNDS = 3, 12
"""Without a baseline or a gate, and with one: a ratio is no better than its rounds are many."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Wanted:
    """What is wanted besides a model on a device."""

    precisions: tuple[str, ...]
    threads: tuple[int, ...]
    input_shapes: Mapping[str, Shape] | None
    inputs: GivenInputs | None
    sustained_s: float | None
    rounds: int
    gates: Gates
    insists: bool
    command: tuple[str, ...]


def deploy(
    what: str | None = None,
    *,
    device: str | DeviceChoice = "",
    table: Path | None = None,
    out: Path | None = None,
    input_shapes: Mapping[str, Shape] | None = None,
    inputs: Path | None = None,
    precisions: Sequence[str] = (),
    threads: Sequence[int] = (),
    baseline: str | None = None,
    rounds: int | None = None,
    gates: Gates = NO_GATES,
    sustained_s: float | None = None,
    runs: Path = Path("runs"),
    command: Sequence[str] = (),
    progress: Progress = SILENT,
) -> Deployment:
    """Converts a model for a device, proves its outputs right and measures it there.

    With several precisions or thread counts each combination is tried, in one session and in
    turns, so that they can be compared. One that cannot be had is listed and the others go on;
    the only one, or the last that is left, is an error. So is the baseline measured, there and
    back with the model in each round, so that the speed-up is a ratio with an interval. All
    that is found is added to the history of the run.

    Args:
        what: A model as on the command line, a search's folder, or None for the search in
            ``runs`` that ended last.
        device: Name of the device's profile, or that and what is wanted otherwise; by default
            the device of a search, or this machine. A search's model runs as it was for.
        table: Latency table to predict with; a search has its own.
        out: Folder for the result.
        input_shapes: Shapes of open inputs by name, or under an empty name.
        inputs: A ``.npz`` file with an array for each input, or ``.npy`` for the only one, with
            which it is proved and timed; by default noise.
        precisions: ``fp32``, ``fp16``, ``int8``, ``int16``, see `edgeslim.execution.Precision`;
            by default the model's own, int8 of a quantized one and fp32 of any other. Of a float
            model ``int8`` and ``int16`` are its weights' alone.
        threads: Numbers of threads; by default that of the device.
        baseline: A model that it is compared with, in that one's own precision and with each
            number of threads; ``start`` is the start of a search's space, ``none`` nothing. By
            default what a pruned or compressed model was made from, and else nothing.
        rounds: In how many rounds all are measured, each in new processes.
        gates: Limits that are judged; the record says whether they are met.
        sustained_s: Seconds to run it without a pause as well; a phone's first minute is not
            its tenth.
        runs: Where searches are, if none is named.
        command: The command line that this is, for the record.
        progress: Where to show it.

    Raises:
        UsageError: Unknown names; a table of another device or thread count; a precision that
            the target or the model cannot have, more threads than cores; a speed-up to be
            judged without a baseline.
        BadFileError: Inputs that are not the model's.
        ProgramError, RunnerError: The model does not convert or does not run.
        ModelError: Its outputs are not Paddle's.
    """
    check_ways(tuple(precisions), tuple(threads))
    if sustained_s is not None and max(len(precisions), len(threads)) > 1:
        raise UsageError("--sustained is of one precision and one number of threads")
    if rounds is not None and rounds < 1:
        raise UsageError(f"--rounds must be at least 1, not {rounds}")
    request = request_for(what, table, out, runs, baseline)
    _check_gates(gates, request, rounds)
    choice = device_for(device, request)
    if threads:
        choice = replace(choice, threads=threads[0])
    many = request.baseline is not None or gates != NO_GATES
    wanted = _Wanted(
        precisions=tuple(precisions),
        threads=tuple(threads),
        input_shapes=input_shapes,
        inputs=None if inputs is None else read_given(inputs),
        sustained_s=sustained_s,
        rounds=rounds or (_PAIRED_ROUNDS if many else _ROUNDS),
        gates=gates,
        insists=baseline is not None or gates.speedup is not None,
        command=tuple(command),
    )
    with open_device(choice) as session:
        return _deployment(session, request, wanted, progress)


def _check_gates(gates: Gates, request: Request, rounds: int | None) -> None:
    if gates.speedup is not None and rounds == 1:
        raise UsageError("--assert-speedup needs an interval, and so --rounds of at least 2")
    if gates.speedup is not None and request.baseline is None:
        raise UsageError(
            f"--assert-speedup needs something to be faster than, and {request.path} does not say "
            "what it was made from; name it with --baseline"
        )


def _deployment(
    session: DeviceSession, request: Request, wanted: _Wanted, progress: Progress
) -> Deployment:
    """The model on an open device, in all ways."""
    target = session.execution.target
    sessions = [at_threads(session, each) for each in wanted.threads] or [session]
    with temporary_folder() as scratch, progress.stage("deployment", 3) as stage:
        prepared = prepare(
            *(request.source, scratch / "model"),
            input_shapes=wanted.input_shapes,
            inputs=wanted.inputs,
        )
        precisions = precisions_of(wanted.precisions, prepared, target)
        known = KnownLatencies.of(request.table, sessions, precisions)
        model = model_subject(prepared, request.path, precisions, sessions, scratch)
        baseline, warnings = _baseline(request, prepared, sessions, scratch, wanted)
        subjects = [model] if baseline is None else [model, baseline]
        # Not before the proof: of what is refused not even a folder is left.
        folder = new_folder(request.folder)
        new_folder(request.history.parent)
        stage.advance(note="converted, and outputs compared")
        before, created = session.conditions(), now()
        measured = measured_ways(
            [way for each in subjects for way in each.ways],
            [network for each in subjects for network in each.networks],
            rounds=wanted.rounds,
            paired=baseline is not None,
            progress=progress,
        )
        stage.advance(note="measured")
        sustained = _sustained(model.ways[0], model.networks[0], wanted.sustained_s, progress)
        models, *others = (
            _all_ways(subject, request, folder, known, measured) for subject in subjects
        )
        models = [replace(each, sustained=sustained) for each in models]
        baselines = list(chain(*others))
        after = session.conditions()
    found = Found(
        subjects=subjects,
        models=with_fastest(models),
        baselines=tuple(baselines),
        measured=measured,
        table=known.table,
        states=(before, after),
        created=created,
        warnings=(*warnings, *doubts([*models, *baselines]), *disappointments(models)),
    )
    record = deployment_record(session, request, found, wanted.gates, wanted.command)
    append_record(request.history, record)
    return Deployment(
        folder=request.folder,
        device=session.profile.name,
        models=found.models,
        failed=tuple(each for subject in subjects for each in subject.failed),
        warnings=record.warnings,
        baselines=found.baselines,
        record=record,
        history=request.history,
    )


def _baseline(
    request: Request,
    beside: PreparedModel,
    sessions: Sequence[DeviceSession],
    scratch: Path,
    wanted: _Wanted,
) -> tuple[Subject | None, tuple[str, ...]]:
    """The baseline, if there is one that runs; and what is to be said if it does not.

    Raises:
        EdgeslimError: It does not, and it was asked for.
    """
    if request.baseline is None:
        return None, ()
    try:
        return (
            baseline_subject(request.baseline, beside, sessions, scratch, wanted.input_shapes),
            (),
        )
    except EdgeslimError as error:
        if wanted.insists:
            raise
        return None, (f"there is no speed-up, for the baseline cannot be had: {error}",)


def _sustained(
    way: Way, network: OptimizedNetwork, seconds: float | None, progress: Progress
) -> Sustained | None:
    if seconds is None:
        return None
    return measure_sustained(way.session, network, seconds=seconds, progress=progress)


def _all_ways(
    subject: Subject,
    request: Request,
    folder: Path,
    known: KnownLatencies,
    measured: MeasuredNetworks,
) -> list[Deployed]:
    """A model in each way that was tried, its files put where they were asked for."""
    found = []
    for way, difference in subject.tried:
        predictor = known.predictor(way)
        prediction = None if predictor is None else predictor.predict(subject.graph.specs)
        found.append(
            Deployed(
                id=way.id,
                name=subject.name,
                optimized=placed(way.file, folder),
                target=way.session.execution.target,
                size_bytes=way.file.facts.size_bytes,
                precision=way.precision,
                computes_in=way.file.facts.computes_in,
                threads=way.session.execution.threads,
                prediction=prediction,
                measurement=measured.measurements[way.id],
                difference=difference,
                proved_by=way.proved_by,
                without_meaning=way.without_meaning,
                target_ms=request.target_ms if subject.role is Role.MODEL else None,
                speed=known.speed(way, measured.references_ms[way.id]),
            )
        )
    return found


def convert(
    model: str,
    targets: Sequence[Target],
    *,
    out: Path | None = None,
    input_shapes: Mapping[str, Shape] | None = None,
    inputs: Path | None = None,
    precisions: Sequence[str] = (),
    threads: int | None = None,
    laws: Path | None = None,
) -> Deployment:
    """Converts a model for some targets and precisions without a device; raises as `deploy`.

    Args:
        model: A model as on the command line.
        targets: What it is converted for.
        out: Folder for the result.
        input_shapes: Shapes of open inputs by name, or under an empty name.
        inputs: As for `deploy`.
        precisions: Likewise.
        threads: With how many it will run; by default several.
        laws: File with what is known of another version of the library.
    """
    check_ways(precisions, () if threads is None else (threads,))
    book = None if laws is None else read_laws(laws)
    request = request_for(model, None, out, Path())
    given = None if inputs is None else read_given(inputs)
    with temporary_folder() as scratch, open_prover() as prover:
        prepared = prepare(
            request.source, scratch / "model", input_shapes=input_shapes, inputs=given
        )
        wanted = [
            Place.of(target, precision, threads, book)
            for target in targets
            for precision in precisions_of(precisions, prepared, target)
        ]
        done: list[tuple[Place, OptimizedFile, Proof]] = []
        failed: list[Failed] = []
        for place in wanted:
            target, precision = place.target, place.precision
            try:
                source, file = in_precision(prepared, place, scratch)
                claim = Claim(model=source, file=file, target=target, precision=precision)
                proof = prover.prove(claim, scratch)
            except (ModelError, ProgramError) as error:
                if len(failed) + 1 == len(wanted):
                    raise
                failed.append(not_had(prepared, target, precision, threads, error))
                continue
            done.append((place, file, proof))
        folder = new_folder(request.folder)
        models = [
            Deployed(
                name=prepared.name,
                optimized=placed(file, folder),
                target=place.target,
                size_bytes=file.facts.size_bytes,
                precision=place.precision,
                computes_in=file.facts.computes_in,
                difference=proof.difference,
                proved_by=proof.by,
                without_meaning=proof.unknown,
                unproved=proof.gaps,
            )
            for place, file, proof in done
        ]
    return Deployment(
        folder=folder,
        device="",
        models=tuple(models),
        failed=tuple(failed),
        warnings=(*doubts(models), *(gap for *_, proof in done for gap in proof.gaps)),
    )
