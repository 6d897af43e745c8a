"""A model that is to be measured: prepared, converted in each way, and its outputs proved right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from edgeslim.conversion.model_inputs import write_inputs
from edgeslim.conversion.model_source import LayerModel, ModelSource
from edgeslim.conversion.optimized import fused_graph
from edgeslim.conversion.precisions import precisions_of
from edgeslim.conversion.prepare import PreparedModel, prepare
from edgeslim.deployment.deployed import Failed
from edgeslim.deployment.judgement import OutputDifference
from edgeslim.deployment.ways import Way, all_ways, tried
from edgeslim.execution import Precision, Target
from edgeslim.graph import Graph
from edgeslim.measuring.device_session import DeviceSession
from edgeslim.measuring.networks import OptimizedNetwork
from edgeslim.opspec import Shape
from edgeslim.runs.deployment_records import Role

__all__ = ["Subject", "baseline_subject", "model_subject"]

_PREFIX = "baseline."
"""Of a baseline's file, so that it is not the model's own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """A model and the ways that it runs in.

    Args:
        name: Short name.
        role: What it is here.
        source: As on a command line.
        model: The model itself, before any conversion.
        graph: Fused where a table may know it, which is of fp32; else before any fusion.
        tried: Its ways, and how far the outputs of each are from Paddle's.
        failed: Ways that it cannot be had in.
        inputs: Files with the user's own inputs by name; None is noise.
    """

    name: str
    role: Role
    source: str
    model: PreparedModel
    graph: Graph
    tried: Sequence[tuple[Way, OutputDifference]]
    failed: Sequence[Failed]
    inputs: Mapping[str, Path] | None = None

    @property
    def ways(self) -> list[Way]:
        """Its ways."""
        return [way for way, _ in self.tried]

    @property
    def networks(self) -> list[OptimizedNetwork]:
        """What the device runs in each way, called by the way's id."""
        return [
            OptimizedNetwork(name=way.id, file=way.file, graph=self.graph, inputs=self.inputs)
            for way in self.ways
        ]


def model_subject(
    model: PreparedModel,
    source: str,
    precisions: Sequence[Precision],
    sessions: Sequence[DeviceSession],
    scratch: Path,
) -> Subject:
    """The model that is deployed, in each precision and with each number of threads.

    Raises:
        ProgramError, RunnerError, ModelError: It does not convert, run or compute the same in
            any way.
    """
    return _subject(
        model,
        precisions,
        sessions,
        scratch,
        name=model.name,
        role=Role.MODEL,
        source=source,
    )


def baseline_subject(
    source: ModelSource,
    beside: PreparedModel,
    sessions: Sequence[DeviceSession],
    scratch: Path,
    input_shapes: Mapping[str, Shape] | None,
) -> Subject:
    """What a model is compared with, in its own precision and with each number of threads.

    Args:
        source: It.
        beside: The model that is compared with it.
        sessions: The device with each number of threads.
        scratch: For files on the way.
        input_shapes: As the user gave them for the model.

    Raises:
        UsageError: Its shape is open and was not given.
        ProgramError, RunnerError, ModelError: As of `model_subject`.
    """
    target = sessions[0].execution.target
    folder = scratch / "baseline"
    inputs = None if beside.given is None else beside.given.unnamed
    prepared = prepare(source, folder / "model", input_shapes=input_shapes, inputs=inputs)
    name, called = prepared.name, _PREFIX + prepared.name
    while called == beside.name:
        called = _PREFIX + called
    prepared = replace(prepared, name=called)
    own = precisions_of((), prepared, target)
    return _subject(
        prepared, own, sessions, folder, name=name, role=Role.BASELINE, source=_told(source)
    )


def _subject(
    model: PreparedModel,
    precisions: Sequence[Precision],
    sessions: Sequence[DeviceSession],
    scratch: Path,
    *,
    name: str,
    role: Role,
    source: str,
) -> Subject:
    target = sessions[0].execution.target
    ways, unconvertible = all_ways(model, target, precisions, sessions, scratch)
    right, wrong = tried(ways, scratch)
    return Subject(
        name=name,
        role=role,
        source=source,
        model=model,
        graph=_graph(ways, model, target),
        tried=right,
        failed=(*unconvertible, *wrong),
        inputs=None if model.given is None else write_inputs(model.given, scratch, model.name),
    )


def _graph(ways: Sequence[Way], model: PreparedModel, target: Target) -> Graph:
    for way in ways:
        if way.precision is Precision.FP32:
            return fused_graph(way.model, target)
    return model.graph


def _told(source: ModelSource) -> str:
    return source.name if isinstance(source, LayerModel) else str(source.program.with_suffix(""))
