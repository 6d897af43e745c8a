"""What every deployment begins and ends with, of one model or of several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from edgeslim.conversion.prepare import PreparedModel
from edgeslim.deployment.compose_record import Found, deployment_record
from edgeslim.deployment.deployed import Deployment, rounding_warning
from edgeslim.deployment.engine_choice import attach_engines
from edgeslim.deployment.models_under_test import ModelUnderTest
from edgeslim.deployment.request import DeployRequest, ResolvedDeployment, device_for
from edgeslim.deployment.sustained import Sustained
from edgeslim.device import DeviceChoice
from edgeslim.errors import EdgeslimError
from edgeslim.evaluating.task_pictures import IMAGES, TaskPictures
from edgeslim.latency_rows import ConditionsRow
from edgeslim.measuring.device_session import DeviceSession, with_threads
from edgeslim.runs.deployment_history import append_record

__all__ = [
    "PAIRED_ROUNDS",
    "add_to_history",
    "choose_device",
    "find_pictures",
    "open_sessions",
    "read_state_after",
    "rounding_warnings",
]

PAIRED_ROUNDS = 12
"""Rounds where models are compared or limits judged: a ratio is no better than they are many."""


def choose_device(request: DeployRequest, resolved: ResolvedDeployment) -> DeviceChoice:
    """The device that is opened, with the first number of threads that is asked for."""
    choice = device_for(request.device, resolved)
    return replace(choice, threads=request.threads[0]) if request.threads else choice


def open_sessions(
    session: DeviceSession, request: DeployRequest
) -> tuple[Sequence[DeviceSession], Sequence[str]]:
    """A session for each number of threads and engine; and warnings of engines that are absent."""
    sessions = [with_threads(session, count) for count in request.threads] or [session]
    return attach_engines(sessions, request.engines)


def find_pictures(request: DeployRequest, model: PreparedModel) -> TaskPictures | None:
    """The pictures that it is to be shown, if any: what does not fit is told before any work."""
    if request.evaluate is None:
        return None
    return TaskPictures.of(request.evaluate, model, request.images or IMAGES)


def read_state_after(session: DeviceSession) -> tuple[ConditionsRow, tuple[str, ...]]:
    """The device's state behind the measurements; or why it is not known, so that they are kept."""
    try:
        return session.conditions(), ()
    except EdgeslimError as error:
        return ConditionsRow(), (f"nothing is known of the device's state afterwards: {error}",)


def rounding_warnings(subjects: Sequence[ModelUnderTest]) -> list[str]:
    """Warnings of variants whose outputs are accepted, and not explained by rounding alone."""
    warnings = (
        rounding_warning(
            subject.name, variant.precision, variant.session.execution.threads, difference
        )
        for subject in subjects
        for variant, difference in subject.tried
    )
    return [warning for warning in warnings if warning]


def add_to_history(
    session: DeviceSession,
    request: DeployRequest,
    resolved: ResolvedDeployment,
    found: Found,
    sustained: Sustained | None = None,
) -> Deployment:
    """Makes the record of what was found, and adds it to the run's history."""
    record = deployment_record(session, resolved, found, tuple(request.command))
    append_record(resolved.history, record)
    return Deployment(
        record=record, folder=resolved.folder, history=resolved.history, sustained=sustained
    )
