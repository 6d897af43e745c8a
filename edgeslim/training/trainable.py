"""Makes networks that can be trained of models, and saves them again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgeslim.conversion.model_source import LayerModel, ModelSource, SavedModel
from edgeslim.conversion.prepare import build_layer, prepare, prepare_layer
from edgeslim.errors import UsageError
from edgeslim.graph import Graph
from edgeslim.opspec import Shape

if TYPE_CHECKING:
    from paddle import nn

__all__ = ["Trainable", "find_trainable"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Trainable:
    """A network that can be trained and saved.

    Args:
        name: Short name for reports.
        net: The network with saved weights, or with initial ones from the seed.
        input_shape: Shape of its only input, ``(N, C, H, W)``; it takes any ``N``.
        graph: Its operators before any fusion, for the batch of that shape.
        save: Writes the current network into a folder, as ``model.pdmodel`` and
            ``model.pdiparams``.
    """

    name: str
    net: nn.Layer
    input_shape: Shape
    graph: Graph
    save: Callable[[Path], object]


def find_trainable(
    source: ModelSource, scratch: Path, *, seed: int, input_shape: Shape | None = None
) -> Trainable:
    """Makes a network of a model, and checks that it can be saved.

    Args:
        source: The model to train.
        scratch: Folder for temporary files.
        seed: Seed of initial weights.
        input_shape: Input shape ``(N, C, H, W)``, if the model leaves it open.

    Raises:
        UsageError: The shape is missing, or has other channels than the model reads; the model
            reads more than one image.
        BadFileError, ModelError: The source is no model, or one that cannot be saved.
    """
    if isinstance(source, SavedModel):
        return _from_files(source, scratch, input_shape)
    return _from_layer(source, scratch, seed, input_shape)


def _from_layer(
    source: LayerModel, scratch: Path, seed: int, input_shape: Shape | None
) -> Trainable:
    from edgeslim.training.trainer import build_seeded

    shape = input_shape or source.input_shape
    if shape is None:
        raise UsageError(f"{source.name} needs --input-shape, such as 1,3,224,224")
    if source.input_shape is not None and len(shape) == 4 and shape[1] != source.input_shape[1]:
        channels = source.input_shape[1]
        needed = ",".join(map(str, (shape[0], channels, *shape[2:])))
        raise UsageError(
            f"{source.name} reads {channels} channels, not {shape[1]}; write --input-shape {needed}"
        )
    net = build_seeded(lambda: build_layer(source), seed)
    # Saving is tried first: it must not fail after hours of training.
    prepared = prepare_layer(net, shape, scratch / "first", name=source.name)
    return Trainable(
        name=source.name,
        net=net,
        input_shape=shape,
        graph=prepared.graph,
        save=lambda folder: prepare_layer(net, shape, folder, name=source.name),
    )


def _from_files(source: SavedModel, scratch: Path, input_shape: Shape | None) -> Trainable:
    from edgeslim.training.batch_check import check_batches
    from edgeslim.training.program_net import load_program_net

    shapes = None if input_shape is None else {"": input_shape}
    prepared = prepare(source, scratch / "first", input_shapes=shapes)
    net = load_program_net(prepared.prefix)
    shape = net.only_shape(source.name)
    check_batches(net)
    return Trainable(
        name=source.name,
        net=net,
        input_shape=shape,
        graph=prepared.graph,
        save=lambda folder: net.save(folder / "model"),
    )
