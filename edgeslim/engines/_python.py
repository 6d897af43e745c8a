"""Which Python runs an engine or a converter: the one of edgeslim, or one that a variable names."""

from __future__ import annotations

import os
import sys

__all__ = ["converter_python", "engine_python", "variable_of"]

_EVERY = "EDGESLIM_ENGINE_PYTHON"
"""Variable with the Python of all engines and converters that have none of their own."""


def engine_python(engine: str) -> str:
    """The Python on this machine that runs an engine.

    ``EDGESLIM_<ENGINE>_PYTHON`` names it, else ``EDGESLIM_ENGINE_PYTHON``; else it is ours.
    """
    return os.environ.get(variable_of(engine)) or os.environ.get(_EVERY) or sys.executable


def converter_python(converter: str) -> str:
    """The Python that runs a converter, which may need other versions than its engine.

    It is named as by `engine_python`.
    """
    return engine_python(converter)


def variable_of(name: str) -> str:
    """The variable that names the Python of an engine or a converter."""
    return f"EDGESLIM_{name.upper().replace('-', '_')}_PYTHON"
