"""Networks of spaces from their tokens; the whole of ``edgeslim space build``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edgeslim.conversion.find_space import find_space
from edgeslim.conversion.model_source import LayerModel
from edgeslim.conversion.prepare import prepare_layer
from edgeslim.errors import UsageError
from edgeslim.files import replace_folder, temporary_folder
from edgeslim.opspec import Shape
from edgeslim.paddle_io.importing import load_paddle

__all__ = ["build_network", "find_network"]

_FILES = {"model.pdmodel", "model.pdiparams", "for_lite.pdmodel"}
"""Names of the files of a saved model."""


def find_network(
    space: str,
    tokens: Sequence[int],
    *,
    input_shape: Shape | None = None,
    num_classes: int | None = None,
) -> LayerModel:
    """The network of some tokens as a model; raises as `build_network`."""
    chosen = find_space(space).space(input_shape, num_classes)
    checked = chosen.check(tokens)
    load_paddle()
    return LayerModel(
        name=chosen.name, build=lambda: chosen.build(checked), input_shape=chosen.input_shape
    )


def build_network(
    space: str,
    tokens: Sequence[int],
    out: Path,
    *,
    input_shape: Shape | None = None,
    num_classes: int | None = None,
    seed: int = 0,
) -> Path:
    """Builds a network of a space with fresh weights and saves it.

    Args:
        space: Name of the space, or the user's file with one.
        tokens: Tokens of the network.
        out: Folder for the saved model; an older model there is replaced.
        input_shape: Input shape, if not the space's own.
        num_classes: Number of classes, if not the space's own.
        seed: Seed of the fresh weights.

    Returns:
        The folder of the model.

    Raises:
        UsageError: The space is unknown, the tokens do not fit it, or ``out`` has other files.
        UnwritableError: The folder cannot be written.
    """
    network = find_network(space, tokens, input_shape=input_shape, num_classes=num_classes)
    _check_replaceable(out)
    load_paddle().seed(seed)
    with temporary_folder(near=out.absolute().parent) as folder:
        finished = folder / "model"
        assert network.input_shape is not None  # noqa: S101 - a space always says it
        prepare_layer(network.build(), network.input_shape, finished, name=network.name)
        replace_folder(finished, out)
    return out


def _check_replaceable(out: Path) -> None:
    """Checks that a folder holds nothing but a model, which may be replaced."""
    if out.is_dir():
        foreign = sorted({path.name for path in out.iterdir()} - _FILES)
        if foreign:
            raise UsageError(f"{out} holds {foreign[0]}, which is no part of a model; give another")
    elif out.exists():
        raise UsageError(f"{out} is a file; give a folder for the model")
