"""Converts a model for OpenVINO: ``python convert.py JOB`` prints what it made, as JSON.

The job is described in `edgeslim.engines._conversion`. Weights stay in float32. Inputs and outputs
are asked for by name, since OpenVINO turns round the order in which Paddle has its inputs.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

MARK = "@edgeslim "


def main(path: str) -> None:
    """Reads a job, converts and says by which names the model is fed."""
    import openvino

    job = json.loads(Path(path).read_text())
    earlier = job["earlier"]
    core = openvino.Core()
    if earlier:
        model = core.read_model(earlier["files"][0])
        inputs, outputs = earlier["inputs"], earlier["outputs"]
    else:
        model = core.read_model(job["program"], job["parameters"])
        inputs, outputs = job["inputs"], job["outputs"]
    check_names("input", inputs, model.inputs)
    if not earlier and not all(find(name, model.outputs) for name in outputs):
        # They keep their order, and some lose their names.
        if len(outputs) != len(model.outputs):
            sys.exit(f"OpenVINO gives {len(model.outputs)} outputs, not {len(outputs)}")
        outputs = []
        for place, port in enumerate(model.outputs):
            if not port.names:
                port.tensor.set_names({f"output_{place}"})
            outputs.append(min(port.names))
    check_names("output", outputs, model.outputs)
    target = job["output"] + ".xml"
    openvino.save_model(model, target, compress_to_fp16=False)
    files = [target, job["output"] + ".bin"]
    version = openvino.get_version().split("-")[0]
    made = {"files": files, "inputs": inputs, "outputs": outputs, "converter": version}
    print(MARK + json.dumps({**made, "converter": f"OpenVINO {version}"}))


def find(name: str, ports: Any) -> bool:
    """Whether one of some inputs or outputs has a name."""
    return any(name in port.names for port in ports)


def check_names(what: str, names: list[str], ports: Any) -> None:
    """Ends the program if a name is not there."""
    for name in names:
        if not find(name, ports):
            sys.exit(f"OpenVINO's model has no {what} {name!r}")


if __name__ == "__main__":
    main(sys.argv[1])
