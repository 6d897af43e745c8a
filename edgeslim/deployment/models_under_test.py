"""Models that are to be measured: prepared, converted to all variants, and proved right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from edgeslim.conversion.model_inputs import write_inputs
from edgeslim.conversion.model_source import LayerModel, ModelSource
from edgeslim.conversion.precisions import precisions_of
from edgeslim.conversion.prepare import PreparedModel, prepare
from edgeslim.deployment.judgement import OutputDifference
from edgeslim.deployment.prove_variants import prove_variants
from edgeslim.deployment.variants import (
    ModelVariant,
    convert_variants,
    engine_of,
)
from edgeslim.execution import Precision, Target
from edgeslim.graph import Graph
from edgeslim.measuring.device_session import DeviceSession
from edgeslim.measuring.drift import DriftWatch
from edgeslim.measuring.networks import MeasuredNetworks, OptimizedNetwork, measure_side_by_side
from edgeslim.measuring.starts import MeasuredStarts, measure_starts
from edgeslim.opspec import Shape
from edgeslim.progress import SILENT, Progress
from edgeslim.runs.deployment_records import FailedRecord, ModelRole

__all__ = [
    "ModelUnderTest",
    "baseline_under_test",
    "measure_models",
    "measure_starts_of",
    "model_under_test",
]

_PATIENCE_S = 60.0
"""How long all rounds together wait for a disturbed device, unless they have many models."""
STARTS = 3
"""How often each variant starts warm, and as often cold, before a limit needs more."""
_PREFIX = "baseline."
"""Start of the name of a baseline's file, so that it differs from the model's own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelUnderTest:
    """A model with its variants, proved right.

    Args:
        name: Short name of the model.
        role: Whether it is the model or the baseline.
        source: The model, as on a command line.
        model: The model as it was prepared, before any conversion.
        graph: Fused operators if there is a variant in fp32, which a table may know; else the
            operators before any fusion.
        tried: Its variants, and how far the outputs of each are from Paddle's.
        failed: Variants that cannot be converted or run.
        inputs: Files with the user's own inputs by name; None is noise.
    """

    name: str
    role: ModelRole
    source: str
    model: PreparedModel
    graph: Graph
    tried: Sequence[tuple[ModelVariant, OutputDifference]]
    failed: Sequence[FailedRecord]
    inputs: Mapping[str, Path] | None = None

    def as_baseline(self) -> ModelUnderTest:
        """The same in its first precision, for other models that are measured beside it."""
        first = self.variants[0].precision
        tried = [(own, difference) for own, difference in self.tried if own.precision is first]
        return replace(self, role=ModelRole.BASELINE, tried=tried, failed=())

    @property
    def file_names(self) -> tuple[str, str]:
        """What it is called in names of files here, and what in the folder of the result.

        A model is called alike in both of its forms; a baseline's files are told from it.
        """
        if self.role is ModelRole.MODEL:
            return self.model.name, self.name
        is_told = self.model.name.startswith(_PREFIX)
        return self.model.name, self.model.name if is_told else _PREFIX + self.name

    @property
    def variants(self) -> list[ModelVariant]:
        """Its variants without their differences."""
        return [variant for variant, _ in self.tried]

    @property
    def networks(self) -> list[OptimizedNetwork]:
        """The network that the device runs for each variant, named by the variant's id."""
        return [
            OptimizedNetwork(
                name=variant.id, file=variant.file, graph=self.graph, inputs=self.inputs
            )
            for variant in self.variants
        ]


def model_under_test(
    model: PreparedModel,
    source: str,
    precisions: Sequence[Precision],
    sessions: Sequence[DeviceSession],
    scratch: Path,
) -> ModelUnderTest:
    """Converts and proves the model that is deployed, in all precisions and numbers of threads.

    Raises:
        ProgramError, RunnerError, ModelError: No variant converts, runs and computes the same.
    """
    return _model_under_test(
        model,
        precisions,
        sessions,
        scratch,
        name=model.name,
        role=ModelRole.MODEL,
        source=source,
    )


