"""Several models in one deployment: all are measured in the same rounds, beside the first."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import msgspec

from edgeslim.conversion.model_inputs import GivenInputs, read_given
from edgeslim.conversion.precisions import precisions_of
from edgeslim.conversion.prepare import prepare
from edgeslim.conversion.required_memory import check_memory
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
from edgeslim.deployment.deployed import Deployment, slowness_warnings
from edgeslim.deployment.evaluate import evaluate_deployed
from edgeslim.deployment.models_under_test import (
    ModelUnderTest,
    measure_models,
    measure_starts_of,
    model_under_test,
)
from edgeslim.deployment.origins import NO_BASELINE
from edgeslim.deployment.record_maker import RecordMaker
from edgeslim.deployment.request import DeployRequest, ResolvedDeployment, resolve
from edgeslim.deployment.variants import TablePredictions
from edgeslim.durations import now
from edgeslim.errors import ContextMismatchError, UsageError
from edgeslim.evaluating.task_pictures import TaskPictures
from edgeslim.files import new_folder, temporary_folder
from edgeslim.measuring.device_session import DeviceSession, open_device
from edgeslim.opspec import Shape
from edgeslim.options import called_with
from edgeslim.runs.deployment_records import GateRecord

__all__ = ["deploy_together"]


@called_with(DeployRequest)
def deploy_together(request: DeployRequest) -> tuple[Deployment, ...]:
    """Deploys several models in one session, so that they can be compared.

    All are converted and proved right before anything is measured. Then every round times each of
    them, so that slow changes of the device affect all alike. Each model has a record of its own
    in the history of its run; in all but the first's, the first is the baseline. No other form of
    a model is looked for.

    Returns:
        A deployment for each model, in the order in which they were named.

    Raises:
        UsageError: As `edgeslim.deployment.deploy.deploy`; a model is named twice; something is
            asked for that is of one model.
        BadFileError, ProgramError, RunnerError, ModelError: As `edgeslim.deployment.deploy.deploy`,
            of any of the models; the message names it.
    """
    request.check()
    _check(request)
    inputs = None if request.inputs is None else read_given(request.inputs)
    names = (request.model, *request.others)
    found = [resolve(replace(request, model=name, baseline=NO_BASELINE)) for name in names]
    _check_folders(found)
    choice = choose_device(request, found[0])
    with open_device(choice) as session, temporary_folder() as scratch:
        sessions, absent = open_sessions(session, request)
        whole = _Together(request, session, sessions, found, scratch)
        return whole.deploy(inputs, absent)


def _check(request: DeployRequest) -> None:
    """Refuses what is of one model.

    Raises:
        UsageError: Something of it is asked for; the message names it.
    """
    if request.model is None:
        raise UsageError("several models are named one by one")
    given = {
        "--out": request.out,
        "--baseline": request.baseline,
        "--sustained": request.sustained_s,
        "--soak": request.soak,
        "--operators": request.operators or None,
    }
    for option, value in given.items():
        if value is not None:
            raise UsageError(f"{option} is of one model: deploy them one by one for that")
    if len(request.engines) > 1 or "all" in request.engines:
        raise UsageError("--engine compares engines for one model: name one engine, or one model")
    if request.rounds == 1:
        raise UsageError("models are compared by --rounds of at least 2, not 1")


def _check_folders(found: Sequence[ResolvedDeployment]) -> None:
    """Checks that each model has a folder of its own for what is made of it."""
    by_folder: dict[Path, str] = {}
    for own in found:
        other = by_folder.get(own.folder.resolve())
        if other == own.path:
            raise UsageError(f"{own.path} is given twice")
        if other is not None:
            raise UsageError(
                f"{own.path} and {other} would both be deployed into {own.folder}; deploy them one "
                "by one with --out, or rename one"
            )
        by_folder[own.folder.resolve()] = own.path


@dataclass(frozen=True, slots=True)
class _Subject:
    """One of the models: what is known of it, and how it is proved.

    Args:
        resolved: What its run says of it.
        model: The model, converted and proved.
        known: Predictions of its table, if there is one for its precision.
        pictures: Pictures that it is shown, if that was asked for.
        mismatch: Why its table predicts nothing of it.
    """

    resolved: ResolvedDeployment
    model: ModelUnderTest
    known: TablePredictions
    pictures: TaskPictures | None
    mismatch: ContextMismatchError | None = None

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to know of it that is known before it is measured."""
        if self.mismatch is None:
            return tuple(rounding_warnings([self.model]))
        absent = (f"there is no prediction of {self.model.name}: {self.mismatch}",)
        return (*absent, *rounding_warnings([self.model]))


