"""The whole of ``edgeslim evaluate``: by Paddle, and on a device beside Paddle."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from edgeslim.conversion.model_source import ModelSource, SavedModel, find_model
from edgeslim.conversion.precisions import precisions_of
from edgeslim.conversion.prepare import prepare
from edgeslim.conversion.required_memory import check_memory
from edgeslim.deployment.models_under_test import ModelUnderTest, model_under_test
from edgeslim.deployment.recording import device_record, new_id, versions_record
from edgeslim.deployment.request import DeployRequest, ResolvedDeployment, device_for, resolve
from edgeslim.deployment.variants import ModelVariant, check_variants
from edgeslim.device import DeviceChoice
from edgeslim.durations import now
from edgeslim.errors import EdgeslimError, LinkError, UsageError
from edgeslim.evaluating.evaluate_on_device import (
    JudgedOnDevice,
    SubjectOnDevice,
    evaluate_on_device,
)
from edgeslim.evaluating.task_pictures import IMAGES, TaskPictures
from edgeslim.evaluating.unfinished import Unfinished
from edgeslim.files import new_folder, temporary_folder
from edgeslim.locks import hold
from edgeslim.measuring.device_session import DeviceSession, open_device
from edgeslim.options import Option, OptionsOf, called_with, shared_fields
from edgeslim.own_paths import hide_own_paths
from edgeslim.progress import Progress
from edgeslim.runs.device_accuracy import DeviceAccuracy
from edgeslim.runs.evaluation_history import EVALUATIONS, EvaluationRecord, append_evaluation
from edgeslim.training.evaluate_model import PaddleEvaluateRequest, PaddleEvaluation
from edgeslim.training.evaluate_model import evaluate as evaluate_in_paddle
from edgeslim.training.tasks import find_task

__all__ = ["EvaluateRequest", "Evaluation", "evaluate", "evaluate_deployed"]

_ON_DEVICE = Option("On a device")
_DEVICE = ("name", "serial", "host", "port", "threads", "power_mode", "laws")


@dataclass(frozen=True, kw_only=True, slots=True)
class EvaluateRequest(PaddleEvaluateRequest):
    """What can be asked of `evaluate`."""

    device: Annotated[str | DeviceChoice, OptionsOf(DeviceChoice, _DEVICE)] = ""
    """Name of a device's profile: the model runs there, and Paddle beside it on the same pictures.
    By default Paddle alone runs it, on all pictures."""
    images: Annotated[int | None, _ON_DEVICE] = None
    """Number of pictures, drawn from the task's validation; by default 500."""
    precision: Annotated[str, _ON_DEVICE] = ""
    """Precision that it is converted to: fp32, int8, fp16 or int16; by default the model's own."""
    out: Annotated[Path | None, _ON_DEVICE] = None
    """Folder of the record, and of what is done so far; by default the run's, or
    evaluations/MODEL."""
    command: tuple[str, ...] = ()
    """The command line of this evaluation, for the record."""

    @property
    def is_on_device(self) -> bool:
        """Whether a device is asked for."""
        return self.device not in {"", DeviceChoice()}

    def check(self) -> None:
        """Checks what can be checked before the model is looked at.

        Raises:
            UsageError: Something that only a device needs, without a device.
        """
        if self.precision:
            check_variants((self.precision,), ())
        if self.images is not None and self.images < 1:
            raise UsageError(f"--images must be at least 1, not {self.images}")
        given = [
            name
            for name, value in (
                ("--images", self.images),
                ("--precision", self.precision),
                ("--out", self.out),
            )
            if value
        ]
        if given and not self.is_on_device:
            raise UsageError(f"{given[0]} is for a device; name it with --device, such as host")


@dataclass(frozen=True, kw_only=True, slots=True)
class Evaluation(PaddleEvaluation):
    """Metrics of a model at a task, by Paddle's outputs.

    Args:
        on_device: The record of the device's metrics beside these, on the same pictures; None if
            no device was asked for.
    """

    on_device: EvaluationRecord | None = None


@called_with(EvaluateRequest)
def evaluate(request: EvaluateRequest) -> Evaluation:
    """Evaluates a model on a task's validation examples, which no training here learns from.

    With a device, the model is converted and proved as for a deployment, and shown some of the
    pictures there, in batches that an interruption does not lose. The metric is that of Paddle on
    the same pictures, and `Evaluation.on_device` has the device's beside it.

    Raises:
        UsageError: Unknown names; a shape is missing or does not fit.
        BadFileError: Files of model or task cannot be read.
        ModelError: The network does not fit the task, or the device computes something else.
        ProgramError, RunnerError: The model does not convert, or the device does not run it.
        LinkError: The device is lost or full; the same command goes on.
    """
    request.check()
    if not request.is_on_device:
        found = evaluate_in_paddle(
            PaddleEvaluateRequest(**shared_fields(request, PaddleEvaluateRequest))
        )
        return Evaluation(**shared_fields(found, PaddleEvaluation))
    record = _evaluate_there(request)
    judged = {metric.name: metric.paddle for metric in record.accuracy.metrics}
    return Evaluation(
        model=request.model,
        task=request.task,
        metrics={name: metric.value for name, metric in judged.items()},
        examples=record.accuracy.images,
        judged=judged,
        on_device=record,
    )


