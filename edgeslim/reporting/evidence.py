"""Everything that a run's folder holds, as values: what sections of a report are made of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from pathlib import Path

from edgeslim.latency_rows import TableContext
from edgeslim.latency_table import LatencyTable
from edgeslim.prediction.predictor import Predictor
from edgeslim.reporting.charts import Mark
from edgeslim.reporting.document import NumberOrigin
from edgeslim.runs.checkpoint import EpochRecord
from edgeslim.runs.deployment_records import DeploymentRecord, ModelRecord, ModelRole
from edgeslim.runs.evaluation_history import EvaluationRecord
from edgeslim.runs.pruning_result import Pruning
from edgeslim.runs.pruning_run import PruneSettings
from edgeslim.runs.search_run import SearchDescription, SearchResult
from edgeslim.runs.sensitivity_file import Sensitivities
from edgeslim.runs.slim_run import Slimming
from edgeslim.training.quantization.record import QuantizationRecord

__all__ = [
    "CompressionEvidence",
    "Evidence",
    "Kind",
    "PruningEvidence",
    "SearchEvidence",
    "TableEvidence",
    "mark_of",
    "origin_of",
    "subject_of",
]


class Kind(str, Enum):
    """What a run is."""

    SEARCH = "search"
    PRUNING = "pruning"
    COMPRESSION = "compression"
    SLIMMING = "slimming"
    """Of ``edgeslim slim``."""
    QUANTIZATION = "quantization"
    DEPLOYMENTS = "deployments"
    EVALUATIONS = "evaluations"
    """On devices, of a model that was not deployed."""


@dataclass(frozen=True, kw_only=True)
class TableEvidence:
    """A latency table of a run.

    Args:
        table: The table as it was read.
    """

    table: LatencyTable

    @cached_property
    def predictor(self) -> Predictor:
        """The predictor on this table; made once, since that takes a second."""
        return Predictor(self.table)

    @property
    def origin(self) -> NumberOrigin:
        """Where its numbers come from."""
        return origin_of(self.table.context)


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchEvidence:
    """A search.

    Args:
        description: The settings of the search, and its study.
        result: What was found; None as long as the search is not finished.
    """

    description: SearchDescription
    result: SearchResult | None


@dataclass(frozen=True, kw_only=True, slots=True)
class PruningEvidence:
    """A pruning.

    Args:
        settings: The settings of the pruning.
        result: What came of it; None as long as the pruning is not finished.
        sensitivities: Loss of accuracy for each channel group, if that was measured.
    """

    settings: PruneSettings
    result: Pruning | None
    sensitivities: Sensitivities | None


@dataclass(frozen=True, kw_only=True, slots=True)
class CompressionEvidence:
    """A compression.

    Args:
        task: Name of its task; empty if it is not finished.
        metrics: Metrics of the newest model by name, shares of 1.
        history: All epochs so far.
        notes: Remarks of the compression itself.
        finished: Whether the compression is finished.
    """

    task: str
    metrics: dict[str, float]
    history: tuple[EpochRecord, ...]
    notes: tuple[str, ...]
    finished: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """Everything that is known of a run.

    Args:
        path: Its folder, as it was given.
        kind: What kind of run it is.
        deployments: All its deployments, the oldest first.
        evaluations: All its evaluations on devices, the oldest first.
        search: What a search left, if the run is one.
        pruning: What a pruning left, if the run is one, or its model was made by one.
        compression: What a compression left, if the run is one.
        quantization: What a quantization left, if the run is one.
        slimming: What a run of slim found so far, if it is one.
        tables: Latency tables that predicted it, the first device's first.
        notes: What could not be read, as sentences.
    """

    path: Path
    kind: Kind
    deployments: tuple[DeploymentRecord, ...] = ()
    evaluations: tuple[EvaluationRecord, ...] = ()
    search: SearchEvidence | None = None
    pruning: PruningEvidence | None = None
    compression: CompressionEvidence | None = None
    quantization: QuantizationRecord | None = None
    slimming: Slimming | None = None
    tables: tuple[TableEvidence, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Name of the run: that of its folder."""
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
        """What the search found, if the run is a finished search."""
        return None if self.search is None else self.search.result

    @property
    def pruning_result(self) -> Pruning | None:
        """What came of the pruning, if the run is a finished pruning."""
        return None if self.pruning is None else self.pruning.result

    @property
    def target_ms(self) -> float | None:
        """The latency limit that was asked for, in milliseconds."""
        if self.subject is not None and self.subject.target_ms is not None:
            return self.subject.target_ms
        if self.search is not None:
            targets = self.search.description.settings.targets
            return targets[0].target_ms if targets else None
        return None if self.pruning is None else self.pruning.settings.target_ms


def subject_of(record: DeploymentRecord) -> ModelRecord:
    """The model that a deployment is about: the fastest variant that is no baseline."""
    own = [model for model in record.models if model.role is ModelRole.MODEL] or list(record.models)
    return next((model for model in own if model.fastest), own[0])


def origin_of(context: TableContext) -> NumberOrigin:
    """Where the numbers of a table come from, and so how far its predictions can be trusted."""
    return NumberOrigin.IMPORTED if context.provenance else NumberOrigin.MEASURED


def mark_of(origin: NumberOrigin) -> Mark:
    """The shape that stands for numbers of an origin."""
    return {
        NumberOrigin.PREDICTED: Mark.PREDICTED,
        NumberOrigin.IMPORTED: Mark.IMPORTED,
    }.get(origin, Mark.MEASURED)
