"""What Paddle computes of a model as it came: the truth that all else is compared with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from edgeslim.conversion.prepare import PreparedModel
from edgeslim.paddle_io.export import run_each_in_paddle
from edgeslim.paddle_io.pir.proof import run_pir_in_paddle

__all__ = ["paddle_outputs"]

Array = np.ndarray[Any, Any]


def paddle_outputs(
    model: PreparedModel, inputs: Iterable[Mapping[str, Array]]
) -> list[list[Array]]:
    """The outputs for each of some inputs; of a model of Paddle 3's own format, of that file.

    Args:
        model: The model.
        inputs: A value for each of its inputs by name.

    Raises:
        ModelError: Paddle cannot load or run it.
    """
    if model.pir is None:
        return run_each_in_paddle(model.prefix, inputs, name=model.name)
    return run_pir_in_paddle(model.pir.program, inputs)
