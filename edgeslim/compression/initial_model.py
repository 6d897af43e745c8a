"""Finds the networks that a compression starts from: the model and the teacher."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgeslim.compression.configuration import Configuration
from edgeslim.conversion.model_source import LayerModel, ModelSource, SavedModel, find_model
from edgeslim.conversion.prepare import PreparedModel, build_layer, prepare, prepare_layer
from edgeslim.conversion.pruned_model import model_tensors
from edgeslim.errors import BadFileError, EdgeslimError, UnknownNameError, UsageError
from edgeslim.graph import Graph
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.paddle_io.parameters import write_program
from edgeslim.paddle_io.proto import read_program
from edgeslim.runs.sensitivity_rows import fingerprint
from edgeslim.training.tasks import Task

Arrays = Mapping[str, np.ndarray[Any, Any]]

__all__ = ["InitialModel", "find_initial_model", "find_teacher"]


@dataclass(frozen=True, kw_only=True, slots=True)
class InitialModel:
    """The network before the first epoch.

    Args:
        model: The prepared model of the network.
        fingerprint: Checksum of its parameters, whatever their names are.
        is_trained: Whether its parameters were saved, rather than random.
    """

    model: PreparedModel
    fingerprint: str
    is_trained: bool


def find_initial_model(configuration: Configuration, task: Task, folder: Path) -> InitialModel:
    """Finds the model to compress.

    Args:
        configuration: Configuration that names it: ``init_model`` before ``model``.
        task: Task to train for; a network by name gets as many classes.
        folder: Folder for the model's files.

    Raises:
        UsageError: No model is named, or it has several inputs.
        BadFileError, ModelError: It is no model; parameters of another model.
    """
    common, file = configuration.compressor, configuration.file
    key = next((key for key in ("init_model", "model", "pretrained") if getattr(common, key)), None)
    if key is None:
        raise UsageError(f"{file}: compressor.model is missing; give --model")
    source = _find(configuration, key, num_classes=task.num_classes)
    model = _prepare(source, folder / "model", configuration)
    trained = isinstance(source, SavedModel)
    if key == "model" and common.pretrained is not None:
        model = _with_parameters(configuration, model, folder)
        trained = True
    feeds = model.graph.feeds
    if len(feeds) != 1:
        raise UsageError(
            f"{file}: compressor.{key}: {model.name} has {len(feeds)} inputs "
            f"({', '.join(feeds)}), but a task has one image"
        )
    return InitialModel(model=model, fingerprint=_fingerprint(model), is_trained=trained)


def _fingerprint(model: PreparedModel) -> str:
    """Checksum of the parameters in order; their names may differ in another process."""
    tensors = model_tensors(model)
    return fingerprint(
        {f"{index:06}": tensors[name] for index, name in enumerate(_used_parameters(model.graph))}
    )


def find_teacher(
    configuration: Configuration, start: InitialModel | None, folder: Path
) -> PreparedModel | None:
    """Finds the teacher, if one is named.

    Raises:
        UsageError: It does not read the same images as the student.
        BadFileError, ModelError: It is no model.
    """
    named = configuration.compressor.teacher
    if named is None:
        return None
    place = f"{configuration.file}: compressor.teacher"
    source = _find(configuration, "teacher", num_classes=None)
    if isinstance(source, LayerModel) and source.input_shape is not None:
        raise UsageError(f"{place}: {named} has no trained weights; give a saved model")
    model = _prepare(source, folder, configuration)
    if start is not None:
        mine, its = (tuple(net.graph.feeds.values()) for net in (start.model, model))
        if [shape[1:] for shape in mine] != [shape[1:] for shape in its]:
            raise UsageError(
                f"{place}: {named} reads {_text(its)}, but the student reads {_text(mine)}; "
                "both get the same images"
            )
    return model


def _find(configuration: Configuration, key: str, *, num_classes: int | None) -> ModelSource:
    text = getattr(configuration.compressor, key)
    try:
        return find_model(text, num_classes=num_classes)
    except UnknownNameError as error:
        raise UsageError(f"{configuration.file}: compressor.{key}: {error}") from error
    except EdgeslimError as error:
        raise type(error)(f"{configuration.file}: compressor.{key}: {error}") from error


def _prepare(source: ModelSource, folder: Path, configuration: Configuration) -> PreparedModel:
    shape = configuration.compressor.input_shape
    if isinstance(source, SavedModel):
        return prepare(source, folder, input_shapes=None if shape is None else {"": shape})
    shape = shape or source.input_shape
    if shape is None:
        raise UsageError(f"{source.name} needs --input-shape, such as 1,3,224,224")
    load_paddle()
    from edgeslim.training.trainer import build_seeded

    net = build_seeded(lambda: build_layer(source), configuration.compressor.seed)
    return prepare_layer(net, shape, folder, name=source.name)


def _with_parameters(
    configuration: Configuration, model: PreparedModel, folder: Path
) -> PreparedModel:
    """A model with the parameters of another one, which have the same names.

    Raises:
        BadFileError: A parameter is missing or has another shape.
    """
    named = configuration.compressor.pretrained
    place = f"{configuration.file}: compressor.pretrained: {named}"
    source = _find(configuration, "pretrained", num_classes=None)
    if not isinstance(source, SavedModel):
        raise UsageError(f"{place} is no saved model, so it has no trained weights")
    known = prepare(source, folder / "pretrained")
    given: Arrays = model_tensors(known)
    program = read_program(model.prefix.with_suffix(".pdmodel"))
    wanted = model_tensors(model)
    if not wanted.keys() <= given.keys():
        given = _by_order(model.graph, known.graph, given)
    values = {}
    for name, own in wanted.items():
        if name not in given:
            raise BadFileError(
                f"{place}: {UnknownNameError('parameter', name, given)}; give the saved model "
                "itself as --model"
            )
        if given[name].shape != own.shape:
            raise BadFileError(
                f"{place}: {name} is {list(given[name].shape)}, not {list(own.shape)}"
            )
        values[name] = given[name]
    prefix = folder / "with" / "model"
    write_program(prefix, program, values)
    return prepare(SavedModel.at(prefix, name=model.name), folder / "started")


def _by_order(mine: Graph, its: Graph, given: Arrays) -> Arrays:
    """Parameters by the names of another network, if both use the same shapes in the same order.

    Paddle numbers what has no name, so the same network has different names in another process.
    """
    own, other = _used_parameters(mine), _used_parameters(its)
    if [mine.parameters[name] for name in own] != [its.parameters[name] for name in other]:
        return given
    return {name: given[theirs] for name, theirs in zip(own, other, strict=True)}


def _used_parameters(graph: Graph) -> list[str]:
    """Names of parameters in the order in which operators first read them."""
    names = (
        name for node in graph.nodes for slot in sorted(node.weights) for name in node.weights[slot]
    )
    return list(dict.fromkeys(names))


def _text(shapes: tuple[tuple[int, ...], ...]) -> str:
    return " and ".join("x".join(map(str, shape[1:])) for shape in shapes)
