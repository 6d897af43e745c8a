"""Networks of spaces from their tokens; the whole of ``edgeslim space build``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from edgeslim.conversion.find_space import find_space
from edgeslim.conversion.model_source import LayerModel
from edgeslim.conversion.prepare import prepare_layer
from edgeslim.conversion.shape_options import SPACE_SHAPE
from edgeslim.errors import UsageError
from edgeslim.files import replace_folder, temporary_folder
from edgeslim.opspec import Shape
from edgeslim.options import ARGUMENT, OPTION, called_with
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.spaces import parse_tokens

__all__ = ["BuildRequest", "build_network", "find_network"]

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


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildRequest:
    """What can be asked of `build_network`."""

    space: Annotated[str, ARGUMENT] = field(kw_only=False)
    """The search space, or space.py."""
    tokens: Annotated[Sequence[int], OPTION(parse=parse_tokens)] = field(kw_only=False)
    """The network's tokens: 3,1,1,0,1,0,..."""
    out: Annotated[Path, OPTION] = field(kw_only=False)
    """Folder for the saved model; an older model there is replaced."""
    input_shape: Annotated[Shape | None, SPACE_SHAPE] = None
    """Input shape of the network, if not the space's own: 1,3,224,224."""
    num_classes: Annotated[int | None, OPTION("--classes")] = None
    """Width of its output, if not the space's own."""
    seed: int = 0
    """Seed of the fresh weights."""


@called_with(BuildRequest)
def build_network(request: BuildRequest) -> Path:
    """Builds a network of a space with fresh weights and saves it; returns the model's folder.

    Raises:
        UsageError: The space is unknown, the tokens do not fit it, or ``out`` has other files.
        UnwritableError: The folder cannot be written.
    """
    network = find_network(
        request.space,
        request.tokens,
        input_shape=request.input_shape,
        num_classes=request.num_classes,
    )
    out = request.out
    _check_replaceable(out)
    load_paddle().seed(request.seed)
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
