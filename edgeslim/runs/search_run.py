"""A search's folder: what was asked for, where its state is, its tables, and its result."""

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

__all__ = [
    "SIZE_UNITS",
    "RunFolder",
    "SearchPlace",
    "SearchResult",
    "SizeReached",
    "default_folder",
    "newest_run",
]

SIZE_UNITS = {"macs": "MACs", "paddleslim1-flops": "PaddleSlim 1.x FLOPs"}
"""What people call sizes, where it is not their name."""


class SearchPlace(msgspec.Struct, frozen=True, kw_only=True):
    """What a search was asked for, and where its state is.

    Args:
        settings: What was asked for.
        study: Name of the search in its storage.
        storage: Address of the storage, without password; empty for a file of the folder.
    """

    settings: SearchSettings
    study: str
    storage: str = ""


class SizeReached(msgspec.Struct, frozen=True, kw_only=True):
    """What a network has of a size that is limited.

    Args:
        what: ``macs``, ``paddleslim1-flops``, ``parameters`` or ``bytes``.
        allowed: The most that is allowed.
        reached: What it has.
    """

    what: str
    allowed: int
    reached: int

    def __str__(self) -> str:
        return f"{self.reached:,} of {self.allowed:,} {SIZE_UNITS.get(self.what, self.what)}"


class SearchResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a search found.

    Args:
        run: Its folder.
        targets: The latency limits.
        sizes: What the best one has of each size that is limited.
        candidates: Every network that was evaluated, in the order they were proposed.
        front: Networks that no other beats in latency and accuracy, fastest first.
        best: The most accurate one that meets every limit, as measured where it could be.
        model: Folder of the best one's saved model.
        trained_accuracy: Of that model, after it was trained by itself.
        metric: What the task calls accuracy.
        notes: What cannot be seen from the rest.
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

    @property
    def measured(self) -> tuple[Candidate, ...]:
        """Networks that a device ran."""
        return tuple(each for each in self.candidates if each.is_measured)


class RunFolder:
    """A search's folder.

    Args:
        path: The folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def place_file(self) -> Path:
        """What was asked for, and where the state is."""
        return self.path / "search.json"

    @property
    def study_file(self) -> Path:
        """The state, if it is in the folder."""
        return self.path / "study.db"

    @property
    def supernet(self) -> Path:
        """Folder of the search's own supernet, if it has one."""
        return self.path / "supernet"

    @property
    def result_file(self) -> Path:
        """The result, once there is one."""
        return self.path / "result.json"

    @property
    def model(self) -> Path:
        """Folder of the winner's saved model."""
        return self.path / "model"

    def finalist(self, number: int) -> Path:
        """Folder of a finalist's saved model."""
        return self.path / "finalists" / str(number)

    def table(self, place: int = 0) -> Path:
        """The search's own copy of a target's latency table."""
        return self.path / ("table.jsonl" if place == 0 else f"table-{place + 1}.jsonl")

    def place(self) -> SearchPlace | None:
        """The search in the folder, if there is one."""
        return read_json(self.place_file, SearchPlace) if self.place_file.exists() else None

    def begin(self, place: SearchPlace, tables: Sequence[Path]) -> None:
        """Starts a search in the folder, with its own copies of the tables, which may grow.

        Raises:
            UnwritableError: The folder takes no files.
        """
        new_folder(self.path)
        for number, table in enumerate(tables):
            write_bytes(self.table(number), read_bytes(table))
        write_json(self.place_file, place)

    def finish(self, result: SearchResult) -> None:
        """Writes the result."""
        write_json(self.result_file, result)

    def result(self) -> SearchResult:
        """The result.

        Raises:
            BadFileError: The search has none yet.
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
            found = run.place()
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
        UsageError: There is none.
    """
    results = sorted(runs.glob("*/result.json"), key=lambda path: path.stat().st_mtime)
    if not results:
        raise UsageError(
            f"there is no finished search in {runs}; edgeslim search --target-latency 20ms makes "
            "one, or give a model or a run"
        )
    return results[-1].parent
