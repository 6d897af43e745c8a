"""The images that a network is calibrated by, and those that judge how. Needs no Paddle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from edgeslim.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edgeslim.training.tasks import Examples

__all__ = ["CalibrationImages", "draw_images"]

_FEWEST = 10
_HELD_SHARE, _MOST_HELD = 0.25, 128
_MOST_ELEMENTS = 1 << 24
"""Elements of all images of a calibration: 111 images of 224x224, whose feature maps fit."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CalibrationImages:
    """Images of a calibration.

    Args:
        seen: Images ``(N, C, H, W)`` by which networks are calibrated.
        held_out: Images by which they are judged.
    """

    seen: NDArray[np.float32]
    held_out: NDArray[np.float32]


def draw_images(examples: Examples, count: int, seed: int, *, classes: int) -> CalibrationImages:
    """Draws unvaried images of some examples; fewer if there are not so many.

    Args:
        examples: Training examples of a task.
        count: Number of images; of large ones fewer are taken.
        seed: Seed that selects them.
        classes: Number of classes of the task.

    Raises:
        UsageError: Fewer than ten images, of one class only, or with values that are no numbers.
    """
    one, _ = examples.batch(np.arange(1), None)
    count = min(count, max(2 * _FEWEST, _MOST_ELEMENTS // one.size), len(examples))
    if count < _FEWEST:
        raise UsageError(
            f"a calibration needs at least {_FEWEST} pictures, not {count}; give more by --batches "
            "and --batch-size, or a task with more training examples"
        )
    indices = np.random.default_rng(seed).permutation(len(examples))[:count]
    images, targets = examples.batch(indices, None)
    bad = np.flatnonzero(~np.isfinite(images).reshape(count, -1).all(axis=1))
    if bad.size:
        raise UsageError(
            f"training example {indices[bad[0]]} has values that are no numbers, as have "
            f"{bad.size} of {count} pictures of the calibration; mend or leave them out"
        )
    labels = targets[0] if targets else np.empty(0)
    is_classes = labels.shape == (count,) and np.issubdtype(labels.dtype, np.integer)
    if classes > 1 and is_classes and len(np.unique(labels)) == 1:
        raise UsageError(
            f"all {count} pictures of the calibration are of class {labels[0]}, which do not show "
            "what others do; give more by --batches, or another --seed"
        )
    held = min(_MOST_HELD, max(1, round(_HELD_SHARE * count)))
    return CalibrationImages(seen=images[held:], held_out=images[:held])
