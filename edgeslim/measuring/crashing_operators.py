"""The operators of a network that crash the runner, found by running each of them alone."""

from __future__ import annotations

from edgeslim.conversion.operator_jobs import operator_jobs
from edgeslim.errors import EdgeslimError, ProgramAbortedError, ProgramCrashedError
from edgeslim.files import temporary_folder
from edgeslim.graph import Graph
from edgeslim.measuring.device_session import DeviceSession
from edgeslim.runner.batch import run_batch
from edgeslim.runner.job import Job

__all__ = ["CRASHES", "name_crashing_operators"]

CRASHES = (ProgramAbortedError, ProgramCrashedError)
"""Errors of a program that an operator ended: by a check of its own, or by a fault."""


def name_crashing_operators(
    error: EdgeslimError, session: DeviceSession, graph: Graph
) -> EdgeslimError:
    """Adds to the error of a network that crashed the runner which operators do so alone.

    Args:
        error: The error that says that the runner crashed.
        session: The device that it ran on.
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
    crashing = [s for s, o in zip(jobs, outcomes, strict=True) if isinstance(o.error, CRASHES)]
    if crashing:
        return type(error)(f"{error}; it ends at {' and at '.join(map(str, crashing))}")
    return type(error)(
        f"{error}; none of its operators does so alone: edgeslim deploy finds where it ends"
    )
