"""Finds out what a folder is, and reads all that is known of it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from edgeslim.compression.compress import Compression
from edgeslim.errors import UsageError
from edgeslim.files import read_json
from edgeslim.latency_table import LatencyTable
from edgeslim.reporting.evidence import (
    CompressionEvidence,
    Evidence,
    Kind,
    KnownTable,
    PruningEvidence,
    SearchEvidence,
)
from edgeslim.runs.checkpoint import CheckpointContext
from edgeslim.runs.deployment_history import HISTORY, read_history
from edgeslim.runs.deployment_records import DeploymentRecord
from edgeslim.runs.pruning_result import Pruning
from edgeslim.runs.pruning_run import PruneSettings
from edgeslim.runs.search_run import RunFolder
from edgeslim.runs.sensitivity_file import Sensitivities, SensitivityFile

__all__ = ["read_run"]

_SEARCH, _PRUNING, _RESULT = "search.json", "pruning.json", "result.json"


def read_run(path: Path) -> Evidence:
    """All that a run's folder has.

    Args:
        path: Folder of a search, a pruning or a compression, of deployments, or of several
            folders of deployments; or a history file.

    Raises:
        UsageError: There is nothing, or no run; says what was looked for.
        BadFileError: A file of it is broken; the message has file, line and place.
    """
    if not path.exists():
        raise UsageError(
            f"{path} does not exist; give the folder of a search, a pruning, a "
            "compression or a deployment"
        )
    deployments = _deployments(path)
    if (path / _SEARCH).is_file():
        return _search(path, deployments)
    if (path / _PRUNING).is_file():
        return _pruning(path, deployments)
    compression = _compression(path)
    if compression is not None:
        return Evidence(
            path=path,
            kind=Kind.COMPRESSION,
            deployments=deployments,
            compression=compression,
            tables=_tables(_tables_of(deployments)),
        )
    if not deployments:
        raise UsageError(
            f"{path} is no run: it has no {_SEARCH} of a search, no {_PRUNING} of a pruning, no "
            f"{_RESULT} or checkpoints of a compression, and no {HISTORY}, which edgeslim deploy "
            "writes"
        )
    return Evidence(
        path=path,
        kind=Kind.DEPLOYMENTS,
        deployments=deployments,
        tables=_tables(_tables_of(deployments)),
    )


def _deployments(path: Path) -> tuple[DeploymentRecord, ...]:
    """Of the folder and those in it, the oldest first; each once."""
    if path.is_file():
        return read_history(path)
    files = [path / HISTORY, *sorted(path.glob(f"*/{HISTORY}"))]
    found = {record.id: record for file in files if file.is_file() for record in read_history(file)}
    return tuple(sorted(found.values(), key=lambda each: (each.created, each.id)))


def _search(path: Path, deployments: tuple[DeploymentRecord, ...]) -> Evidence:
    folder = RunFolder(path)
    place = folder.place()
    assert place is not None  # noqa: S101 - its file was there
    result = folder.result() if folder.result_file.exists() else None
    own = [folder.table(number) for number in range(len(place.settings.targets))]
    return Evidence(
        path=path,
        kind=Kind.SEARCH,
        deployments=deployments,
        search=SearchEvidence(place=place, result=result),
        tables=_tables(own),
    )


def _pruning(path: Path, deployments: tuple[DeploymentRecord, ...]) -> Evidence:
    settings = read_json(path / _PRUNING, PruneSettings)
    result = path / _RESULT
    table = [] if settings.table is None else [Path(settings.table)]
    return Evidence(
        path=path,
        kind=Kind.PRUNING,
        deployments=deployments,
        pruning=PruningEvidence(
            settings=settings,
            result=read_json(result, Pruning) if result.exists() else None,
            sensitivities=_sensitivities(path, settings),
        ),
        tables=_tables([*table, *_tables_of(deployments)]),
        notes=tuple(
            f"the latency table {each} of the pruning is not there any more"
            for each in table
            if not each.is_file()
        ),
    )


def _sensitivities(path: Path, settings: PruneSettings) -> Sensitivities | None:
    given = [] if settings.sensitivities is None else [Path(settings.sensitivities)]
    for file in (*given, path / "steps" / "1" / "sensitivities.jsonl"):
        found = SensitivityFile.found(file)
        if found is not None:
            return found.sensitivities
    return None


def _compression(path: Path) -> CompressionEvidence | None:
    """Of a folder with a result, or with checkpoints as long as there is none."""
    contexts = [
        *path.glob("*/context.json"),
        *(path / "checkpoints").glob("*/context.json"),
    ]
    numbered = [each for each in contexts if each.parent.name.isdecimal()]
    if (path / _RESULT).is_file():
        result = read_json(path / _RESULT, Compression)
        return CompressionEvidence(
            task=result.task,
            metrics=result.metrics,
            history=result.history,
            notes=result.notes,
            finished=True,
        )
    if not numbered:
        return None
    newest = max(numbered, key=lambda each: int(each.parent.name))
    history = read_json(newest, CheckpointContext).history
    judged = [each.metrics for each in history if each.metrics]
    return CompressionEvidence(
        task="",
        metrics=judged[-1] if judged else {},
        history=history,
        notes=(f"it is not finished: epoch {history[-1].epoch} is done",) if history else (),
        finished=False,
    )


def _tables_of(deployments: Iterable[DeploymentRecord]) -> list[Path]:
    """Tables that deployments were predicted with, the newest first."""
    used = [Path(each.table.path) for each in deployments if each.table is not None]
    return list(dict.fromkeys(reversed(used)))


def _tables(paths: Iterable[Path]) -> tuple[KnownTable, ...]:
    """Those that are still there and can be read; a table is no part of most runs."""
    each_once: dict[Path, Path] = {}
    for each in paths:
        each_once.setdefault(each.resolve(), each)
    return tuple(
        KnownTable(table=LatencyTable.read(each)) for each in each_once.values() if each.is_file()
    )
