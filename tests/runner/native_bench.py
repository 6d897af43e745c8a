"""Batches that tests change, and a folder in which the native runner does them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from edgeslim.runner.batch_file import write_batch
from edgeslim.runner.job import Job, Reference
from edgeslim.runner.protocol import Event, whole_events
from edgeslim.runner.runners import NativeRunner
from tests.runner.changed_jobs import changed


def keeping(job: Job, folder: Path) -> Job:
    folder.mkdir(exist_ok=True)
    name = f"{job.entry.id}.npy"
    return replace(changed(job, keep_outputs=(name,)), outputs={name: folder / name})


@dataclass(frozen=True)
class Bench:
    """A folder with a batch in it, and the native runner."""

    runner: NativeRunner
    folder: Path
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def write(
        self,
        jobs: Sequence[Job],
        reference: Reference | None = None,
        *,
        threads: int = 1,
        power_mode: int = 3,
    ) -> None:
        path = self.folder / "batch"
        write_batch(path, jobs, reference, threads=threads, power_mode=power_mode)

    def start(self, **options: Any) -> subprocess.Popen[bytes]:
        arguments = [str(self.folder / "batch"), str(self.folder / "results.jsonl")]
        child = subprocess.Popen(
            [*self.runner.command(), *arguments],
            env={**os.environ, **self.runner.environment()},
            **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options},
        )
        self.started.append(child)
        return child

    def close(self) -> None:
        """Ends what a test that failed left running."""
        for child in self.started:
            child.kill()
            child.communicate()

    def run(self) -> tuple[int, bytes, str]:
        with self.start() as child:
            output, errors = child.communicate(timeout=60)
        return child.returncode, output, errors.decode()

    def results(self) -> bytes:
        return (self.folder / "results.jsonl").read_bytes()

    def events(self) -> list[Event]:
        return whole_events(self.results())
