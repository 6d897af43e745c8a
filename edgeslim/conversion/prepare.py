"""Preparing models: saved, with closed shapes, and rewritten for Paddle-Lite."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeslim.conversion.model_inputs import GivenInputs, fit_inputs, make_noise
from edgeslim.conversion.model_source import LayerModel, ModelSource, SavedModel
from edgeslim.conversion.required_memory import check_memory
from edgeslim.errors import ModelError, UsageError
from edgeslim.execution import Target
from edgeslim.files import copy_file, new_folder, write_bytes, write_files
from edgeslim.graph import Graph
from edgeslim.opspec import Shape, declared_type
from edgeslim.paddle_io.call_stacks import drop_call_stacks
from edgeslim.paddle_io.draft import Draft
from edgeslim.paddle_io.export import export_layer
from edgeslim.paddle_io.feed_values import feed_types
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.paddle_io.known_shapes import make_shapes_known
from edgeslim.paddle_io.lite_rewrite import rewrite_for_lite
from edgeslim.paddle_io.parameters import check_parameters, combined_parameters
from edgeslim.paddle_io.pir.file_translation import translate_files
from edgeslim.paddle_io.pir.proof import prove_translation
from edgeslim.paddle_io.program_graph import feed_shapes, graph_of
from edgeslim.paddle_io.program_operators import operators_of
from edgeslim.paddle_io.proto import read_program
from edgeslim.paddle_io.saved_check import check_saved
from edgeslim.paddle_io.unused_parameters import add_unused_parameter, drop_empty_parameters
from edgeslim.targets import LawBook, Place, Violation
from edgeslim.targets.layouts import CHANNELS_LAST

if TYPE_CHECKING:
    import paddle

__all__ = ["PreparedModel", "build_layer", "prepare", "prepare_layer"]

_log = logging.getLogger(__name__)

_STEM = "model"


@dataclass(frozen=True, kw_only=True, slots=True)
class PreparedModel:
    """A model that is ready to be optimized, in a folder of its own.

    Args:
        name: Short name for reports.
        prefix: Path of the model as it came, with closed shapes and constants for what it
            computes of them, as ``prefix.pdmodel`` and ``prefix.pdiparams``; Paddle runs it as
            the truth.
        program: File of the program for Paddle-Lite.
        parameters: File of its parameters; the model's own, unless a rewrite needs others.
        graph: Graph of the network before any fusion.
        changes: Phrases that say what was rewritten for Paddle-Lite.
        rewritten: Operators that met laws of targets and were rewritten.
        given: The user's own inputs, with which it is proved and timed; None is noise.
        pir: The model in Paddle 3's own format that it was made from; then Paddle runs that file
            as the truth.
    """

    name: str
    prefix: Path
    program: Path
    parameters: Path
    graph: Graph
    changes: tuple[str, ...]
    rewritten: tuple[Violation, ...] = field(default=(), compare=False)
    given: GivenInputs | None = field(default=None, compare=False)
    pir: SavedModel | None = None


def prepare(
    source: ModelSource,
    folder: Path,
    *,
    input_shapes: Mapping[str, Shape] | None = None,
    inputs: GivenInputs | None = None,
) -> PreparedModel:
    """Prepares a model in ``folder``.

    Args:
        source: Where the model comes from.
        folder: Folder that its files are written to.
        input_shapes: Shapes of open inputs by name; an empty name is the only input. Where
            only the batch is open, it is the batch of the given shapes, or 1. They may have
            types, for a network that is built by a function.
        inputs: The user's own inputs; their shapes close what is still open.

    Raises:
        UsageError: A shape is missing, or is of no input.
        BadFileError: The files are not a model, or the inputs do not fit it.
        ModelError: Paddle cannot export it, or Paddle-Lite cannot run it.
        TooLargeError: Running it, to check what was saved, needs more memory than there is.
    """
    if inputs is None:
        return _prepare(source, folder, dict(input_shapes or {}), {})
    model = _prepare(source, folder, dict(input_shapes or {}), inputs.shapes)
    return replace(model, given=fit_inputs(inputs, model.graph, model.name))


def _prepare(
    source: ModelSource, folder: Path, given: dict[str, Shape], others: Mapping[str, Shape]
) -> PreparedModel:
    """As `prepare`, with shapes that close what is still open."""
    if isinstance(source, LayerModel):
        given = given or ({} if source.input_shape else dict(others))
        if not given and source.input_shape is None:
            raise UsageError(
                f"{source.name} needs --input-shape, such as 1,3,224,224 (or 1,16:int64)"
            )
        load_paddle()
        net = build_layer(source)
        if set(given) <= {""}:
            traced = [given.get("") or source.input_shape or ()]
            prepared = prepare_layer(net, traced[0], folder, name=source.name)
        else:
            names = _names_in_order(net, given, source.name)
            traced = [given[feed] for feed in names]
            prepared = _export(net, traced, names, folder, source.name)
        check_memory(prepared.graph, source.name)
        check_saved(source.name, net, prepared.prefix)
        return prepared
    new_folder(folder)
    if source.program.suffix == ".json":
        return _prepare_from_pir(source, folder, given, others)
    program = read_program(source.program)
    prefix = folder / _STEM
    _take_parameters(source.parameters, program, prefix.with_suffix(".pdiparams"))
    feeds = feed_shapes(program)
    given = {**_close_shapes(feeds, others), **given}
    shapes = _shapes_to_set(source.name, feeds, feed_types(program, tuple(feeds)), given)
    drop_call_stacks(program)
    write_bytes(prefix.with_suffix(".pdmodel"), program.SerializeToString())
    return _rewrite(source.name, folder, make_shapes_known(prefix, shapes, name=source.name))


def _prepare_from_pir(
    source: SavedModel, folder: Path, given: dict[str, Shape], others: Mapping[str, Shape]
) -> PreparedModel:
    """Prepares a model of Paddle 3 as an old program, which Paddle proves to compute the same."""
    prefix = folder / _STEM
    translate_files(source.program, source.parameters, prefix)
    old = SavedModel.at(prefix, name=source.name)
    prepared = _prepare(old, folder, given, others)
    check_memory(prepared.graph, source.name)
    inputs = make_noise(prepared.graph, np.random.default_rng(0))
    prove_translation(source.program, prefix, inputs)
    return replace(prepared, pir=source)


def prepare_layer(
    net: paddle.nn.Layer, input_shape: Shape, folder: Path, *, name: str
) -> PreparedModel:
    """Prepares a network in ``folder``; raises as `prepare`."""
    return _export(net, [input_shape], (), folder, name)


def _export(
    net: paddle.nn.Layer,
    input_shapes: Sequence[Shape],
    names: Sequence[str],
    folder: Path,
    name: str,
) -> PreparedModel:
    new_folder(folder)
    export_layer(net, input_shapes, folder / _STEM, names=names)
    for extra in folder.glob(f"{_STEM}.pdiparams.*"):
        extra.unlink()
    return _rewrite(name, folder, make_shapes_known(folder / _STEM, name=name))


def _names_in_order(net: paddle.nn.Layer, given: Mapping[str, Shape], name: str) -> list[str]:
    """Names of inputs in the order of the network's parameters."""
    parameters = signature(net.forward).parameters.values()
    takes_any = any(
        parameter.kind in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD}
        for parameter in parameters
    )
    if takes_any and "" not in given:
        return list(given)
    taken = [
        parameter.name
        for parameter in parameters
        if parameter.kind
        in {parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY}
    ]
    for unknown in [feed for feed in given if feed not in taken]:
        raise UsageError(
            f"{name} has several inputs; write --input-shape {taken[0] if taken else 'x'}=..."
            if unknown == ""
            else f"{name} has no input {unknown!r}; it takes {', '.join(taken)}"
        )
    return [feed for feed in taken if feed in given]


