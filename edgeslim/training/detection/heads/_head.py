"""Kinds of detectors: a loss for raw outputs, and the boxes in these."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from edgeslim.picture_steps import BoxDecoding
from edgeslim.training.detection.suppression import Detections

if TYPE_CHECKING:
    from paddle import Tensor

    from edgeslim.opspec import Shape

__all__ = ["NO_OBJECT", "DetectorHead", "ImageSize", "Outputs"]

ImageSize = tuple[int, int]
"""Height and width of what the network reads, in pixels."""

Outputs = Sequence[NDArray[np.floating[Any]]]

NO_OBJECT = -1
"""Class of targets that only fill up an image's rows."""


class DetectorHead(Protocol):
    """One kind of detector.

    Targets are two arrays (or more; the rest is not looked at): boxes ``(N, most, 4)`` and
    their classes ``(N, most)`` from 0, `NO_OBJECT` where an image has fewer.
    """

    def recognises(self, shapes: Sequence[Shape], image_size: ImageSize) -> bool:
        """Whether a network with outputs of these shapes is such a detector."""

    def num_classes(self, shapes: Sequence[Shape]) -> int:
        """Number of classes of a recognised network, without the background."""

    def loss(
        self, outputs: Sequence[Tensor], targets: Sequence[Tensor], image_size: ImageSize
    ) -> Tensor:
        """The loss that training minimizes, one number with gradients."""

    def detections(self, outputs: Outputs, image_size: ImageSize) -> list[Detections]:
        """The detections of each image."""

    def decoding(self, image_size: ImageSize) -> BoxDecoding:
        """The numbers by which `detections` decodes, for programs without edgeslim."""
