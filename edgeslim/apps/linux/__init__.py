"""A program in C++11 on the light API, with CMake: for boards, and for this machine."""

from __future__ import annotations

from pathlib import Path

from edgeslim.apps._app import SHARED_CPP, App
from edgeslim.execution import Target

__all__ = ["APP"]

APP = App(
    summary="a program in C++11 with CMake, for Linux boards and x86-64",
    targets=(Target.ARM, Target.X86),
    folder=Path(__file__).parent,
    data="data",
    pictures="pnm",
    compare="ctest --test-dir build --output-on-failure",
    built="Edgeslim's tests compile and run such apps on Linux x86-64, with the library of "
    "Paddle-Lite's wheel; for a board none has been built yet.",
    shared=(("src", SHARED_CPP),),
    ignored=("build/",),
)
