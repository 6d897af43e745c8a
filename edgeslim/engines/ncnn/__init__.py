"""ncnn: by way of ONNX and pnnx, in float32 throughout."""

from __future__ import annotations

from pathlib import Path

from edgeslim.engines._converted import ConvertedEngine
from edgeslim.engines._engine import Road, with_rewritten
from edgeslim.engines._onnx import TO_ONNX

__all__ = ["ENGINE"]

ENGINE = ConvertedEngine(
    name="ncnn",
    title="ncnn",
    has_batches=False,
    runtime=Path(__file__).with_name("runtime.py"),
    roads=with_rewritten(
        Road(name="paddle2onnx, pnnx", steps=(TO_ONNX, Path(__file__).with_name("convert.py")))
    ),
)
