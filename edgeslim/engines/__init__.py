"""Engines: what runs a model on a device, Paddle-Lite first, each in a folder of its own.

A folder has four parts. What it can do stands in its ``__init__.py`` as ``ENGINE``; of engines
that are no part of Paddle-Lite, ``runtime.py`` runs a model on the device, feeding it anew before
every run and asking for float32 and the number of threads, and scripts convert. Both are programs
of their own that import nothing of edgeslim, so that they run in a Python of the user's choice.
"""

from __future__ import annotations

from edgeslim.engines._engine import DeploymentEngine, Road
from edgeslim.engines._python import converter_python, engine_python
from edgeslim.registry import Shelf

__all__ = [
    "ALL",
    "DEFAULT",
    "ENGINES",
    "DeploymentEngine",
    "Road",
    "converter_python",
    "engine_python",
]

ENGINES: Shelf[DeploymentEngine] = Shelf(
    what="engine", package="edgeslim.engines", attribute="ENGINE"
)

DEFAULT = "paddle-lite"
"""The engine if none is asked for."""

ALL = "all"
"""The name that asks for every engine that is there."""
