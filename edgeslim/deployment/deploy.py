"""The whole of ``edgeslim deploy``: convert, compare with Paddle, measure on the device."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from edgeslim.conversion.model_inputs import GivenInputs, read_given
from edgeslim.conversion.optimized import OptimizedFile
from edgeslim.conversion.precisions import precisions_of
from edgeslim.conversion.prepare import PreparedModel, prepare
from edgeslim.conversion.required_memory import check_memory
from edgeslim.deployment.claims import Claim, Proof
from edgeslim.deployment.compose_record import Found
from edgeslim.deployment.conclude import (
    PAIRED_ROUNDS,
    add_to_history,
    choose_device,
    find_pictures,
    open_sessions,
    read_state_after,
    rounding_warnings,
)
from edgeslim.deployment.decide import Measured, MoreMeasuring, measure_until_decided
from edgeslim.deployment.deployed import (
    ConvertedModel,
    ConvertedModels,
    Deployment,
    rounding_warning,
    slowness_warnings,
)
from edgeslim.deployment.evaluate import evaluate_deployed
from edgeslim.deployment.inside import inside_record, measure_inside
from edgeslim.deployment.models_under_test import (
    ModelUnderTest,
    baseline_under_test,
    measure_models,
    measure_starts_of,
    model_under_test,
)
from edgeslim.deployment.origins import NO_BASELINE
from edgeslim.deployment.proving import open_prover
from edgeslim.deployment.record_maker import RecordMaker
from edgeslim.deployment.recording import output_record
from edgeslim.deployment.request import (
    ConvertRequest,
    DeployRequest,
    ResolvedDeployment,
    resolve,
)
from edgeslim.deployment.rewritten import FormUnderTest, find_other_form
from edgeslim.deployment.soaks import measure_soaks
from edgeslim.deployment.sustained import Sustained, measure_sustained
from edgeslim.deployment.variants import (
    TablePredictions,
    check_variants,
    convert_to_precision,
    copy_to_folder,
    failed_variant,
)
from edgeslim.durations import now
from edgeslim.errors import EdgeslimError, ModelError, ProgramError, UsageError
from edgeslim.files import new_folder, temporary_folder
from edgeslim.measuring.device_session import DeviceSession, open_device
from edgeslim.measuring.networks import MeasuredNetworks
from edgeslim.options import called_with
from edgeslim.runs.deployment_records import FailedRecord, GateRecord, ModelRecord
from edgeslim.targets import Place, read_laws

__all__ = ["ConvertedModels", "Deployment", "convert", "deploy"]


_ROUNDS = 3
"""Rounds without a baseline or a limit."""

_FORM_ROUNDS = 6
"""With another form of the model, which is taken only if it is faster beyond what rounds differ."""


@called_with(DeployRequest)
def deploy(request: DeployRequest) -> Deployment:
    """Converts a model for a device, proves its outputs right and measures it there.

    With several precisions or thread counts each combination is a variant of its own; all are
    measured in one session and in turns, so that they can be compared. A variant that fails is
    listed and the others go on; if all fail, the last error is raised. A baseline is measured
    beside the model in each round, in both orders, so that the speed-up is a ratio with an
    interval. The whole record is added to the history of the run.

    Raises:
        UsageError: Unknown names; a table of another device or thread count; a precision that
            the target or the model cannot have, more threads than cores; a speed-up to be
            judged without a baseline.
        BadFileError: Inputs that are not the model's.
        ProgramError, RunnerError: The model does not convert or does not run.
        ModelError: Its outputs are not Paddle's.
    """
    request.check()
    if request.others:
        raise UsageError("several models are deployed by edgeslim.deploy_together")
    found = resolve(request)
    _check_gates(request, found)
    inputs = None if request.inputs is None else read_given(request.inputs)
    with open_device(choose_device(request, found)) as session:
        return _deploy_on(session, request, found, inputs)


def _check_gates(request: DeployRequest, found: ResolvedDeployment) -> None:
    if request.gates.speedup is None:
        return
    if request.rounds == 1:
        raise UsageError("--assert-speedup needs an interval, and so --rounds of at least 2")
    if found.baseline is None:
        raise UsageError(
            f"--assert-speedup needs something to be faster than, and {found.path} does not say "
            "what it was made from; name it with --baseline"
        )


def _deploy_on(
    session: DeviceSession,
    request: DeployRequest,
    resolved: ResolvedDeployment,
    inputs: GivenInputs | None,
) -> Deployment:
    """Deploys all variants of a model on an open device."""
    progress, target = request.progress, session.execution.target
    sessions, absent = open_sessions(session, request)
    is_choice = len({own.engine for own in sessions}) > 1
    with temporary_folder() as scratch, progress.stage("deployment", 3) as stage:
        shapes = request.input_shapes
        prepared = prepare(resolved.source, scratch / "model", input_shapes=shapes, inputs=inputs)
        check_memory(prepared.graph, prepared.name)
        precisions = precisions_of(request.precisions, prepared, target)
        pictures = find_pictures(request, prepared)
        known = TablePredictions.of(resolved.table, sessions, precisions)
        model = model_under_test(prepared, resolved.path, precisions, sessions, scratch)
        form = _find_form(request, resolved, model, scratch)
        baseline, warnings = _find_baseline(request, resolved, prepared, sessions, scratch)
        beside = [subject for subject in (form.subject, baseline) if subject is not None]
        is_paired = is_choice or bool(beside)
        # Not before the proof: a model that is refused leaves not even a folder.
        folder = new_folder(resolved.folder)
        new_folder(resolved.history.parent)
        stage.advance(note="converted, and outputs compared")
        before, created = session.conditions(), now()
        networks = measure_models(
            [model, *beside],
            rounds=_rounds(request, resolved, form, is_choice=is_choice),
            paired=is_paired,
            progress=progress,
        )
        stage.advance(note="measured")
        model, rewriting = form.choose(model, networks, known)
        subjects = [model] if baseline is None else [model, baseline]
        make = RecordMaker(subjects, resolved, folder, known)
        measured, gates = _measure_beyond(make, request, networks, is_paired=is_paired)
        sustained = _measure_sustained(model, request)
        models, others = make.records(measured)
        models, unmeasured = _add_inside(models, model, request)
        after, unread = read_state_after(session)
        judged = evaluate_deployed(model, pictures, folder, progress)
    models = _add_sustained(models, sustained)
    found = Found(
        subjects=subjects,
        models=(*models, *others),
        measured=measured.networks,
        table=known.table,
        states=(before, after),
        created=created,
        gates=gates,
        rewriting=rewriting,
        evaluations=judged.accuracies,
        warnings=(
            *(*absent, *warnings, *measured.all_troubles, *unmeasured, *unread),
            *(*judged.troubles, *rounding_warnings(subjects), *slowness_warnings(models)),
        ),
    )
    done = add_to_history(session, request, resolved, found, sustained)
    judged.remove_batches()
    return done


def _add_sustained(records: list[ModelRecord], sustained: Sustained | None) -> list[ModelRecord]:
    """Records with the latencies of a sustained run, if there was one."""
    if sustained is None:
        return records
    return [msgspec.structs.replace(record, sustained=sustained.records) for record in records]


def _add_inside(
    records: list[ModelRecord], model: ModelUnderTest, request: DeployRequest
) -> tuple[list[ModelRecord], tuple[str, ...]]:
    """Records with what operators take inside the network, if asked for; or why they do not."""
    if not request.operators:
        return records, ()
    inside = measure_inside(
        model.variants[0], model.networks[0], request.operators_s, request.progress
    )
    if isinstance(inside, str):
        return records, (inside,)
    return [
        msgspec.structs.replace(record, inside=inside_record(inside, record)) for record in records
    ], ()


def _find_form(
    request: DeployRequest, resolved: ResolvedDeployment, model: ModelUnderTest, scratch: Path
) -> FormUnderTest:
    """Another form of the model that may be faster, if it is asked for and can be judged."""
    if not request.rewrite or request.rounds == 1:  # one round has no interval
        return FormUnderTest()
    return find_other_form(model, resolved.table, scratch, progress=request.progress)


def _find_baseline(
    request: DeployRequest,
    resolved: ResolvedDeployment,
    beside: PreparedModel,
    sessions: Sequence[DeviceSession],
    scratch: Path,
) -> tuple[ModelUnderTest | None, tuple[str, ...]]:
    """The baseline, if there is one that runs; and a warning if it does not.

    Raises:
        EdgeslimError: It does not run, and it was asked for by name.
    """
    if resolved.baseline is None:
        return None, ()
    # It runs with the first engine, so that a speed-up has what a choice gains.
    sessions = [own for own in sessions if own.engine == sessions[0].engine]
    try:
        baseline = baseline_under_test(
            *(resolved.baseline, beside, sessions, scratch, request.input_shapes)
        )
    except EdgeslimError as error:
        if request.insists_on_baseline:
            raise
        return None, (f"there is no speed-up, since the baseline does not run: {error}",)
    return baseline, ()


def _rounds(
    request: DeployRequest, resolved: ResolvedDeployment, form: FormUnderTest, *, is_choice: bool
) -> int:
    """How often each variant is timed: what is asked for, or more where something depends on it."""
    needs_many = is_choice or resolved.baseline is not None or request.gates.needs_rounds
    if request.rounds is not None or needs_many:
        return request.rounds or PAIRED_ROUNDS
    return _ROUNDS if form.subject is None else _FORM_ROUNDS


def _measure_sustained(model: ModelUnderTest, request: DeployRequest) -> Sustained | None:
    """Runs the first variant of a model for some time without a pause, if asked for."""
    if request.sustained_s is None:
        return None
    session, network = model.variants[0].session, model.networks[0]
    return measure_sustained(
        session, network, seconds=request.sustained_s, progress=request.progress
    )


def _measure_beyond(
    make: RecordMaker, request: DeployRequest, networks: MeasuredNetworks, *, is_paired: bool
) -> tuple[Measured, tuple[GateRecord, ...]]:
    """Measures starts, memory and a soak if asked for, and all on until limits are decided."""
    subjects, progress = make.subjects, request.progress
    starts = measure_starts_of(subjects, progress=progress)
    soaks, troubles = measure_soaks(subjects[0], request.soak, networks, progress)
    return measure_until_decided(
        Measured(networks=networks, starts=starts, soaks=soaks, troubles=troubles),
        lambda found, look: make.judge(found, request.gates, look),
        MoreMeasuring(subjects=subjects, paired=is_paired, progress=progress),
        patience_s=request.patience_s,
        give_up=Measured.give_up,
    )


@called_with(ConvertRequest)
def convert(request: ConvertRequest) -> ConvertedModels:
    """Converts a model for some targets and precisions without a device.

    Raises:
        EdgeslimError: As `deploy`.
    """
    check_variants(request.precisions, () if request.threads is None else (request.threads,))
    book = None if request.laws is None else read_laws(request.laws)
    found = resolve(DeployRequest(request.model, out=request.out, baseline=NO_BASELINE))
    inputs = None if request.inputs is None else read_given(request.inputs)
    with temporary_folder() as scratch:
        prepared = prepare(
            *(found.source, scratch / "model"), input_shapes=request.input_shapes, inputs=inputs
        )
        check_memory(prepared.graph, prepared.name)
        places = [
            Place.of(target, precision, request.threads, book)
            for target in request.targets
            for precision in precisions_of(request.precisions, prepared, target)
        ]
        done, failures = _convert_for(places, prepared, scratch)
        folder = new_folder(found.folder)
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
        failures=tuple(failures),
        warnings=(*filter(None, rounding), *(gap for *_, proof in done for gap in proof.gaps)),
    )


def _convert_for(
    places: Sequence[Place], prepared: PreparedModel, scratch: Path
) -> tuple[list[tuple[Place, OptimizedFile, Proof]], list[FailedRecord]]:
    """Converts a model for each place, and proves the files right; says which failed.

    Raises:
        ModelError, ProgramError: All failed.
    """
    done: list[tuple[Place, OptimizedFile, Proof]] = []
    failures: list[FailedRecord] = []
    with open_prover() as prover:
        for place in places:
            target, precision = place.target, place.precision
            try:
                source, file = convert_to_precision(prepared, place, scratch)
                claim = Claim(model=source, file=file, target=target, precision=precision)
                done.append((place, file, prover.prove(claim, scratch)))
            except (ModelError, ProgramError) as error:
                if len(failures) + 1 == len(places):
                    raise
                failure = failed_variant(prepared, precision, place.threads, error)
                failures.append(msgspec.structs.replace(failure, target=target))
    return done, failures
