"""What Paddle-Lite's runtime itself computes, asked without any runner of ours."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tests.tools import run_python

__all__ = ["outputs_in_paddle_lite"]

_RUN = """
import sys
import numpy as np
import paddlelite.lite as lite

values = np.load(sys.argv[1])
for path in sys.argv[2:]:
    config = lite.MobileConfig()
    config.set_model_from_file(path)
    predictor = lite.create_paddle_predictor(config)
    tensor = predictor.get_input(0)
    tensor.resize(values.shape)
    tensor.set_float_data(values.flatten().tolist())
    predictor.run()
    count = len(predictor.get_output_names())
    np.savez(path + ".npz", *(predictor.get_output(index).numpy() for index in range(count)))
"""


def outputs_in_paddle_lite(
    files: Sequence[Path], images: np.ndarray[Any, Any], folder: Path
) -> list[list[np.ndarray[Any, Any]]]:
    """The outputs of optimized models of one input, all for the same, in one new process.

    Args:
        files: The models; each one's outputs are written beside it.
        images: What is fed.
        folder: Where that is written.
    """
    np.save(folder / "images.npy", images)
    run_python(_RUN, folder / "images.npy", *files)
    found = []
    for file in files:
        with np.load(f"{file}.npz") as outputs:
            found.append([outputs[f"arr_{place}"] for place in range(len(outputs.files))])
    return found
