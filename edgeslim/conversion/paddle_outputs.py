"""Paddle's outputs of a model as it came, which all other outputs are compared with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from edgeslim.conversion.prepare import PreparedModel
from edgeslim.paddle_io.export import run_batches_in_paddle
from edgeslim.paddle_io.pir.proof import run_pir_in_paddle

__all__ = ["paddle_outputs"]

Array = np.ndarray[Any, Any]


def paddle_outputs(
    model: PreparedModel, inputs: Iterable[Mapping[str, Array]]
) -> list[list[Array]]:
    """Paddle's outputs for several inputs; a model in Paddle 3's own format is run from its file.

    Args:
        model: The model as it was prepared.
        inputs: For each run, an array for each input by name.

    Raises:
        ModelError: Paddle cannot load or run it.
    """
    if model.pir is None:
        return run_batches_in_paddle(model.prefix, inputs, name=model.name)
    return run_pir_in_paddle(model.pir.program, inputs)
