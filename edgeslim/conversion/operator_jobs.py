"""Jobs for a runner from single operators and optimized models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from edgeslim.conversion.model_inputs import runner_inputs
from edgeslim.conversion.optimized import OptimizedFile
from edgeslim.errors import EdgeslimError, ModelError, NoOutputError
from edgeslim.execution import Precision, Target
from edgeslim.graph import Graph
from edgeslim.lite.converter import Conversion, convert
from edgeslim.lite.optimized_model import read_optimized_model
from edgeslim.ops import known_kinds
from edgeslim.opspec import Attributes, OpSpec, Shapes
from edgeslim.paddle_io.operator_model import write_operator_model
from edgeslim.paddle_io.program_operators import operators_of
from edgeslim.paddle_io.proto import read_program
from edgeslim.runner.job import Job
from edgeslim.runner.protocol import Entry, Input, Sampling
from edgeslim.targets import Answer, Place

__all__ = ["model_job", "null_operator", "operator_jobs", "reference_operator"]


_FORBIDDING = frozenset({Answer.REFUSED, Answer.ONE_THREAD})
"""Answers of laws that forbid an operator everywhere; others rewrite the operators around it."""


def null_operator() -> OpSpec:
    """An operator that computes next to nothing: its latency is that of a run itself."""
    shape = ((1, 8, 1, 1),)
    return OpSpec(kind="relu", inputs=Shapes(X=shape), outputs=Shapes(Out=shape))


def reference_operator() -> OpSpec:
    """An operator of medium size, timed again and again to see whether the device drifts."""
    return OpSpec(
        kind="conv2d",
        inputs=Shapes(Input=((1, 64, 28, 28),)),
        weights=Shapes(Filter=((64, 64, 3, 3),), Bias=((64,),)),
        outputs=Shapes(Output=((1, 64, 28, 28),)),
        attributes=Attributes(strides=(1, 1), paddings=(1, 1, 1, 1), dilations=(1, 1), groups=1),
    )


def operator_jobs(
    specs: Sequence[OpSpec],
    target: Target,
    folder: Path,
    *,
    states: tuple[Sampling, ...],
    name: str = "operator",
    place: Place | None = None,
    precision: Precision = Precision.FP32,
) -> list[Job | EdgeslimError]:
    """Makes a job of each operator; one that fails is an error in its place.

    Args:
        specs: Operators to convert and time.
        target: Kind of processor that they are converted for.
        folder: Folder that their files are written to.
        states: Sampling in each cache state.
        name: Start of their names; jobs of one batch must differ in it.
        place: Kernels and threads that they run with, which forbid some operators by law; None
            for no laws.
        precision: Precision that they are converted to.
    """
    results: list[Job | EdgeslimError] = [ModelError("not converted")] * len(specs)
    conversions: dict[int, Conversion] = {}
    for index, spec in enumerate(specs):
        prefix = folder / f"{name}{index}"
        try:
            write_operator_model(spec, prefix)
            if place is not None:
                program = read_program(prefix.with_suffix(".pdmodel"))
                place.check(str(spec), operators_of(program), _FORBIDDING)
        except ModelError as error:
            results[index] = error
            continue
        conversions[index] = Conversion(
            model=prefix.with_suffix(".pdmodel"),
            parameters=prefix.with_suffix(".pdiparams"),
            target=target,
            output=prefix,
            precision=precision,
        )
    for index, converted in zip(conversions, convert(list(conversions.values())), strict=True):
        if converted.error is not None:
            results[index] = converted.error
            continue
        path = converted.conversion.result
        file = OptimizedFile(path=path, facts=read_optimized_model(path))
        results[index] = _job(specs[index], file, states)
    return results


def _job(spec: OpSpec, file: OptimizedFile, states: tuple[Sampling, ...]) -> Job | EdgeslimError:
    if spec.kind not in {kernel.operator for kernel in file.facts.kernels}:
        return NoOutputError(f"the optimizer made something else of {spec}")
    return _make_job(file.path.stem, file, _inputs(spec), states)


def _inputs(spec: OpSpec) -> list[Input]:
    """Inputs of a model that is one operator alone."""
    kind = known_kinds()[spec.kind]
    fed = [
        shape
        for slot, shapes in spec.inputs.items()
        if slot not in kind.constants
        for shape in shapes
    ]
    return [
        Input(shape=shape, seed=index, dtype=kind.element_type(spec), positive=kind.positive)
        for index, shape in enumerate(fed)
    ]


def model_job(
    name: str,
    file: OptimizedFile,
    graph: Graph,
    states: tuple[Sampling, ...],
    inputs: Mapping[str, Path] | None = None,
) -> Job:
    """A job that times an optimized model.

    Args:
        name: Name of the job.
        file: The optimized model on disk.
        graph: Graph of the model, fused or not.
        states: Sampling in each cache state.
        inputs: NumPy files for its inputs by name; by default they are noise.
    """
    given = {} if inputs is None else {path.name: path for path in inputs.values()}
    job = _make_job(name, file, runner_inputs(graph, inputs), states)
    return replace(job, files={**job.files, **given})


def _make_job(
    name: str, file: OptimizedFile, inputs: Sequence[Input], states: tuple[Sampling, ...]
) -> Job:
    return Job(
        entry=Entry(
            id=name,
            model=file.path.name,
            library_version=file.facts.library_version,
            kernel_targets=tuple(sorted(file.facts.targets)),
            inputs=tuple(inputs),
            states=states,
        ),
        files=file.files,
    )