def build_layer(source: LayerModel) -> paddle.nn.Layer:
    """Builds a network by its function.

    Raises:
        ModelError: The function raises an error, or returns something else.
    """
    paddle = load_paddle()
    try:
        net = source.build()
    except (Exception, SystemExit) as error:
        # The user's own code may raise anything.
        raise ModelError(
            f"{source.name} does not build: {type(error).__name__}: {error}"
        ) from error
    if not isinstance(net, paddle.nn.Layer):
        raise ModelError(f"{source.name} returns {type(net).__name__}, not a paddle.nn.Layer")
    return net


def _take_parameters(source: Path, program: Any, target: Path) -> None:  # noqa: ANN401
    """Copies the parameters of a program, which may have a file each, and checks them."""
    if add_unused_parameter(program, target):
        return
    if source.is_dir():
        write_bytes(target, combined_parameters(source, program))
        check_parameters(target, program)
    else:
        check_parameters(source, program)
        copy_file(source, target)
    drop_empty_parameters(program, target)


def _close_shapes(feeds: Mapping[str, Shape], others: Mapping[str, Shape]) -> dict[str, Shape]:
    """Shapes for open inputs from other shapes that fit their closed extents."""
    closing = {}
    for name, shape in feeds.items():
        other = others.get(name) or (others.get("") if len(feeds) == 1 else None) or ()
        pairs = list(zip(shape, other, strict=False))
        if min(shape, default=0) < 1 and len(shape) == len(other):
            closing[name] = tuple(mine if mine > 0 else its for mine, its in pairs)
    return closing


