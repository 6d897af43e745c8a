"""A program in Python, for machines with Paddle-Lite's wheel."""

from __future__ import annotations

from pathlib import Path

from edgeslim.apps._app import App
from edgeslim.execution import Target

__all__ = ["APP"]

APP = App(
    summary="a program in Python, for Linux on x86-64 with Paddle-Lite's wheel",
    targets=(Target.X86,),
    folder=Path(__file__).parent,
    data="data",
    pictures="png",
    compare="python compare.py",
    built="Edgeslim's tests run such apps with Python 3.10 on Linux x86-64.",
    ignored=(".venv/", "__pycache__/"),
)
