"""Paddle for the catalogue, loaded when it is first used, and layers made of functions."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from edgeslim.paddle_io.importing import load_paddle

__all__ = ["F", "array", "nn", "paddle", "weighted"]


class _Late:
    """A module that is imported when something of it is asked for."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        load_paddle()
        return getattr(importlib.import_module(self._name), attribute)


paddle, nn, F = _Late("paddle"), _Late("paddle.nn"), _Late("paddle.nn.functional")


def array(shape: Sequence[int], *, seed: int = 0, low: float = 0.0) -> np.ndarray[Any, Any]:
    """Noise in quarters, which adds up without rounding; of at least ``low`` in size."""
    generator = np.random.default_rng(seed)
    numbers = np.round(generator.standard_normal(tuple(shape)) * 4) / 4
    signs = np.where(numbers < 0, -1, 1)
    return (numbers + signs * low).astype(np.float32)


def weighted(shape: Sequence[int], compute: Callable[[Any, Any], Any], low: float = 0.0) -> Any:
    """A layer of one parameter that computes something of its input and it."""

    class Weighted(nn.Layer):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            start = paddle.nn.initializer.Assign(array(shape, seed=len(shape), low=low))
            self.weight = self.create_parameter(list(shape), default_initializer=start)
            self.weight.is_fixed = True

        def forward(self, x: Any) -> Any:
            return compute(x, self.weight)

    return Weighted()