def _shapes_to_set(
    name: str, feeds: Mapping[str, Shape], types: Mapping[str, str], given: dict[str, Shape]
) -> dict[str, Shape]:
    """The shapes that differ from the saved ones, by input."""
    if "" in given:
        if len(feeds) != 1:
            raise UsageError(
                f"{name} has {len(feeds)} inputs; write --input-shape {next(iter(feeds))}=..."
            )
        given = {next(iter(feeds)): given[""]}
    for unknown in set(given) - set(feeds):
        raise UsageError(f"{name} has no input {unknown!r}; it has {', '.join(feeds)}")
    for feed, shape in given.items():
        known, declared = types.get(feed, "float32"), declared_type(shape)
        if declared not in {"", known}:
            raise UsageError(f"input {feed!r} of {name} is {known}, not {declared}")
    batch = next((shape[0] for shape in given.values() if shape), 1)
    single = {feed: (batch, *shape[1:]) for feed, shape in feeds.items() if _is_open_batch(shape)}
    for feed in single.keys() - given.keys():
        _log.warning(
            "%s: the batch of input %s is open, and %d is taken; --input-shape says another",
            name,
            feed,
            batch,
        )
    wanted = {**feeds, **single, **given}
    for feed, shape in wanted.items():
        if min(shape, default=0) < 1:
            raise UsageError(
                f"the shape {list(shape)} of input {feed!r} of {name} is open; "
                f"give it with --input-shape, such as {feed}={_example(shape)}"
            )
    return {feed: shape for feed, shape in wanted.items() if feeds[feed] != shape}


def _example(shape: Shape) -> str:
    """Example of a closed shape for an open one, as it is written on the command line."""
    sizes = (1, 3, 224, 224) if len(shape) == len("NCHW") else (1, *([16] * len(shape)))
    return ",".join(
        str(extent if extent > 0 else size) for extent, size in zip(shape, sizes, strict=False)
    )


def _is_open_batch(shape: Shape) -> bool:
    """Whether the batch alone is open."""
    return shape[:1] == (-1,) and min(shape[1:], default=0) > 0


def _rewrite(name: str, folder: Path, known: Sequence[str]) -> PreparedModel:
    prefix = folder / _STEM
    original, target = prefix.with_suffix(".pdmodel"), folder / "for_lite.pdmodel"
    program = read_program(original)
    # This check comes before channels are counted along another axis.
    Place.of(Target.ARM, laws=LawBook((CHANNELS_LAST,))).check(name, operators_of(program))
    graph = graph_of(program, original)
    parameters = prefix.with_suffix(".pdiparams")
    draft = Draft(program, parameters)
    changes = rewrite_for_lite(draft)
    files = {target: program.SerializeToString()}
    changed = draft.changed_parameters()
    if changed is not None:
        parameters = target.with_suffix(".pdiparams")
        files[parameters] = changed
    write_files(files)
    return PreparedModel(
        name=name,
        prefix=prefix,
        program=target,
        parameters=parameters,
        graph=graph,
        changes=(*known, *changes),
        rewritten=tuple(draft.noted),
    )
