"""Converts a model of ONNX for ncnn: ``python convert.py JOB`` prints what it made, as JSON.

The job is described in `edgeslim.engines._conversion`. Weights stay in float32.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

MARK = "@edgeslim "


def main(path: str) -> None:
    """Reads a job, converts and says by which names the model is fed."""
    # The package imports torch, which its program does not need.
    spec = find_spec("pnnx")
    if spec is None or not spec.submodule_search_locations:
        sys.exit("ModuleNotFoundError: No module named 'pnnx'")
    program = Path(spec.submodule_search_locations[0], "pnnx")
    job = json.loads(Path(path).read_text())
    earlier = job["earlier"]
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "model.onnx")
        shutil.copyfile(earlier["files"][0], source)
        completed = subprocess.run(
            [str(program), str(source), "fp16=0"],
            cwd=folder,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        made = Path(folder, "model.ncnn.param"), Path(folder, "model.ncnn.bin")
        if completed.returncode != 0 or not made[0].exists():
            if completed.returncode < 0:
                os.kill(os.getpid(), -completed.returncode)
            lines = (completed.stderr or completed.stdout).strip().splitlines() or ["no word"]
            sys.exit(f"pnnx: {lines[-1]}")
        parameters = made[0].read_text()
        unknown = re.findall(r"^(pnnx\.\S+|aten::\S+|[a-z]\S*[.:]\S+)\s", parameters, re.MULTILINE)
        if unknown:
            sys.exit(f"pnnx: ncnn has no layer for {', '.join(sorted(set(unknown)))}")
        files = [job["output"] + ".param", job["output"] + ".bin"]
        for own, target in zip(made, files, strict=True):
            shutil.copyfile(own, target)
    inputs = [f"in{number}" for number in order_of_inputs(earlier)]
    outputs = [f"out{number}" for number in range(len(earlier["outputs"]))]
    converter = f"pnnx {metadata.version('pnnx')}"
    found = {"files": files, "inputs": inputs, "outputs": outputs, "converter": converter}
    print(MARK + json.dumps(found))


def order_of_inputs(earlier: dict[str, list[str]]) -> list[int]:
    """Which number pnnx gives to each input: they are counted in the order of the ONNX model."""
    import onnx

    graph = onnx.load(earlier["files"][0]).graph
    constants = {tensor.name for tensor in graph.initializer}
    fed = [value.name for value in graph.input if value.name not in constants]
    return [fed.index(name) for name in earlier["inputs"]]


if __name__ == "__main__":
    main(sys.argv[1])
