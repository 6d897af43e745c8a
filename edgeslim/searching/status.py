"""``edgeslim search --status``: how far a search is, and who works on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edgeslim.runs.candidates import Candidate
from edgeslim.runs.search_settings import SearchSettings
from edgeslim.searching.jobs.queue import QueueStatus
from edgeslim.searching.join import open_run
from edgeslim.searching.shared_run import SharedRun

__all__ = ["SearchStatus", "search_status"]


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchStatus:
    """Progress of a search.

    Args:
        settings: Settings of the search.
        queues: Progress of evaluating candidates, and of measuring on each device, by a title.
        best: The most accurate candidate so far.
    """

    settings: SearchSettings
    queues: Mapping[str, QueueStatus]
    best: Candidate | None


def search_status(run: str, *, storage: str = "") -> SearchStatus:
    """Reads the progress of a search; as `join`, it takes a folder, or a name and a storage.

    Raises:
        UsageError: There is no such search.
        StorageError: The storage cannot be used.
    """
    opened, name = open_run(run, storage)
    try:
        shared = SharedRun.open(opened, name)
        known = [
            candidate
            for candidate in shared.results().values()
            if candidate and not candidate.failed
        ]
        return SearchStatus(
            settings=shared.settings,
            queues=shared.status(),
            best=max(known, key=lambda candidate: candidate.accuracy, default=None),
        )
    finally:
        opened.close()