def _evaluate_there(request: EvaluateRequest) -> EvaluationRecord:
    """Converts a model, proves it, shows it the pictures, and adds the record to the run."""
    shapes = None if request.input_shape is None else {"": request.input_shape}
    resolved = resolve(DeployRequest(request.model, input_shapes=shapes, baseline="none"))
    source = _find_seeded(resolved.source, request)
    folder = request.out or resolved.run or Path("evaluations") / resolved.source.name
    with (
        open_device(device_for(request.device, resolved)) as session,
        temporary_folder() as scratch,
    ):
        prepared = prepare(source, scratch / "model", input_shapes=shapes)
        check_memory(prepared.graph, prepared.name)
        # Before the conversion: pictures that do not fit need none.
        pictures = TaskPictures.of(request.task, prepared, request.images or IMAGES)
        asked = (request.precision,) if request.precision else ()
        precisions = precisions_of(asked, prepared, session.execution.target)
        subject = model_under_test(prepared, resolved.path, precisions, [session], scratch)
        (variant,) = subject.variants
        with hold(folder / EVALUATIONS):
            new_folder(folder)
            judged = _judge_variant(subject, variant, pictures, folder, request.progress)
            record = _record(request, resolved, session, judged.accuracy)
            append_evaluation(folder / EVALUATIONS, record)
            judged.batches.remove()  # not before: an interruption must not lose them
    return record


def _find_seeded(source: ModelSource, request: EvaluateRequest) -> ModelSource:
    """A model that a function builds, with the task's classes and weights of the seed."""
    if isinstance(source, SavedModel):
        return source
    built = find_model(request.model, num_classes=find_task(request.task).num_classes)
    if isinstance(built, SavedModel):
        return built

    def build() -> Any:  # noqa: ANN401 - a network of Paddle's
        from edgeslim.training.trainer import build_seeded

        return build_seeded(built.build, request.seed)

    return replace(built, build=build)


@dataclass(frozen=True, kw_only=True, slots=True)
class JudgedVariants:
    """How right the variants of a deployment are on their devices.

    Args:
        accuracies: The accuracy of each variant that was shown all pictures.
        batches: What both answered for these, to be removed once there is a record.
        troubles: Why the others lack it, as sentences.
    """

    accuracies: tuple[DeviceAccuracy, ...] = ()
    batches: tuple[Unfinished, ...] = ()
    troubles: tuple[str, ...] = ()

    def remove_batches(self) -> None:
        """Removes the batches of all that are in a record."""
        for own in self.batches:
            own.remove()


def evaluate_deployed(
    subject: ModelUnderTest, pictures: TaskPictures | None, folder: Path, progress: Progress
) -> JudgedVariants:
    """Judges the variants of a deployment, if that is asked for; or says why it cannot be done.

    What was measured of the deployment is not lost by a link that breaks now, nor are variants
    that are done, and finished batches are kept.

    Args:
        subject: The model, converted and proved.
        pictures: The pictures that it is shown; None if nobody asks for them.
        folder: Folder of the deployment.
        progress: Display that shows the progress.
    """
    if pictures is None:
        return JudgedVariants()
    done: list[JudgedOnDevice] = []
    troubles: list[str] = []
    unknown = "nothing is known of the accuracy{} on the device: {}"
    try:
        with hold(folder / EVALUATIONS):
            new_folder(folder)
            for place, variant in enumerate(subject.variants):
                left = subject.variants[place:]
                try:
                    done.append(_judge_variant(subject, variant, pictures, folder, progress))
                except EdgeslimError as error:
                    is_lost = isinstance(error, LinkError)
                    names = " and ".join(own.id for own in (left if is_lost else [variant]))
                    troubles.append(unknown.format(f" of {names}", error))
                    if is_lost:
                        break
    except EdgeslimError as error:
        troubles.append(unknown.format("", error))
    return JudgedVariants(
        accuracies=tuple(own.accuracy for own in done),
        batches=tuple(own.batches for own in done),
        troubles=tuple(troubles),
    )


def _judge_variant(
    subject: ModelUnderTest,
    variant: ModelVariant,
    pictures: TaskPictures,
    folder: Path,
    progress: Progress,
) -> JudgedOnDevice:
    """Judges a variant of a model on its device by a task's pictures."""
    shown = SubjectOnDevice(
        id=variant.id,
        model=subject.model,
        file=variant.file,
        precision=variant.precision,
        session=variant.session,
    )
    return evaluate_on_device(shown, pictures, folder, progress)


def _record(
    request: EvaluateRequest,
    resolved: ResolvedDeployment,
    session: DeviceSession,
    accuracy: DeviceAccuracy,
) -> EvaluationRecord:
    return EvaluationRecord(
        id=new_id(),
        created=now(),
        command=tuple(map(hide_own_paths, request.command)),
        model_path=hide_own_paths(resolved.path),
        device=device_record(session),
        versions=versions_record(session),
        accuracy=accuracy,
    )
