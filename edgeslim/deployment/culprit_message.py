"""Error messages completed with the operator that makes outputs differ from Paddle's."""

from __future__ import annotations

import logging
from dataclasses import replace

from edgeslim.deployment.bisection import first_crash_on_device, first_wrong_on_device
from edgeslim.deployment.culprit import Culprit, culprit_of, first_wrong
from edgeslim.deployment.culprit_mends import mend_of_kind
from edgeslim.deployment.suspect import Suspect
from edgeslim.deployment.trace import Trace, trace_optimized
from edgeslim.deployment.wrong_in_engine import name_first_wrong
from edgeslim.errors import EdgeslimError, ModelError, ProgramAbortedError, ProgramCrashedError
from edgeslim.execution import Precision
from edgeslim.measuring.device_session import DeviceSession

__all__ = ["name_culprit"]

_log = logging.getLogger(__name__)


def name_culprit(error: EdgeslimError, suspect: Suspect) -> EdgeslimError:
    """An error of the same kind whose message names the culprit, if one can be found.

    Args:
        error: The error that says that outputs differ, or that there are none.
        suspect: The optimized model whose outputs differ.
    """
    if not suspect.is_explained:
        return error
    if suspect.road is not None and suspect.session is not None:
        is_wrong = isinstance(error, ModelError)
        session, road = suspect.session, suspect.road
        return name_first_wrong(error, suspect, session, road) if is_wrong else error
    try:
        if isinstance(error, ProgramAbortedError | ProgramCrashedError) and suspect.session:
            return _name_crashing_operator(error, suspect, suspect.session)
        culprit = _find_culprit(suspect)
    except EdgeslimError as reason:
        _log.debug("no operator can be blamed: %s", reason)
        return type(error)(f"{error}; the operator that is to blame was not found: {reason}")
    if culprit is None:
        return type(error)(
            f"{error}; no single operator is to blame: each is right when the model ends there"
        )
    return type(error)(f"{error}, first at {culprit}")


def _name_crashing_operator(
    error: EdgeslimError, suspect: Suspect, session: DeviceSession
) -> EdgeslimError:
    """The same error with the operator at which the runtime crashes."""
    found = first_crash_on_device(suspect, session)
    if found is None:
        return type(error)(f"{error}; no part of the model crashes by itself, only the whole does")
    spec, tensor = found
    return type(error)(f"{error}, first at {spec} ({tensor!r}); {mend_of_kind(spec.kind)}")


def _find_culprit(suspect: Suspect) -> Culprit | None:
    trace = trace_optimized(suspect.model, suspect.file.path, suspect.inputs, suspect.precision)
    wrong = first_wrong(trace)
    if wrong is not None:
        return culprit_of(suspect.model.graph, trace, wrong)
    if suspect.session is None:
        return None
    return _find_culprit_on_device(suspect, suspect.session, trace)


def _find_culprit_on_device(
    suspect: Suspect, session: DeviceSession, trace: Trace
) -> Culprit | None:
    """The operator that is right in Paddle and that the device computes wrongly."""
    if suspect.precision not in {Precision.FP32, Precision.FP16}:
        raise ModelError(
            f"the optimizer's work is right, and parts of the model cannot be compared in "
            f"{suspect.precision.value}"
        )
    found = first_wrong_on_device(suspect, session, trace)
    if found is None:
        return None
    culprit = culprit_of(suspect.model.graph, trace, found.step)
    return replace(culprit, tensor=found.tensor, off=found.off, kernel=found.step.call.kernel)
