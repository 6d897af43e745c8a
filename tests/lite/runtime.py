"""What Paddle-Lite's runtime itself computes, asked without any runner of ours."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from edgeslim.companion import lite_python
from tests.tools import run_python

__all__ = ["outputs_in_paddle_lite"]

Array = np.ndarray[Any, Any]

_RUN = """
import sys
import numpy as np
import paddlelite.lite as lite

for path in sys.argv[1:]:
    print(path, file=sys.stderr)
    values = np.load(path + ".npy")
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
    images: Mapping[Path, Array], *, timeout_s: float = 60.0
) -> list[list[Array]]:
    """The outputs of optimized models of one input, all in one new process.

    Args:
        images: What each model is fed, by the model's file; both that and the outputs are
            written beside it.
        timeout_s: Seconds that all of them may take together.
    """
    for file, values in images.items():
        np.save(f"{file}.npy", values)
    run_python(_RUN, *images, timeout_s=timeout_s, python=lite_python())
    found = []
    for file in images:
        with np.load(f"{file}.npz") as outputs:
            found.append([outputs[f"arr_{place}"] for place in range(len(outputs.files))])
    return found
