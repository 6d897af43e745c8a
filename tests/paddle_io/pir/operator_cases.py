"""A network of one function each, in families, and what all of them are given.

``x``, ``y``: (2, 3, 4), between 0.1 and 0.9; ``image``: (2, 4, 8, 6); ``volume``: (2, 2, 4, 4, 4);
``four``: 4 positive numbers; ``four_rows``: (4, 3); ``grid``: (2, 5, 5, 2) from -1 to 1; ``ids``:
(2, 3) whole numbers below 4; ``mask``: (2, 3, 4) of bool; ``boxes``: 4 boxes; ``heads``:
(2, 14, 2, 2) of a detector.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from tests.paddle_io.function_cases import CASES
from tests.paddle_io.pir import element_cases, place_cases, shape_cases

_generator = np.random.default_rng(0)


def _between(low: float, high: float, *shape: int) -> np.ndarray[Any, Any]:
    return _generator.uniform(low, high, shape).astype(np.float32)


INPUTS: dict[str, np.ndarray[Any, Any]] = {
    "x": _between(0.1, 0.9, 2, 3, 4),
    "y": _between(0.1, 0.9, 2, 3, 4),
    "image": _between(-1, 1, 2, 4, 8, 6),
    "volume": _between(-1, 1, 2, 2, 4, 4, 4),
    "four": _between(0.5, 1.5, 4),
    "four_rows": _between(-1, 1, 4, 3),
    "grid": _between(-1, 1, 2, 5, 5, 2),
    "ids": _generator.integers(0, 4, (2, 3)),
    "mask": _generator.integers(0, 2, (2, 3, 4)).astype(bool),
    "boxes": shape_cases.BOX_VALUES,
    "heads": _between(-1, 1, 2, 14, 2, 2),
}


def _of_both(case: Callable[..., Any]) -> Callable[..., Any]:
    """A case that reads both tensors, for Paddle saves no input that nothing reads."""
    return lambda x, y: (case(x, y), y + x)


REFUSED = {
    "complex_parts": "complex64",
    "rfft": "complex64",
}
"""Cases that old programs, or edgeslim, have no word for, and the word that is said of each."""

FAMILIES: dict[str, dict[str, Callable[..., Any]]] = {
    "activations": element_cases.ACTIVATIONS,
    "arithmetic": element_cases.ARITHMETIC,
    "comparisons": element_cases.COMPARISONS,
    "reductions": element_cases.REDUCTIONS,
    "convolutions": place_cases.CONVOLUTIONS,
    "pooling": place_cases.POOLING,
    "resizing": place_cases.RESIZING,
    "normalization": place_cases.NORMALIZATION,
    "shapes": shape_cases.SHAPES,
    "indexing": shape_cases.INDEXING,
    "matrices": shape_cases.MATRICES,
    "boxes": shape_cases.BOXES,
    "losses": shape_cases.LOSSES,
    "recurrent": shape_cases.RECURRENT,
    "moved to native code": {name: _of_both(case) for name, case in CASES.items()},
}


def reads(case: Callable[..., Any]) -> tuple[str, ...]:
    """The inputs of a case, by the names of its arguments."""
    given: tuple[str, ...] | None = getattr(case, "reads", None)
    if given is not None:
        return given
    names = [name for name in inspect.signature(case).parameters if name in INPUTS]
    return tuple(names) or ("x", "y")
