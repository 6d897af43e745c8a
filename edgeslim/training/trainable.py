"""A model as a network that can be trained, and how it is saved again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgeslim.conversion.model_source import LayerModel, ModelSource, SavedModel
from edgeslim.conversion.prepare import build_layer, prepare, prepare_layer
from edgeslim.errors import UsageError
from edgeslim.opspec import Shape

if TYPE_CHECKING:
    from paddle import nn

__all__ = ["Trainable", "trainable"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Trainable:
    """A network to train.

    Args:
        name: Short name for reports.
        net: The network; its first weights are those saved, or decided by the seed.
        input_shape: Of its only input, ``(N, C, H, W)``; it takes any ``N``.
        save: Writes it, as it is now, into a folder, as ``model.pdmodel`` and
            ``model.pdiparams``.
    """

    name: str
    net: nn.Layer
    input_shape: Shape
    save: Callable[[Path], object]


def trainable(
    source: ModelSource, scratch: Path, *, seed: int, input_shape: Shape | None = None
) -> Trainable:
    """A model as a network, proved to be one that can be saved.

    Args:
        source: The model.
        scratch: Folder for files that are needed meanwhile.
        seed: Of first weights.
        input_shape: If the model leaves it open.

    Raises:
        UsageError: The shape is missing, or has other channels than the model reads; the model
            reads more than one image.
        BadFileError, ModelError: It is no model, or one that cannot be saved.
    """
    if isinstance(source, SavedModel):
        return _from_files(source, scratch, input_shape)
    return _from_layer(source, scratch, seed, input_shape)


def _from_layer(
    source: LayerModel, scratch: Path, seed: int, input_shape: Shape | None
) -> Trainable:
    from edgeslim.training.trainer import seeded_build

    shape = input_shape or source.input_shape
    if shape is None:
        raise UsageError(f"{source.name} needs --input-shape, such as 1,3,224,224")
    if source.input_shape is not None and len(shape) == 4 and shape[1] != source.input_shape[1]:
        channels = source.input_shape[1]
        needed = ",".join(map(str, (shape[0], channels, *shape[2:])))
        raise UsageError(
            f"{source.name} reads {channels} channels, not {shape[1]}; write --input-shape {needed}"
        )
    net = seeded_build(lambda: build_layer(source), seed)
    # Hours of training are lost on a network that cannot be saved at their end.
    prepare_layer(net, shape, scratch / "first", name=source.name)
    return Trainable(
        name=source.name,
        net=net,
        input_shape=shape,
        save=lambda folder: prepare_layer(net, shape, folder, name=source.name),
    )


def _from_files(source: SavedModel, scratch: Path, input_shape: Shape | None) -> Trainable:
    from edgeslim.training.program_net import load_program_net

    shapes = None if input_shape is None else {"": input_shape}
    prepared = prepare(source, scratch / "first", input_shapes=shapes)
    net = load_program_net(prepared.prefix)
    shape = net.only_shape(source.name)
    net.check_batches()
    return Trainable(
        name=source.name,
        net=net,
        input_shape=shape,
        save=lambda folder: net.save(folder / "model"),
    )
