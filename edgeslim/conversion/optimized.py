"""Results of Paddle-Lite's optimizer for prepared models: the fused graph, and the file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from edgeslim.conversion.crashing_operator import name_crashing_operator
from edgeslim.conversion.precisions import check_kernels, precisions_of, rewrite_for_place
from edgeslim.conversion.prepare import PreparedModel
from edgeslim.errors import (
    BadFileError,
    EdgeslimError,
    ModelError,
    ProgramAbortedError,
    ProgramCrashedError,
)
from edgeslim.execution import Precision, Target
from edgeslim.files import temporary_folder
from edgeslim.fusion import fuse
from edgeslim.graph import Graph
from edgeslim.lite.converter import (
    Conversion,
    ConversionResult,
    ConversionTask,
    convert,
    convert_one,
)
from edgeslim.lite.optimized_model import OptimizedModel, read_optimized_model
from edgeslim.paddle_io.program_graph import read_graph
from edgeslim.paddle_io.program_operators import operators_of
from edgeslim.paddle_io.proto import read_program
from edgeslim.targets import Place

__all__ = [
    "OptimizedFile",
    "check_place",
    "fused_graph",
    "fused_graph_by_rules",
    "optimize",
    "optimize_and_fuse",
    "unfused_graph",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class OptimizedFile:
    """A converted model on disk, and the facts in its file.

    Args:
        path: The file that a device loads.
        facts: Facts that were read from it.
        others: Files that belong to it and lie beside it.
        converter: Name and version of what converted it; empty is ``opt``.
    """

    path: Path
    facts: OptimizedModel
    others: tuple[Path, ...] = ()
    converter: str = ""

    @property
    def files(self) -> dict[str, Path]:
        """All files by the names that a device knows them by."""
        return {path.name: path for path in (self.path, *self.others)}


def optimize(
    model: PreparedModel,
    target: Target,
    output: Path,
    precision: Precision | None = None,
    *,
    place: Place | None = None,
) -> OptimizedFile:
    """Converts a model for a target into ``output`` with ``.nb`` appended.

    Args:
        model: The model as it was prepared.
        target: Kind of processor that it is converted for.
        output: Path of the file without its suffix.
        precision: Precision from `precisions_of`, for the model of `model_for_precision`; by
            default the model's own.
        place: Kernels and threads that will run it, where they are known; by default any
            of the target's, with several threads.

    Raises:
        ProgramError: The optimizer aborted, crashed, hung or left nothing.
        ModelError: The file lacks kernels of the precision, or would be read wrongly;
            or kernels of the place are known to compute one of its operators wrongly.
    """
    (own,) = precisions_of((), model, target)
    wanted = precision or (own if place is None else place.precision)
    where = Place.of(target, wanted) if place is None else replace(place, precision=wanted)
    with temporary_folder() as folder:
        written = rewrite_for_place(model, where, folder)
        where.check(model.name, operators_of(read_program(written.program)))
        conversion = replace(
            _conversion(written, target, output, ConversionTask.OPTIMIZE), precision=wanted
        )
        try:
            path = convert_one(conversion)
        except (ProgramAbortedError, ProgramCrashedError) as error:
            raise name_crashing_operator(error, conversion) from error
        file = OptimizedFile(path=path, facts=read_optimized_model(path))
        check_kernels(model.name, file.facts, wanted)
    return file


def unfused_graph(model: PreparedModel) -> Graph:
    """The network before the optimizer, which is what `edgeslim.fusion.fuse` takes."""
    return read_graph(model.program)


def check_place(model: PreparedModel, place: Place) -> None:
    """Refuses a model if kernels of a place are known to compute an operator wrongly.

    Raises:
        ModelError: They do; the message names the operator.
    """
    with temporary_folder() as folder:
        written = rewrite_for_place(model, place, folder)
        place.check(model.name, operators_of(read_program(written.program)))


def fused_graph(model: PreparedModel, target: Target) -> Graph:
    """The operators that the optimizer leaves for a target, which is what a device runs.

    Raises:
        ProgramError: The optimizer aborted, crashed, hung or left nothing.
        ModelError: The target's kernels are known to compute one of its operators wrongly.
    """
    Place.of(target).check(model.name, operators_of(read_program(model.program)))
    with temporary_folder() as folder:
        return _read_fused(
            convert_one(_conversion(model, target, folder / "fused", ConversionTask.FUSE))
        )


def fused_graph_by_rules(model: PreparedModel, target: Target) -> Graph:
    """The operators of `fused_graph`, by our own rules and without the optimizer.

    Raises:
        ModelError: The target's kernels are known to compute one of its operators wrongly.
    """
    Place.of(target).check(model.name, operators_of(read_program(model.program)))
    return fuse(unfused_graph(model), target)


def optimize_and_fuse(
    models: Sequence[PreparedModel], target: Target, folder: Path, *, place: Place | None = None
) -> list[tuple[OptimizedFile, Graph] | EdgeslimError]:
    """Optimizes and fuses many models in one child process; failures are results, in order.

    The files have the names of the models, in ``folder``; the place is as in `optimize`.
    """
    where = place or Place.of(target)
    refused = {model.name: error for model in models if (error := _refusal(model, where))}
    ready = [model for model in models if model.name not in refused]
    with temporary_folder() as scratch:
        conversions = [
            _conversion(model, target, output, task)
            for index, model in enumerate(ready)
            for output, task in (
                (folder / model.name, ConversionTask.OPTIMIZE),
                (scratch / str(index), ConversionTask.FUSE),
            )
        ]
        done = convert(conversions)
        pairs = zip(done[::2], done[1::2], strict=True)
        made = {
            model.name: _combine_results(*pair) for model, pair in zip(ready, pairs, strict=True)
        }
    return [refused.get(model.name) or made[model.name] for model in models]


def _refusal(model: PreparedModel, place: Place) -> ModelError | None:
    try:
        place.check(model.name, operators_of(read_program(model.program)))
    except ModelError as error:
        return error
    return None


def _combine_results(
    optimized: ConversionResult, fused: ConversionResult
) -> tuple[OptimizedFile, Graph] | EdgeslimError:
    error = optimized.error or fused.error
    if error is not None:
        return error
    path = optimized.conversion.result
    try:
        facts, graph = read_optimized_model(path), _read_fused(fused.conversion.result)
    except (BadFileError, ModelError) as unreadable:
        return unreadable
    return OptimizedFile(path=path, facts=facts), graph


def _read_fused(program: Path) -> Graph:
    return read_graph(program, program.with_name("params"))


def _conversion(
    model: PreparedModel, target: Target, output: Path, task: ConversionTask
) -> Conversion:
    return Conversion(
        model=model.program,
        parameters=model.parameters,
        target=target,
        output=output,
        task=task,
        name=model.name,
    )
