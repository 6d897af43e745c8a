"""Records of the models of a deployment, made anew whenever more was measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from edgeslim.deployment.compose_record import speedups_of
from edgeslim.deployment.decide import Measured
from edgeslim.deployment.deployed import mark_fastest
from edgeslim.deployment.gates import Gates, judge_gates
from edgeslim.deployment.models_under_test import ModelUnderTest
from edgeslim.deployment.recording import model_record
from edgeslim.deployment.request import ResolvedDeployment
from edgeslim.deployment.variants import TablePredictions, copy_to_folder
from edgeslim.runs.deployment_records import GateRecord, ModelRecord, ModelRole

__all__ = ["RecordMaker"]


@dataclass(frozen=True, slots=True)
class RecordMaker:
    """Makes records of all variants of a model and its baseline.

    Args:
        subjects: The model, and its baseline if there is one.
        resolved: What is known of the model before it is measured.
        folder: Folder of the result, which their files are copied to.
        known: Predictions of the table, if there is one.
    """

    subjects: Sequence[ModelUnderTest]
    resolved: ResolvedDeployment
    folder: Path
    known: TablePredictions

    def records(self, measured: Measured) -> tuple[list[ModelRecord], list[ModelRecord]]:
        """Records of the model, of which the fastest is marked, and those of the baseline."""
        models, *others = (self._variants(subject, measured) for subject in self.subjects)
        return list(mark_fastest(models)), list(chain(*others))

    def judge(self, measured: Measured, gates: Gates, look: int) -> tuple[GateRecord, ...]:
        """Judges limits by what was measured so far, at the *n*-th look."""
        models, others = self.records(measured)
        return judge_gates(gates, models, speedups_of([*models, *others]), look=look)

    def _variants(self, subject: ModelUnderTest, measured: Measured) -> list[ModelRecord]:
        """Records of all proved variants, with their files in the folder of the result."""
        is_model = subject.role is ModelRole.MODEL
        return [
            model_record(
                *(subject, variant, difference, measured, self.known),
                optimized=copy_to_folder(variant.file, self.folder, subject.file_names),
                target_ms=self.resolved.target_ms if is_model else None,
            )
            for variant, difference in subject.tried
        ]
