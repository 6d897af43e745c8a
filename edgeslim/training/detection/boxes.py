"""Boxes by their edges and by their centres, and how much they overlap."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Boxes", "areas", "centres_and_sizes", "edges", "overlaps"]

Boxes = NDArray[np.floating[Any]]
"""``(..., 4)``: left, top, right, bottom."""


def areas(boxes: Boxes) -> Boxes:
    """Areas ``(...)`` of boxes ``(..., 4)``; 0 for a box whose edges are swapped."""
    sides = np.maximum(boxes[..., 2:] - boxes[..., :2], 0)
    product: Boxes = sides[..., 0] * sides[..., 1]
    return product


def overlaps(some: Boxes, others: Boxes) -> Boxes:
    """Intersection over union ``(n, m)`` of boxes ``(n, 4)`` with boxes ``(m, 4)``.

    It is that of the VOC development kit: the kit adds 1 to differences of pixel numbers, of
    which the last still belongs to the box; here edges are where boxes end. Two boxes without
    an area overlap by 0.
    """
    first = np.maximum(some[:, None, :2], others[None, :, :2])
    last = np.minimum(some[:, None, 2:], others[None, :, 2:])
    common = areas(np.concatenate([first, last], axis=-1))
    union = areas(some)[:, None] + areas(others)[None, :] - common
    shares: Boxes = np.divide(common, union, out=np.zeros_like(common), where=union > 0)
    return shares


def centres_and_sizes(boxes: Boxes) -> tuple[Boxes, Boxes]:
    """Centres ``(..., 2)`` and sizes ``(..., 2)`` of boxes ``(..., 4)``, x before y."""
    return (boxes[..., :2] + boxes[..., 2:]) / 2, boxes[..., 2:] - boxes[..., :2]


def edges(centres: Boxes, sizes: Boxes) -> Boxes:
    """Boxes ``(..., 4)`` of centres and sizes ``(..., 2)``."""
    return np.concatenate([centres - sizes / 2, centres + sizes / 2], axis=-1)
