"""Jobs of a batch, changed so that something goes wrong with them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from edgeslim.runner.job import Job

__all__ = ["changed", "model_of", "with_model"]


def changed(job: Job, **changes: Any) -> Job:
    """A job with another entry."""
    return replace(job, entry=msgspec.structs.replace(job.entry, **changes))


def with_model(job: Job, content: bytes, path: Path) -> Job:
    """A job with another model file."""
    path.write_bytes(content)
    return replace(job, files={job.entry.model: path})


def model_of(job: Job) -> bytes:
    """The optimized model of a job."""
    return job.files[job.entry.model].read_bytes()
