"""From Paddle to ONNX, the first half of most roads."""

from __future__ import annotations

from pathlib import Path

__all__ = ["TO_ONNX"]

TO_ONNX = Path(__file__).with_name("to_onnx.py")
"""The script that converts by paddle2onnx."""