def baseline_under_test(
    source: ModelSource,
    beside: PreparedModel,
    sessions: Sequence[DeviceSession],
    scratch: Path,
    input_shapes: Mapping[str, Shape] | None,
) -> ModelUnderTest:
    """Converts and proves a baseline, in its own precision and with each number of threads.

    Args:
        source: Where the baseline comes from.
        beside: The model that is compared with it.
        sessions: The device, once for each number of threads.
        scratch: Folder for intermediate files.
        input_shapes: Shapes of open inputs that the user gave for the model.

    Raises:
        UsageError: Its input shape is open and was not given.
        ProgramError, RunnerError, ModelError: As from `model_under_test`.
    """
    target = sessions[0].execution.target
    folder = scratch / "baseline"
    inputs = None if beside.given is None else beside.given.without_name
    prepared = prepare(source, folder / "model", input_shapes=input_shapes, inputs=inputs)
    name, called = prepared.name, _PREFIX + prepared.name
    while called == beside.name:
        called = _PREFIX + called
    prepared = replace(prepared, name=called)
    own = precisions_of((), prepared, target)
    return _model_under_test(
        prepared,
        own,
        sessions,
        folder,
        name=name,
        role=ModelRole.BASELINE,
        source=_source_text(source),
    )


def _model_under_test(
    model: PreparedModel,
    precisions: Sequence[Precision],
    sessions: Sequence[DeviceSession],
    scratch: Path,
    *,
    name: str,
    role: ModelRole,
    source: str,
) -> ModelUnderTest:
    target = sessions[0].execution.target
    variants, unconvertible = convert_variants(model, precisions, sessions, scratch)
    right, wrong = prove_variants(variants, scratch)
    return ModelUnderTest(
        name=name,
        role=role,
        source=source,
        model=model,
        graph=_graph(variants, model, target),
        tried=right,
        failed=[
            msgspec.structs.replace(failure, name=name, role=role)
            for failure in (*unconvertible, *wrong)
        ],
        inputs=None if model.given is None else write_inputs(model.given, scratch, model.name),
    )


def _graph(variants: Sequence[ModelVariant], model: PreparedModel, target: Target) -> Graph:
    for variant in variants:
        if variant.precision is Precision.FP32 and engine_of(variant.session).explains:
            return engine_of(variant.session).graph(variant.model, target)
    return model.graph


def _source_text(source: ModelSource) -> str:
    return source.name if isinstance(source, LayerModel) else str(source.program.with_suffix(""))


def measure_models(
    subjects: Sequence[ModelUnderTest],
    *,
    rounds: int,
    paired: bool,
    seconds: float | None = None,
    progress: Progress = SILENT,
) -> MeasuredNetworks:
    """Measures all variants in turns, so that slow changes of the device affect them alike.

    Args:
        subjects: The model, and its baseline if there is one.
        rounds: How often each variant is timed.
        paired: Whether each round is a fair comparison by itself.
        seconds: Time for each variant in each round; by default what the device's profile says.
        progress: Display that shows the progress.

    Raises:
        RunnerError, ProgramError: A variant does not run.
    """
    groups = _by_session(subjects)
    share_s = _PATIENCE_S / rounds / len({session.engine for session, _ in groups})
    watched = [
        (DriftWatch(session, patience_s=min(session.profile.patience_s, share_s)), networks)
        for session, networks in groups
    ]
    return measure_side_by_side(
        watched, rounds=rounds, seconds=seconds, paired=paired, progress=progress
    )


def _by_session(
    subjects: Sequence[ModelUnderTest],
) -> list[tuple[DeviceSession, list[OptimizedNetwork]]]:
    """All variants by the engine and the number of threads that they run with."""
    groups: dict[tuple[str, int], tuple[DeviceSession, list[OptimizedNetwork]]] = {}
    for subject in subjects:
        for variant, network in zip(subject.variants, subject.networks, strict=True):
            group = variant.session.engine, variant.session.execution.threads
            groups.setdefault(group, (variant.session, []))[1].append(network)
    return list(groups.values())


def measure_starts_of(
    subjects: Sequence[ModelUnderTest], *, times: int = STARTS, progress: Progress = SILENT
) -> MeasuredStarts:
    """Measures how all variants start, and the memory that they take.

    Args:
        subjects: The model, and its baseline if there is one.
        times: How often each starts warm, and as often cold.
        progress: Display that shows the progress.

    Raises:
        LinkError: The device was lost for good.
    """
    groups = _by_session(subjects)
    found: list[MeasuredStarts] = []
    with progress.stage("starts", len(groups)) as stage:
        for session, networks in groups:
            found.append(measure_starts(session, networks, times=times))
            stage.advance()
    return MeasuredStarts(
        starts={name: starts for one in found for name, starts in one.starts.items()},
        troubles=tuple(line for one in found for line in one.troubles),
    )
