"""Finds out what kind of run a folder is, and reads everything in it that reports need."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from edgeslim.compression.compress import Compression
from edgeslim.errors import UsageError
from edgeslim.files import read_json
from edgeslim.latency_table import LatencyTable
from edgeslim.reporting.evidence import (
    CompressionEvidence,
    Evidence,
    Kind,
    PruningEvidence,
    SearchEvidence,
    TableEvidence,
)
from edgeslim.runs.checkpoint import CheckpointContext
from edgeslim.runs.deployment_history import HISTORY, read_history
from edgeslim.runs.deployment_records import DeploymentRecord
from edgeslim.runs.evaluation_history import EVALUATIONS, EvaluationRecord, read_evaluations
from edgeslim.runs.pruning_result import Pruning
from edgeslim.runs.pruning_run import PruneSettings
from edgeslim.runs.search_run import RunFolder
from edgeslim.runs.sensitivity_file import Sensitivities, SensitivityFile
from edgeslim.runs.slim_run import SLIM, SlimFolder, pruning_of
from edgeslim.training.quantization.record import QUANTIZATION_FILE, QuantizationRecord

__all__ = ["read_run"]

_SEARCH, _PRUNING, _RESULT = "search.json", "pruning.json", "result.json"


def read_run(path: Path) -> Evidence:
    """Reads a run's folder, with the evaluations in it.

    Args:
        path: Folder of a search, a pruning or a compression, of deployments or evaluations, or of
            several folders of these; or a history file.

    Raises:
        UsageError: There is no such folder, or no run in it; the message says what is missing.
        BadFileError: A file of it is broken; the message has file, line and place.
    """
    evaluations = _evaluations(path)
    return replace(_read_kind(path, evaluations), evaluations=evaluations)


def _read_kind(path: Path, evaluations: tuple[EvaluationRecord, ...]) -> Evidence:
    """Reads a run's folder by what kind of run it is."""
    if not path.exists():
        raise UsageError(
            f"{path} does not exist; give the folder of a search, a pruning, a "
            "compression or a deployment"
        )
    deployments = _deployments(path)
    readers = {
        _SEARCH: _search,
        _PRUNING: _pruning,
        SLIM: _slimming,
        QUANTIZATION_FILE: _quantization,
    }
    for name, read in readers.items():
        if (path / name).is_file():
            return read(path, deployments)
    compression = _compression(path)
    if compression is not None:
        return Evidence(
            path=path,
            kind=Kind.COMPRESSION,
            deployments=deployments,
            compression=compression,
            tables=_tables(_tables_of(deployments)),
        )
    if not deployments and evaluations:
        return Evidence(path=path, kind=Kind.EVALUATIONS)
    if not deployments and (path / "model.pdmodel").is_file():
        raise UsageError(f"{path} was not deployed yet: edgeslim deploy {path}")
    if not deployments:
        raise UsageError(
            f"{path} is no run: it has no {_SEARCH} of a search, no {_PRUNING} of a pruning, no "
            f"{QUANTIZATION_FILE} of a quantization, no {_RESULT} or checkpoints of a compression, "
            f"no {HISTORY}, which edgeslim deploy "
            f"writes, and no {EVALUATIONS}, which edgeslim evaluate --device writes"
        )
    return Evidence(
        path=path,
        kind=Kind.DEPLOYMENTS,
        deployments=deployments,
        tables=_tables(_tables_of(deployments)),
    )


def _deployments(path: Path) -> tuple[DeploymentRecord, ...]:
    """Reads the deployments of a folder and of the folders in it, the oldest first, each once."""
    if path.is_file():
        return read_history(path)
    files = [path / HISTORY, *sorted(path.glob(f"*/{HISTORY}"))]
    found = {record.id: record for file in files if file.is_file() for record in read_history(file)}
    return tuple(sorted(found.values(), key=lambda record: (record.created, record.id)))


def _evaluations(path: Path) -> tuple[EvaluationRecord, ...]:
    """Reads the evaluations of a folder and of the folders in it, the oldest first."""
    files = [path / EVALUATIONS, *sorted(path.glob(f"*/{EVALUATIONS}"))] if path.is_dir() else []
    found = [record for file in files if file.is_file() for record in read_evaluations(file)]
    return tuple(sorted(found, key=lambda record: (record.created, record.id)))


def _search(path: Path, deployments: tuple[DeploymentRecord, ...]) -> Evidence:
    folder = RunFolder(path)
    description = folder.description()
    assert description is not None  # noqa: S101 - its file was there
    result = folder.result() if folder.result_file.exists() else None
    own = [folder.table(number) for number in range(len(description.settings.targets))]
    return Evidence(
        path=path,
        kind=Kind.SEARCH,
        deployments=deployments,
        search=SearchEvidence(description=description, result=result),
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
            f"the latency table {path} of the pruning is not there any more"
            for path in table
            if not path.is_file()
        ),
    )


def _slimming(path: Path, deployments: tuple[DeploymentRecord, ...]) -> Evidence:
    """Reads a run of slim, and the pruning that its model is from, if it is from one."""
    result = SlimFolder(path).result()
    pruned = None if result is None else pruning_of(result)
    return Evidence(
        path=path,
        kind=Kind.SLIMMING,
        # Those of steps are measurements on the way.
        deployments=tuple(read_history(path / HISTORY)) if (path / HISTORY).is_file() else (),
        pruning=None if pruned is None else _pruning(pruned, ()).pruning,
        slimming=result,
        tables=_tables(_tables_of(deployments)),
    )


def _quantization(path: Path, deployments: tuple[DeploymentRecord, ...]) -> Evidence:
    return Evidence(
        path=path,
        kind=Kind.QUANTIZATION,
        deployments=deployments,
        quantization=read_json(path / QUANTIZATION_FILE, QuantizationRecord),
        tables=_tables(_tables_of(deployments)),
    )


def _sensitivities(path: Path, settings: PruneSettings) -> Sensitivities | None:
    given = [] if settings.sensitivities is None else [Path(settings.sensitivities)]
    for file in (*given, path / "steps" / "1" / "sensitivities.jsonl"):
        found = SensitivityFile.find(file)
        if found is not None:
            return found.sensitivities
    return None


def _compression(path: Path) -> CompressionEvidence | None:
    """Reads a compression: its result, or its checkpoints as long as there is none."""
    contexts = [
        *path.glob("*/context.json"),
        *(path / "checkpoints").glob("*/context.json"),
    ]
    numbered = [context for context in contexts if context.parent.name.isdecimal()]
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
    newest = max(numbered, key=lambda context: int(context.parent.name))
    history = read_json(newest, CheckpointContext).history
    judged = [record.metrics for record in history if record.metrics]
    return CompressionEvidence(
        task="",
        metrics=judged[-1] if judged else {},
        history=history,
        notes=(f"it is not finished: epoch {history[-1].epoch} is done",) if history else (),
        finished=False,
    )


def _tables_of(deployments: Iterable[DeploymentRecord]) -> list[Path]:
    """Paths of the tables that predicted deployments, the newest first."""
    used = [Path(record.table.path) for record in deployments if record.table is not None]
    return list(dict.fromkeys(reversed(used)))


def _tables(paths: Iterable[Path]) -> tuple[TableEvidence, ...]:
    """Reads the tables that are still there, each once; most runs' tables lie elsewhere."""
    once: dict[Path, Path] = {}
    for path in paths:
        once.setdefault(path.resolve(), path)
    return tuple(
        TableEvidence(table=LatencyTable.read(path)) for path in once.values() if path.is_file()
    )
