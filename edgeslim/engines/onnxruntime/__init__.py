"""ONNX Runtime: converted by paddle2onnx, run on the processor in float32."""

from __future__ import annotations

from pathlib import Path

from edgeslim.engines._converted import ConvertedEngine
from edgeslim.engines._engine import Road, with_rewritten
from edgeslim.engines._onnx import TO_ONNX

__all__ = ["ENGINE"]

ENGINE = ConvertedEngine(
    name="onnxruntime",
    title="ONNX Runtime",
    runtime=Path(__file__).with_name("runtime.py"),
    roads=with_rewritten(Road(name="paddle2onnx", steps=(TO_ONNX,))),
)
