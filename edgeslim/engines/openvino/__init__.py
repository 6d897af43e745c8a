"""OpenVINO: from Paddle's own file, or by way of ONNX where its reader of that goes wrong."""

from __future__ import annotations

from pathlib import Path

from edgeslim.engines._converted import ConvertedEngine
from edgeslim.engines._engine import Road, with_rewritten
from edgeslim.engines._onnx import TO_ONNX

__all__ = ["ENGINE"]

_CONVERT = Path(__file__).with_name("convert.py")

ENGINE = ConvertedEngine(
    name="openvino",
    title="OpenVINO",
    runtime=Path(__file__).with_name("runtime.py"),
    roads=(
        Road(name="OpenVINO", steps=(_CONVERT,)),
        *with_rewritten(Road(name="paddle2onnx, OpenVINO", steps=(TO_ONNX, _CONVERT))),
    ),
)
