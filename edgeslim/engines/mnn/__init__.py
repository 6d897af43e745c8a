"""MNN: by way of ONNX, fed anew before every run, since it uses the memory of inputs."""

from __future__ import annotations

from pathlib import Path

from edgeslim.engines._converted import ConvertedEngine
from edgeslim.engines._engine import Road, with_rewritten
from edgeslim.engines._onnx import TO_ONNX

__all__ = ["ENGINE"]

ENGINE = ConvertedEngine(
    name="mnn",
    title="MNN",
    runtime=Path(__file__).with_name("runtime.py"),
    roads=with_rewritten(
        Road(name="paddle2onnx, MNN", steps=(TO_ONNX, Path(__file__).with_name("convert.py")))
    ),
)
