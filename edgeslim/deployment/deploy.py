"""The whole of ``edgeslim deploy``: convert, compare with Paddle, measure on the device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import msgspec

from edgeslim.conversion.model_inputs import GivenInputs, read_given
from edgeslim.conversion.optimized import OptimizedFile
from edgeslim.conversion.precisions import precisions_of
from edgeslim.conversion.prepare import PreparedModel, prepare
from edgeslim.deployment.claims import Claim, Proof
from edgeslim.deployment.compose_record import Found, deployment_record
from edgeslim.deployment.deployed import (
    ConvertedModel,
    ConvertedModels,
    Deployment,
    mark_fastest,
    rounding_warning,
    slowness_warnings,
)
from edgeslim.deployment.gates import NO_GATES, Gates
from edgeslim.deployment.models_under_test import (
    ModelUnderTest,
    baseline_under_test,
    model_under_test,
)
from edgeslim.deployment.proving import open_prover
from edgeslim.deployment.recording import model_record, output_record
from edgeslim.deployment.request import Request, device_for, request_for
from edgeslim.deployment.sustained import Sustained, measure_sustained
from edgeslim.deployment.variants import (
    ModelVariant,
    TablePredictions,
    check_variants,
    convert_to_precision,
    copy_to_folder,
    failed_variant,
    measure_variants,
)
from edgeslim.device import DeviceChoice
from edgeslim.durations import now
from edgeslim.errors import EdgeslimError, ModelError, ProgramError, UsageError
from edgeslim.execution import Target
from edgeslim.files import new_folder, temporary_folder
from edgeslim.measuring.device_session import DeviceSession, open_device, with_threads
from edgeslim.measuring.networks import MeasuredNetworks, OptimizedNetwork
from edgeslim.opspec import Shape
from edgeslim.progress import SILENT, Progress
from edgeslim.runs.deployment_history import append_record
from edgeslim.runs.deployment_records import FailedRecord, ModelRecord, ModelRole
from edgeslim.targets import Place, read_laws

__all__ = ["ConvertedModels", "Deployment", "convert", "deploy"]


_ROUNDS, _PAIRED_ROUNDS = 3, 12
"""Without a baseline or a gate, and with one: a ratio is no better than its rounds are many."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Options:
    """What the caller asks for besides a model on a device; see `deploy`."""

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

    With several precisions or thread counts each combination is a variant of its own; all are
    measured in one session and in turns, so that they can be compared. A variant that fails is
    listed and the others go on; if all fail, the last error is raised. A baseline is measured
    beside the model in each round, in both orders, so that the speed-up is a ratio with an
    interval. The whole record is added to the history of the run.

    Args:
        what: A model as on the command line, a search's folder, or None for the search in
            ``runs`` that ended last.
        device: Name of the device's profile, or a choice that overrides parts of it; by default
            the device of a search, or this machine. A search's model runs with the threads and
            power mode that the search was for.
        table: Latency table to predict with; a search has its own.
        out: Folder for the result.
        input_shapes: Shapes of open inputs by name, or under an empty name.
        inputs: A ``.npz`` file with an array for each input, or ``.npy`` for the only one, with
            which it is proved and timed; by default noise.
        precisions: ``fp32``, ``fp16``, ``int8``, ``int16``, see `edgeslim.execution.Precision`;
            by default the model's own: int8 for a quantized one and fp32 for any other. For a
            float model ``int8`` and ``int16`` mean its weights alone.
        threads: Numbers of threads; by default that of the device.
        baseline: A model to compare with, in its own precision and with each number of threads;
            ``start`` is the start of a search's space, ``none`` is no baseline. By default what a
            pruned or compressed model was made from, if anything.
        rounds: How many rounds all variants are measured in, each in new processes.
        gates: Limits that are judged; the record says whether they are met.
        sustained_s: Seconds to run the model without a pause as well, since a phone's first
            minute is not its tenth.
        runs: Folder with searches, for when none is named.
        command: The command line of this deployment, for the record.
        progress: Display that shows the progress.

    Raises:
        UsageError: Unknown names; a table of another device or thread count; a precision that
            the target or the model cannot have, more threads than cores; a speed-up to be
            judged without a baseline.
        BadFileError: Inputs that are not the model's.
        ProgramError, RunnerError: The model does not convert or does not run.
        ModelError: Its outputs are not Paddle's.
    """
    check_variants(tuple(precisions), tuple(threads))
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
    wanted = _Options(
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
        return _deploy_on(session, request, wanted, progress)


def _check_gates(gates: Gates, request: Request, rounds: int | None) -> None:
    if gates.speedup is not None and rounds == 1:
        raise UsageError("--assert-speedup needs an interval, and so --rounds of at least 2")
    if gates.speedup is not None and request.baseline is None:
        raise UsageError(
            f"--assert-speedup needs something to be faster than, and {request.path} does not say "
            "what it was made from; name it with --baseline"
        )


def _deploy_on(
    session: DeviceSession, request: Request, wanted: _Options, progress: Progress
) -> Deployment:
    """Deploys all variants of a model on an open device."""
    target = session.execution.target
    sessions = [with_threads(session, count) for count in wanted.threads] or [session]
    with temporary_folder() as scratch, progress.stage("deployment", 3) as stage:
        prepared = prepare(
            *(request.source, scratch / "model"),
            input_shapes=wanted.input_shapes,
            inputs=wanted.inputs,
        )
        precisions = precisions_of(wanted.precisions, prepared, target)
        known = TablePredictions.of(request.table, sessions, precisions)
        model = model_under_test(prepared, request.path, precisions, sessions, scratch)
        baseline, warnings = _find_baseline(request, prepared, sessions, scratch, wanted)
        subjects = [model] if baseline is None else [model, baseline]
        # Not before the proof: a model that is refused leaves not even a folder.
        folder = new_folder(request.folder)
        new_folder(request.history.parent)
        stage.advance(note="converted, and outputs compared")
        before, created = session.conditions(), now()
        measured = measure_variants(
            [variant for subject in subjects for variant in subject.variants],
            [network for subject in subjects for network in subject.networks],
            rounds=wanted.rounds,
            paired=baseline is not None,
            progress=progress,
        )
        stage.advance(note="measured")
        sustained = _measure_sustained(
            model.variants[0], model.networks[0], wanted.sustained_s, progress
        )
        models, *others = (
            _variant_records(subject, request, folder, known, measured) for subject in subjects
        )
        after = session.conditions()
    if sustained is not None:
        windows = sustained.records
        models = [msgspec.structs.replace(record, sustained=windows) for record in models]
    found = Found(
        subjects=subjects,
        models=(*mark_fastest(models), *chain(*others)),
        measured=measured,
        table=known.table,
        states=(before, after),
        created=created,
        warnings=(*warnings, *_rounding_warnings(subjects), *slowness_warnings(models)),
    )
    record = deployment_record(session, request, found, wanted.gates, wanted.command)
    append_record(request.history, record)
    return Deployment(
        record=record, folder=request.folder, history=request.history, sustained=sustained
    )


def _rounding_warnings(subjects: Sequence[ModelUnderTest]) -> list[str]:
    warnings = (
        rounding_warning(
            subject.name, variant.precision, variant.session.execution.threads, difference
        )
        for subject in subjects
        for variant, difference in subject.tried
    )
    return [warning for warning in warnings if warning]


def _find_baseline(
    request: Request,
    beside: PreparedModel,
    sessions: Sequence[DeviceSession],
    scratch: Path,
    wanted: _Options,
) -> tuple[ModelUnderTest | None, tuple[str, ...]]:
    """The baseline, if there is one that runs; and a warning if it does not.

    Raises:
        EdgeslimError: It does not run, and it was asked for by name.
    """
    if request.baseline is None:
        return None, ()
    try:
        return (
            baseline_under_test(request.baseline, beside, sessions, scratch, wanted.input_shapes),
            (),
        )
    except EdgeslimError as error:
        if wanted.insists:
            raise
        return None, (f"there is no speed-up, since the baseline does not run: {error}",)


def _measure_sustained(
    variant: ModelVariant, network: OptimizedNetwork, seconds: float | None, progress: Progress
) -> Sustained | None:
    if seconds is None:
        return None
    return measure_sustained(variant.session, network, seconds=seconds, progress=progress)


def _variant_records(
    subject: ModelUnderTest,
    request: Request,
    folder: Path,
    known: TablePredictions,
    measured: MeasuredNetworks,
) -> list[ModelRecord]:
    """Records of all proved variants of a model, with their files in the folder of the result."""
    return [
        model_record(
            *(subject, variant, difference, measured, known),
            optimized=copy_to_folder(variant.file, folder),
            target_ms=request.target_ms if subject.role is ModelRole.MODEL else None,
        )
        for variant, difference in subject.tried
    ]


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
) -> ConvertedModels:
    """Converts a model for some targets and precisions without a device; raises as `deploy`.

    Args:
        model: A model as on the command line.
        targets: Kinds of processors that it is converted for.
        out: Folder for the result.
        input_shapes: Shapes of open inputs by name, or under an empty name.
        inputs: File with an array for each input, as for `deploy`.
        precisions: Precisions to convert to, as for `deploy`.
        threads: Number of threads that it will run with; by default several.
        laws: File with the laws of another version of the library.
    """
    check_variants(precisions, () if threads is None else (threads,))
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
        failed: list[FailedRecord] = []
        for place in wanted:
            target, precision = place.target, place.precision
            try:
                source, file = convert_to_precision(prepared, place, scratch)
                claim = Claim(model=source, file=file, target=target, precision=precision)
                proof = prover.prove(claim, scratch)
            except (ModelError, ProgramError) as error:
                if len(failed) + 1 == len(wanted):
                    raise
                failure = failed_variant(prepared, precision, threads, error)
                failed.append(msgspec.structs.replace(failure, target=target))
                continue
            done.append((place, file, proof))
        folder = new_folder(request.folder)
        models = [
            ConvertedModel(
                name=prepared.name,
                optimized=copy_to_folder(file, folder),
                target=place.target,
                size_bytes=file.facts.size_bytes,
                precision=place.precision,
                kernels=file.facts.computes_in,
                outputs=output_record(proof.difference, proof.by, proof.unknown),
                unproved=proof.gaps,
            )
            for place, file, proof in done
        ]
    rounding = (
        rounding_warning(prepared.name, place.precision, None, proof.difference)
        for place, _, proof in done
    )
    return ConvertedModels(
        folder=folder,
        models=tuple(models),
        failures=tuple(failed),
        warnings=(*filter(None, rounding), *(gap for *_, proof in done for gap in proof.gaps)),
    )
