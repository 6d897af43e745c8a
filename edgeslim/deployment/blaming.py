"""Which operator is to blame where outputs differ from Paddle's, for the sentence that says so."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from edgeslim.conversion.optimized import OptimizedFile
from edgeslim.conversion.prepare import PreparedModel
from edgeslim.deployment.bisecting import first_ending_there, first_wrong_there
from edgeslim.deployment.culprit import Culprit, culprit_of, first_wrong
from edgeslim.deployment.culprit_mends import mend_of_kind
from edgeslim.deployment.judgement import Array
from edgeslim.deployment.tracing import Trace, trace_optimized
from edgeslim.errors import EdgeslimError, ModelError, ProgramAbortedError, ProgramCrashedError
from edgeslim.execution import Precision
from edgeslim.measuring.device_session import DeviceSession

__all__ = ["Suspect", "blamed"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Suspect:
    """An optimized model that computes something else.

    Args:
        model: What it should compute.
        file: It.
        precision: What it was converted to.
        inputs: One input for which it differs.
        session: The device on which it differs; None if its operators' meaning does already.
    """

    model: PreparedModel
    file: OptimizedFile
    precision: Precision
    inputs: Mapping[str, Array]
    session: DeviceSession | None = None


def blamed(error: EdgeslimError, suspect: Suspect, folder: Path) -> EdgeslimError:
    """An error of the same kind, with the operator that is to blame if one can be found.

    Args:
        error: What says that outputs differ, or that there are none.
        suspect: What differs.
        folder: For files on the way.
    """
    try:
        if isinstance(error, ProgramAbortedError | ProgramCrashedError) and suspect.session:
            return _named_ending(error, suspect, suspect.session, folder)
        culprit = _culprit(suspect, folder)
    except EdgeslimError as reason:
        _log.debug("no operator can be blamed: %s", reason)
        return type(error)(f"{error}; which operator is to blame cannot be said: {reason}")
    if culprit is None:
        return type(error)(
            f"{error}; no operator by itself is to blame: each is right when the model ends there"
        )
    return type(error)(f"{error}, first at {culprit}")


def _named_ending(
    error: EdgeslimError, suspect: Suspect, session: DeviceSession, folder: Path
) -> EdgeslimError:
    """The same with the operator at which the runtime ends: nothing has to be computed for it."""
    found = first_ending_there(session, suspect.model, suspect.inputs, suspect.precision, folder)
    if found is None:
        return type(error)(f"{error}; no part of the model ends so, only the whole does")
    spec, tensor = found
    return type(error)(f"{error}, first at {spec} ({tensor!r}); {mend_of_kind(spec.kind)}")


def _culprit(suspect: Suspect, folder: Path) -> Culprit | None:
    trace = trace_optimized(suspect.model, suspect.file.path, suspect.inputs, suspect.precision)
    wrong = first_wrong(trace)
    if wrong is not None:
        return culprit_of(suspect.model.graph, trace, wrong)
    if suspect.session is None:
        return None
    return _culprit_there(suspect, suspect.session, trace, folder)


def _culprit_there(
    suspect: Suspect, session: DeviceSession, trace: Trace, folder: Path
) -> Culprit | None:
    """What a device computes wrongly although it is right in Paddle."""
    if suspect.precision not in {Precision.FP32, Precision.FP16}:
        raise ModelError(
            f"the file is right by the meaning of its operators, and parts of it cannot be told "
            f"apart in {suspect.precision.value}"
        )
    found = first_wrong_there(
        session, suspect.model, trace, suspect.inputs, folder, precision=suspect.precision
    )
    if found is None:
        return None
    culprit = culprit_of(suspect.model.graph, trace, found.step)
    return replace(culprit, tensor=found.tensor, off=found.off, kernel=found.step.call.kernel)
