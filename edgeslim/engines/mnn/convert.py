"""Converts a model of ONNX for MNN: ``python convert.py JOB`` prints what it made, as JSON.

The job is described in `edgeslim.engines._conversion`. The function inside the package converts;
its commands install another package first, and report the conversion where that is there.
"""

from __future__ import annotations

import json
import os
import sys
from importlib import metadata
from pathlib import Path

MARK = "@edgeslim "


def main(path: str) -> None:
    """Reads a job, converts and says by which names the model is fed."""
    import _tools

    job = json.loads(Path(path).read_text())
    earlier = job["earlier"]
    target = job["output"] + ".mnn"
    arguments = ["mnnconvert", "-f", "ONNX", "--modelFile", earlier["files"][0]]
    _tools.mnnconvert([*arguments, "--MNNModel", target, "--bizCode", "edgeslim"])
    if not Path(target).exists():
        sys.exit("MNN: it did not convert the model")
    converter = f"MNN {metadata.version('MNN')}"
    made = {"inputs": earlier["inputs"], "outputs": earlier["outputs"], "converter": converter}
    print()
    print(MARK + json.dumps({"files": [target], **made}))
    sys.stdout.flush()
    os._exit(0)  # what it leaves behind may end the process otherwise


if __name__ == "__main__":
    main(sys.argv[1])