@dataclass(frozen=True, slots=True)
class _Together:
    """Models that are deployed together on an open device."""

    request: DeployRequest
    session: DeviceSession
    sessions: Sequence[DeviceSession]
    found: Sequence[ResolvedDeployment]
    scratch: Path

    def deploy(self, inputs: GivenInputs | None, absent: Sequence[str]) -> tuple[Deployment, ...]:
        """Converts and proves all models, then measures and records them."""
        request, progress = self.request, self.request.progress
        with progress.stage("deployment", len(self.found) + 1) as stage:
            subjects: list[_Subject] = []
            for resolved in self.found:
                taken = [own.model.name for own in subjects]
                subjects.append(self._prove(resolved, taken, inputs))
                stage.advance(note=f"{resolved.path} converted, and outputs compared")
            _check_tables(subjects)
            makers = [self._record_maker(own, subjects[0]) for own in subjects]
            before, created = self.session.conditions(), now()
            models = [own.model for own in subjects]
            networks = measure_models(
                models, rounds=request.rounds or PAIRED_ROUNDS, paired=True, progress=progress
            )
            starts = measure_starts_of(models, progress=progress)
            measured, gates = measure_until_decided(
                Measured(networks=networks, starts=starts),
                lambda so_far, look: _judge(makers, so_far, request, look),
                MoreMeasuring(subjects=models, paired=True, progress=progress),
                patience_s=request.patience_s,
                give_up=Measured.give_up,
            )
            stage.advance(note="measured")
            after, unread = read_state_after(self.session)
        done: list[Deployment] = []
        for own, make in zip(subjects, makers, strict=True):
            records, others = make.records(measured)
            judged = evaluate_deployed(own.model, own.pictures, make.folder, progress)
            ids = {record.id for record in records}
            found = Found(
                subjects=make.subjects,
                models=(*records, *others),
                measured=measured.networks,
                table=own.known.table,
                states=(before, after),
                created=created,
                gates=tuple(gate for gate in gates if gate.model in ids),
                evaluations=judged.accuracies,
                warnings=(
                    *(*absent, *measured.all_troubles, *unread, *judged.troubles),
                    *(*own.warnings, *slowness_warnings(records)),
                ),
            )
            done.append(add_to_history(self.session, request, own.resolved, found))
            judged.remove_batches()
        return tuple(done)

    def _prove(
        self,
        resolved: ResolvedDeployment,
        taken: Collection[str],
        inputs: GivenInputs | None,
    ) -> _Subject:
        """Prepares, converts and proves a model.

        Raises:
            ProgramError, RunnerError, ModelError: It does not convert, run or compute the same.
        """
        request, target, number = self.request, self.session.execution.target, len(taken)
        folder = self.scratch / str(number)
        shapes: Mapping[str, Shape] | None = request.input_shapes
        model = prepare(resolved.source, folder / "model", input_shapes=shapes, inputs=inputs)
        check_memory(model.graph, model.name)
        precisions = precisions_of(request.precisions, model, target)
        # Files and variants of models that are called alike are told apart.
        told = f"{number + 1}.{model.name}" if model.name in taken else model.name
        proved = model_under_test(
            *(replace(model, name=told), resolved.path, precisions, self.sessions, folder)
        )
        try:
            known, mismatch = TablePredictions.of(resolved.table, self.sessions, precisions), None
        except ContextMismatchError as error:  # such as of int8, by a table of floats
            known, mismatch = TablePredictions(), error
        failed = [msgspec.structs.replace(failure, name=model.name) for failure in proved.failed]
        return _Subject(
            resolved=resolved,
            model=replace(proved, name=model.name, failed=failed),
            known=known,
            pictures=find_pictures(request, model),
            mismatch=mismatch,
        )

    def _record_maker(self, own: _Subject, first: _Subject) -> RecordMaker:
        """What makes the records of a model, in its own folder."""
        beside = [] if own is first else [first.model.as_baseline()]
        # Not before all proofs: where a model is refused, no folder is left.
        folder = new_folder(own.resolved.folder)
        new_folder(own.resolved.history.parent)
        return RecordMaker([own.model, *beside], own.resolved, folder, own.known)


def _check_tables(subjects: Sequence[_Subject]) -> None:
    """Refuses tables that predict none of the models.

    Raises:
        ContextMismatchError: There are tables, and none of them fits.
    """
    for own in subjects:
        if own.mismatch is not None and not any(other.known.table for other in subjects):
            raise own.mismatch


def _judge(
    makers: Sequence[RecordMaker], measured: Measured, request: DeployRequest, look: int
) -> tuple[GateRecord, ...]:
    """Judges each model's limits; a speed-up is that over the first, which has none itself."""
    first, *others = makers
    own = replace(request.gates, speedup=None)
    return (
        *first.judge(measured, own, look),
        *chain.from_iterable(make.judge(measured, request.gates, look) for make in others),
    )
