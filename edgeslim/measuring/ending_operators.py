"""The operators of a network that end the runner, found by running each of them alone."""

from __future__ import annotations

from edgeslim.conversion.operator_jobs import operator_jobs
from edgeslim.errors import EdgeslimError, ProgramAbortedError, ProgramCrashedError
from edgeslim.files import temporary_folder
from edgeslim.graph import Graph
from edgeslim.measuring.device_session import DeviceSession
from edgeslim.runner.batch import run_batch
from edgeslim.runner.job import Job

__all__ = ["ENDINGS", "named_on_device"]

ENDINGS = (ProgramAbortedError, ProgramCrashedError)
"""How a program ends at an operator: by a check of its own, or by a fault."""


def named_on_device(error: EdgeslimError, session: DeviceSession, graph: Graph) -> EdgeslimError:
    """The same error of a network that ended the runner, with the operators that do it alone.

    Args:
        error: What says that the runner died.
        session: The device.
        graph: The network's fused operators.
    """
    specs = list(dict.fromkeys(graph.specs))
    try:
        with temporary_folder() as folder:
            made = operator_jobs(specs, session.execution.target, folder, states=())
            jobs = {s: job for s, job in zip(specs, made, strict=True) if isinstance(job, Job)}
            outcomes = run_batch(session.runner, list(jobs.values()))
    except EdgeslimError:
        return error
    ending = [s for s, o in zip(jobs, outcomes, strict=True) if isinstance(o.error, ENDINGS)]
    if ending:
        return type(error)(f"{error}; it ends at {' and at '.join(map(str, ending))}")
    return type(error)(
        f"{error}; none of its operators does so alone: edgeslim deploy says at which it ends"
    )
