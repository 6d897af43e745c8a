"""A search's folder: its settings, a copy of its table, and every candidate evaluated.

The evaluations are the whole state. A search that goes on after an interruption proposes
the same vectors again and finds their accuracies here.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path

import msgspec

from edgeslim.errors import BadFileError, UsageError
from edgeslim.files import AppendOnlyFile, new_folder, read_json, write_bytes, write_json
from edgeslim.opspec import Shape
from edgeslim.spaces import Tokens

__all__ = [
    "Candidate",
    "RunFolder",
    "SearchResult",
    "SearchSettings",
    "default_folder",
    "newest_run",
]


class SearchSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that decides what a search does.

    Args:
        space: Name of the space.
        input_shape: Input of its networks.
        num_classes: Width of their output.
        target_ms: The latency limit.
        device: Name of the device that the table is of.
        task: Name of the task.
        algorithm: Name of the algorithm.
        candidates: How many networks are trained.
        epochs: How long each is.
        seed: Of everything random.
    """

    space: str
    input_shape: Shape
    num_classes: int
    target_ms: float
    device: str
    task: str
    algorithm: str
    candidates: int
    epochs: int
    seed: int


class Candidate(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One network of a search; ``measured_ms`` is set for those that the device ran."""

    tokens: Tokens
    predicted_ms: float
    accuracy: float
    measured_ms: float | None = None


class SearchResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a search found.

    Args:
        run: Its folder.
        target_ms: The limit.
        evaluated: How many networks were trained.
        front: Networks that no other beats in both latency and accuracy, fastest first.
        measured: Networks that the device ran.
        best: The most accurate one whose measured latency meets the limit, or predicted
            latency if nothing could be measured.
        model: Folder of the best one's saved model.
        notes: What cannot be seen from the rest.
    """

    run: str
    target_ms: float
    evaluated: int
    front: tuple[Candidate, ...]
    measured: tuple[Candidate, ...]
    best: Candidate
    model: str
    notes: tuple[str, ...] = ()


class RunFolder:
    """A search's folder.

    Args:
        path: The folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._evaluations = AppendOnlyFile(path / "evaluations.jsonl")

    @property
    def table(self) -> Path:
        """The search's own copy of the latency table."""
        return self.path / "table.jsonl"

    @property
    def result_file(self) -> Path:
        """The result, once there is one."""
        return self.path / "result.json"

    @property
    def model(self) -> Path:
        """Folder of the winner's saved model."""
        return self.path / "model"

    def check(self, settings: SearchSettings) -> bool:
        """Whether there is a search in the folder to go on with.

        Raises:
            UsageError: It has other settings; names the first that differs.
        """
        file = self.path / "search.json"
        if not file.exists():
            return False
        old = read_json(file, SearchSettings)
        for name in settings.__struct_fields__:
            mine, theirs = getattr(settings, name), getattr(old, name)
            if mine != theirs:
                raise UsageError(
                    f"{self.path} is a search with {name.replace('_', ' ')} {theirs}, not {mine}; "
                    "give the same settings to go on with it, or another --out"
                )
        return True

    def begin(self, settings: SearchSettings, table: Path) -> None:
        """Starts a search in the folder, with its own copy of the table, which may grow.

        Raises:
            UnwritableError: The folder takes no files.
        """
        new_folder(self.path)
        write_bytes(self.table, _content(table))
        write_json(self.path / "search.json", settings)

    def settings(self) -> SearchSettings:
        """The settings of the search in the folder."""
        return read_json(self.path / "search.json", SearchSettings)

    def evaluations(self) -> dict[Tokens, Candidate]:
        """Everything evaluated so far, in order."""
        if not self._evaluations.path.exists():
            return {}
        lines, _ = self._evaluations.lines()
        found = {}
        for number, line in enumerate(lines, start=1):
            try:
                candidate = msgspec.json.decode(line, type=Candidate)
            except msgspec.DecodeError as error:
                raise BadFileError(f"{self._evaluations.path}:{number}: {error}") from error
            found[candidate.tokens] = candidate
        return found

    def add(self, candidate: Candidate) -> None:
        """Writes down an evaluation before anything else is done with it."""
        self._evaluations.append(msgspec.json.encode(candidate))

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


def default_folder(runs: Path, settings: SearchSettings, table: Path) -> Path:
    """The folder of an unfinished search with these settings and this table, or a new one."""
    for file in sorted(runs.glob("*/search.json")):
        run = RunFolder(file.parent)
        if run.result_file.exists() or not run.table.exists():
            continue
        with suppress(BadFileError):  # one that cannot be read is none to go on with
            if run.settings() == settings and _content(run.table) == _content(table):
                return run.path
    now = datetime.now(timezone.utc).strftime("%Y%m%d-%H%M%S")
    return runs / f"{settings.space}-{now}"


def newest_run(runs: Path) -> Path:
    """The folder of the search that ended last.

    Raises:
        UsageError: There is none.
    """
    results = sorted(runs.glob("*/result.json"), key=lambda path: path.stat().st_mtime)
    if not results:
        raise UsageError(f"there is no finished search in {runs}; give a model or a run")
    return results[-1].parent


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadFileError(f"cannot read {path}: {error.strerror or error}") from error
