"""All that is known of a run, as its folder has it: what sections of a report are made of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from pathlib import Path

from edgeslim.latency_rows import TableContext
from edgeslim.latency_table import LatencyTable
from edgeslim.prediction.predictor import Predictor
from edgeslim.reporting.charts import Mark
from edgeslim.reporting.document import Origin
from edgeslim.runs.checkpoint import EpochRecord
from edgeslim.runs.deployment_records import DeploymentRecord, ModelRecord, Role
from edgeslim.runs.pruning_result import Pruning
from edgeslim.runs.pruning_run import PruneSettings
from edgeslim.runs.search_run import SearchPlace, SearchResult
from edgeslim.runs.sensitivity_file import Sensitivities

__all__ = [
    "CompressionEvidence",
    "Evidence",
    "Kind",
    "KnownTable",
    "PruningEvidence",
    "SearchEvidence",
    "mark_of",
    "origin_of",
    "subject_of",
]


class Kind(str, Enum):
    """What a run is."""

    SEARCH = "search"
    PRUNING = "pruning"
    COMPRESSION = "compression"
    DEPLOYMENTS = "deployments"


@dataclass(frozen=True, kw_only=True)
class KnownTable:
    """A latency table.

    Args:
        table: The table.
    """

    table: LatencyTable

    @cached_property
    def predictor(self) -> Predictor:
        """What predicts with it; made once, for it takes a second."""
        return Predictor(self.table)

    @property
    def origin(self) -> Origin:
        """How its numbers were got."""
        return origin_of(self.table.context)


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchEvidence:
    """A search.

    Args:
        place: What was asked for.
        result: What was found; None as long as it is not finished.
    """

    place: SearchPlace
    result: SearchResult | None


@dataclass(frozen=True, kw_only=True, slots=True)
class PruningEvidence:
    """A pruning.

    Args:
        settings: What was asked for.
        result: What came of it; None as long as it is not finished.
        sensitivities: What each group costs, if that was measured.
    """

    settings: PruneSettings
    result: Pruning | None
    sensitivities: Sensitivities | None


@dataclass(frozen=True, kw_only=True, slots=True)
class CompressionEvidence:
    """A compression.

    Args:
        task: What for; empty if it is not finished.
        metrics: Of its model.
        history: All epochs so far.
        notes: What it said.
        finished: Whether it is.
    """

    task: str
    metrics: dict[str, float]
    history: tuple[EpochRecord, ...]
    notes: tuple[str, ...]
    finished: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """A run.

    Args:
        path: Its folder, as it was given.
        kind: What it is.
        deployments: All deployments of it, the oldest first.
        search: Of a search.
        pruning: Of a pruning.
        compression: Of a compression.
        tables: What it was predicted with, the first device's first.
        notes: What could not be had, a sentence each.
    """

    path: Path
    kind: Kind
    deployments: tuple[DeploymentRecord, ...] = ()
    search: SearchEvidence | None = None
    pruning: PruningEvidence | None = None
    compression: CompressionEvidence | None = None
    tables: tuple[KnownTable, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What it is called."""
        return self.path.resolve().name

    @property
    def latest(self) -> DeploymentRecord | None:
        """The newest deployment."""
        return self.deployments[-1] if self.deployments else None

    @property
    def subject(self) -> ModelRecord | None:
        """The model of the newest deployment that the report is about."""
        return None if self.latest is None else subject_of(self.latest)

    @property
    def result(self) -> SearchResult | None:
        """What a search found."""
        return None if self.search is None else self.search.result

    @property
    def pruned(self) -> Pruning | None:
        """What came of a pruning."""
        return None if self.pruning is None else self.pruning.result

    @property
    def target_ms(self) -> float | None:
        """The latency that was asked for."""
        if self.subject is not None and self.subject.target_ms is not None:
            return self.subject.target_ms
        if self.search is not None:
            targets = self.search.place.settings.targets
            return targets[0].target_ms if targets else None
        return None if self.pruning is None else self.pruning.settings.target_ms


def subject_of(record: DeploymentRecord) -> ModelRecord:
    """The model that a deployment is about: the fastest way of the first that is no baseline."""
    own = [each for each in record.models if each.role is Role.MODEL] or list(record.models)
    return next((each for each in own if each.fastest), own[0])


def origin_of(context: TableContext) -> Origin:
    """How the numbers of a table were got, and so what a prediction from it is worth."""
    if context.simulated:
        return Origin.SIMULATED
    return Origin.IMPORTED if context.provenance else Origin.MEASURED


def mark_of(origin: Origin) -> Mark:
    """What stands for a number that was got in a way."""
    return {
        Origin.PREDICTED: Mark.PREDICTED,
        Origin.SIMULATED: Mark.SIMULATED,
        Origin.IMPORTED: Mark.IMPORTED,
    }.get(origin, Mark.MEASURED)
