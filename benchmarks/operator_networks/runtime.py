"""The child in which Paddle-Lite's runtime computes: each model in a process of its own.

    python -I runtime.py JOBS

A line of JOBS has a model, a file of inputs by name and one for the outputs. Each input has a
predictor of its own, since some kernels give results that depend on what ran before. For each
job a line says how its process ended.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

_SECONDS = 60.0


def main(jobs: Path) -> None:
    import numpy as np
    from paddlelite import lite

    for line in jobs.read_text().splitlines():
        job = json.loads(line)
        child = os.fork()
        if not child:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.setitimer(signal.ITIMER_REAL, _SECONDS)
            _run(job, lite, np)
            os._exit(0)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print(json.dumps({"job": job["id"], "status": status}), flush=True)


def _run(job: dict[str, Any], lite: Any, np: Any) -> None:
    inputs = np.load(job["inputs"], allow_pickle=False)
    model = Path(job["model"]).read_bytes()
    outputs = {}
    for name in inputs.files:
        config = lite.MobileConfig()
        config.set_model_from_buffer(model)
        predictor = lite.create_paddle_predictor(config)
        predictor.get_input(0).from_numpy(inputs[name])
        predictor.run()
        for place in range(len(predictor.get_output_names())):
            outputs[f"{name}/{place}"] = _copied(predictor.get_output(place), np)
    np.savez(job["outputs"], **outputs)


def _copied(tensor: Any, np: Any) -> Any:
    """What a tensor holds; its own array is a view of memory that goes with the predictor."""
    array = tensor.numpy()
    if array.dtype == bool:
        # The array of truth values has strides of nought: all are the first one.
        return np.array(tensor.uint8_data(), dtype=bool).reshape(array.shape)
    return array.copy()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
