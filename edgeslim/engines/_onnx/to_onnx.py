"""Converts a model to ONNX: ``python to_onnx.py JOB`` prints what it made, as JSON.

The job is described in `edgeslim.engines._conversion`. Three things are not left to the converter:

- Paddle 3.3 writes the attributes of some operators as doubles, and paddle2onnx 2.1 reads the first
  half of each as a float: a slope of 0.3 becomes 0. It translates a program to Paddle 3's format
  first; its file of that is changed on the way, so that these attributes are floats.
- The opset is 17, in which a hard swish and a layer norm are one operator each.
- Folding of constants is left out, for which it would install packages behind one's back.
"""

from __future__ import annotations

import json
import re
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

MARK = "@edgeslim "
OPSET = 17
DOUBLE, FLOAT = "a_f64", "a_f32"


class FloatAttributes:
    """The converter's inner module, with attributes that it can read."""

    def __init__(self, core: Any) -> None:
        self._core = core

    def export(self, program: str, *others: Any) -> Any:
        """Converts after all attributes are floats; an error ends the program with its text."""
        path = Path(program)
        path.write_text(re.sub(rf'("#":\s*"\d+\.){DOUBLE}"', rf'\1{FLOAT}"', path.read_text()))
        try:
            return self._core.export(program, *others)
        except Exception as error:  # noqa: BLE001 - it raises anything
            # The caller prints it and goes on with nothing.
            sys.exit(f"paddle2onnx: {str(error).strip().splitlines()[0]}")


def main(path: str) -> None:
    """Reads a job, converts and says by which names the model is fed."""
    job = json.loads(Path(path).read_text())
    from paddle2onnx import convert

    convert.c_p2o = FloatAttributes(convert.c_p2o)
    target = job["output"] + ".onnx"
    convert.export(
        job["program"],
        job["parameters"],
        target,
        opset_version=OPSET,
        auto_upgrade_opset=True,
        enable_onnx_checker=True,
        optimize_tool="None",
    )
    import onnx

    graph = onnx.load(target, load_external_data=False).graph
    constants = {tensor.name for tensor in graph.initializer}
    fed = [value.name for value in graph.input if value.name not in constants]
    for name in job["inputs"]:
        if name not in fed:
            sys.exit(f"paddle2onnx: the model has no input {name!r} any more")
    outputs = [value.name for value in graph.output]
    if len(outputs) != len(job["outputs"]):
        sys.exit(f"paddle2onnx: {len(outputs)} outputs instead of {len(job['outputs'])}")
    made = {"files": [target], "inputs": job["inputs"], "outputs": outputs}
    version = metadata.version("paddle2onnx")
    print(MARK + json.dumps({**made, "converter": f"paddle2onnx {version}"}))


if __name__ == "__main__":
    main(sys.argv[1])
