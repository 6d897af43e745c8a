"""Writing a batch as one file: the manifest, and all files that it names."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from edgeslim.errors import BadFileError
from edgeslim.runner.job import Job, Reference
from edgeslim.runner.protocol import Manifest, PackedFile

__all__ = ["write_batch"]

_CHUNK = 1 << 20


def write_batch(
    path: Path, jobs: Sequence[Job], reference: Reference | None, *, threads: int, power_mode: int
) -> None:
    """Writes the batch file for a runner; hundreds of models are sent as one file.

    Raises:
        ValueError: Two jobs share an id, or a file name for different files.
        BadFileError: A file cannot be read.
    """
    everything = [*jobs, *([reference.job] if reference else [])]
    sources = _sources(everything)
    digest = hashlib.sha256()
    files = []
    for name, source in sources.items():
        size = 0
        for chunk in _chunks(source):
            digest.update(chunk)
            size += len(chunk)
        files.append(PackedFile(name=name, size=size))
    manifest = Manifest(
        entries=tuple(job.entry for job in jobs),
        files=tuple(files),
        sha256=digest.hexdigest(),
        threads=threads,
        power_mode=power_mode,
        reference=reference.job.entry if reference else None,
        baseline_ns=round(reference.baseline_ms * 1e6) if reference else 0,
        patience_s=reference.patience_s if reference else 0.0,
    )
    with path.open("wb") as stream:
        stream.write(msgspec.json.encode(manifest) + b"\n")
        for source in sources.values():
            stream.writelines(_chunks(source))


def _sources(jobs: Sequence[Job]) -> dict[str, Path]:
    """Files of a batch by name, where a name with two files would time the wrong model."""
    sources: dict[str, Path] = {}
    for job in jobs:
        for name, source in job.files.items():
            if sources.setdefault(name, source) != source:
                raise ValueError(f"{name} names both {sources[name]} and {source}")
    ids = [job.entry.id for job in jobs]
    if len(set(ids)) != len(ids):
        raise ValueError(f"the ids of a batch must differ: {ids}")
    if len({bool(job.entry.start) for job in jobs}) > 1:
        raise ValueError("what starts in a process of its own has a batch of its own")
    return sources


def _chunks(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                yield chunk
    except OSError as error:
        raise BadFileError(f"cannot read {path}: {error.strerror or error}") from error
