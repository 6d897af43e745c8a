"""A search's folder: its settings, the address of its state, its tables, and its result."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path

import msgspec

from edgeslim.errors import BadFileError, UsageError
from edgeslim.files import new_folder, read_bytes, read_json, write_bytes, write_json
from edgeslim.runs.candidates import Candidate
from edgeslim.runs.search_settings import LatencyTarget, SearchSettings
from edgeslim.training.metric_value import MetricValue

__all__ = [
    "SIZE_UNITS",
    "RunFolder",
    "SearchDescription",
    "SearchResult",
    "SizeReached",
    "default_folder",
    "newest_run",
]

SIZE_UNITS = {"macs": "MACs", "paddleslim1-flops": "PaddleSlim 1.x FLOPs"}
"""Sizes as people write them, where that is not their name."""


class SearchDescription(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of a search, and where its state is.

    Args:
        settings: Everything that decides what the search does.
        study: Name of the search in its storage.
        storage: Address of the storage, without password; empty for a file of the folder.
    """

    settings: SearchSettings
    study: str
    storage: str = ""


class SizeReached(msgspec.Struct, frozen=True, kw_only=True):
    """A size of a network that is limited.

    Args:
        what: ``macs``, ``paddleslim1-flops``, ``parameters`` or ``bytes``.
        allowed: The largest size allowed.
        reached: The size of the network.
    """

    what: str
    allowed: int
    reached: int

    def __str__(self) -> str:
        return f"{self.reached:,} of {self.allowed:,} {SIZE_UNITS.get(self.what, self.what)}"


class SearchResult(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a search.

    Args:
        run: Folder of the search.
        targets: Latency limits with their devices.
        sizes: The sizes of the best network that were limited.
        candidates: Every network that was evaluated, in the order they were proposed.
        front: Networks that no other beats in latency and accuracy, fastest first.
        best: The most accurate one that meets every limit, as measured where it could be.
        model: Folder of the best one's saved model.
        trained_accuracy: Accuracy of that model, after it was trained by itself.
        metric: Name of the task's metric.
        notes: Remarks that do not follow from the rest.
        judged: That accuracy with its number of examples and interval; None in runs of the
            version before.
    """

    run: str
    targets: tuple[LatencyTarget, ...]
    candidates: tuple[Candidate, ...]
    front: tuple[Candidate, ...]
    best: Candidate
    model: str
    trained_accuracy: float
    metric: str = "accuracy"
    notes: tuple[str, ...] = ()
    sizes: tuple[SizeReached, ...] = ()
    judged: MetricValue | None = None

    @property
    def measured_candidates(self) -> tuple[Candidate, ...]:
        """Candidates whose latency was measured on a device."""
        return tuple(candidate for candidate in self.candidates if candidate.is_measured)


class RunFolder:
    """A search's folder.

    Args:
        path: Path of the folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def description_file(self) -> Path:
        """The file with the settings, and the address of the state."""
        return self.path / "search.json"

    @property
    def study_file(self) -> Path:
        """The database with the state, if it is in the folder."""
        return self.path / "study.db"

    @property
    def supernet(self) -> Path:
        """Folder of the search's own supernet, if it has one."""
        return self.path / "supernet"

    @property
    def result_file(self) -> Path:
        """The file of the result, which exists once the search is finished."""
        return self.path / "result.json"

    @property
    def model(self) -> Path:
        """Folder of the winner's saved model."""
        return self.path / "model"

    def finalist(self, number: int) -> Path:
        """Folder of a finalist's saved model."""
        return self.path / "finalists" / str(number)

    def table(self, number: int = 0) -> Path:
        """The search's own copy of a target's latency table, counted from 0."""
        return self.path / ("table.jsonl" if number == 0 else f"table-{number + 1}.jsonl")

    def description(self) -> SearchDescription | None:
        """Reads what search is in the folder; None if there is none."""
        return (
            read_json(self.description_file, SearchDescription)
            if self.description_file.exists()
            else None
        )

    def begin(self, description: SearchDescription, tables: Sequence[Path]) -> None:
        """Starts a search in the folder, with its own copies of the tables, which may grow.

        Raises:
            UnwritableError: The folder takes no files.
        """
        new_folder(self.path)
        for number, table in enumerate(tables):
            write_bytes(self.table(number), read_bytes(table))
        write_json(self.description_file, description)

    def finish(self, result: SearchResult) -> None:
        """Writes the result."""
        write_json(self.result_file, result)

    def result(self) -> SearchResult:
        """Reads the result.

        Raises:
            BadFileError: The search is not finished.
        """
        if not self.result_file.exists():
            raise BadFileError(
                f"{self.path} has no result yet; start its search again to go on with it"
            )
        return read_json(self.result_file, SearchResult)


def default_folder(
    runs: Path, settings: SearchSettings, tables: Sequence[Path], storage: str
) -> Path:
    """The folder of an unfinished search with these settings and tables, or a new one."""
    for file in sorted(runs.glob("*/search.json")):
        run = RunFolder(file.parent)
        if run.result_file.exists():
            continue
        with suppress(BadFileError):  # one that cannot be read is none to go on with
            found = run.description()
            same = found is not None and (found.settings, found.storage) == (settings, storage)
            if same and all(
                read_bytes(run.table(number)) == read_bytes(table)
                for number, table in enumerate(tables)
            ):
                return run.path
    now = datetime.now(timezone.utc).strftime("%Y%m%d-%H%M%S")
    return runs / f"{Path(settings.space).stem}-{now}"


def newest_run(runs: Path) -> Path:
    """The folder of the search that ended last.

    Raises:
        UsageError: No search in ``runs`` is finished.
    """
    results = sorted(runs.glob("*/result.json"), key=lambda path: path.stat().st_mtime)
    if not results:
        raise UsageError(
            f"there is no finished search in {runs}; edgeslim search --target-latency 20ms makes "
            "one, or give a model or a run"
        )
    return results[-1].parent
