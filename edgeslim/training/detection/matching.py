"""Matches prior boxes with objects, and selects the negatives to learn from."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeslim.training.detection.boxes import Boxes, overlaps

__all__ = ["hard_negatives", "match"]

_LEAST_OVERLAP = 0.5


def match(truths: Boxes, priors: Boxes) -> NDArray[np.int64]:
    """For each prior box the object that it must find, ``(priors,)``; -1 for the background.

    Each object gets the prior box that it overlaps most, the best pair of all first; after
    that, each prior box left gets the object it overlaps most, if by half or more (section 2.2
    of https://arxiv.org/abs/1512.02325). An object that overlaps with nothing gets nothing.

    Args:
        truths: Boxes of the objects, ``(n, 4)``.
        priors: The prior boxes, ``(priors, 4)``.
    """
    matched = np.full(len(priors), -1, np.int64)
    if not len(truths):
        return matched
    shares = overlaps(truths, priors)
    best = shares.argmax(axis=0)
    enough = shares[best, np.arange(len(priors))] >= _LEAST_OVERLAP
    matched[enough] = best[enough]
    for _ in range(len(truths)):
        truth, prior = np.unravel_index(shares.argmax(), shares.shape)
        if shares[truth, prior] <= 0:
            break
        matched[prior] = truth
        shares[truth] = 0
        shares[:, prior] = 0
    return matched


def hard_negatives(
    losses: NDArray[np.floating[Any]], positive: NDArray[np.bool_], ratio: int
) -> NDArray[np.bool_]:
    """Selects the negatives of each image with the highest loss.

    Args:
        losses: Loss of each prior box, ``(images, priors)``.
        positive: Whether each prior box has an object, ``(images, priors)``.
        ratio: Largest number of negatives for each positive of the same image.

    Returns:
        Whether each prior box is selected, ``(images, priors)``.
    """
    hardest_first = np.argsort(np.where(positive, np.inf, -losses), axis=1, kind="stable")
    rank = np.empty_like(hardest_first)
    np.put_along_axis(rank, hardest_first, np.arange(losses.shape[1])[None], axis=1)
    chosen: NDArray[np.bool_] = ~positive & (rank < ratio * positive.sum(axis=1, keepdims=True))
    return chosen
