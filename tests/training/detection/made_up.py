"""Boxes and classes drawn at random, as detectors and data sets have them."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

__all__ = ["boxes", "random_boxes", "random_targets"]

_PLACES = 16
"""Edges are whole numbers of these, exact in binary; so boxes touch, and lie in each other."""


@st.composite
def boxes(draw: st.DrawFn, most: int = 8, least: int = 0) -> Any:
    """Boxes ``(n, 4)`` with an area."""
    count = draw(st.integers(least, most))
    first = draw(arrays(np.int64, (count, 2), elements=st.integers(0, _PLACES - 1)))
    sides = draw(arrays(np.int64, (count, 2), elements=st.integers(1, _PLACES)))
    return np.concatenate([first, np.minimum(first + sides, _PLACES)], axis=1) / _PLACES


def random_boxes(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
    """Boxes ``(*shape, 4)`` inside the image, small and large."""
    centres = rng.uniform(0.05, 0.95, (*shape, 2))
    sizes = np.minimum(rng.uniform(0.03, 1, (*shape, 2)), 2 * np.minimum(centres, 1 - centres))
    return np.concatenate([centres - sizes / 2, centres + sizes / 2], axis=-1).astype(np.float32)


def random_targets(rng: np.random.Generator, images: int, most: int, classes: int) -> Any:
    """Boxes and classes of a batch; the first image has none, others have less than most."""
    found = random_boxes(rng, (images, most))
    labels = rng.integers(0, classes, (images, most))
    labels[0] = -1
    labels[1, most // 2 :] = -1
    found[labels < 0] = 0
    return found, labels
