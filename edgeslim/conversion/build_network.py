"""The whole of ``edgeslim space build``: tokens to a saved model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edgeslim.conversion.prepare import prepare_layer
from edgeslim.files import replace_folder, temporary_folder
from edgeslim.opspec import Shape
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.spaces import SPACES

__all__ = ["build_network"]


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
        space: Name of the space.
        tokens: The network.
        out: Folder for the saved model; an older one there is replaced.
        input_shape: Input, if not the space's own.
        num_classes: Width of the output, if not the space's own.
        seed: Of the weights.

    Returns:
        The folder.

    Raises:
        UsageError: Unknown space, tokens that are not of it.
        UnwritableError: The folder cannot be written.
    """
    chosen = SPACES.get(space).space(input_shape, num_classes)
    checked = chosen.check(tokens)
    paddle = load_paddle()
    paddle.seed(seed)
    with temporary_folder(near=out.absolute().parent) as folder:
        finished = folder / "model"
        prepare_layer(chosen.build(checked), chosen.input_shape, finished, name=chosen.name)
        replace_folder(finished, out)
    return out
