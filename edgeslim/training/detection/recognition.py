"""Recognises the kind of a detector by the shapes of its outputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edgeslim.errors import ModelError
from edgeslim.training.detection.heads import HEADS
from edgeslim.training.detection.heads._head import DetectorHead, ImageSize

__all__ = ["recognise_head"]


def recognise_head(
    outputs: Sequence[Any], image_size: ImageSize, class_names: Sequence[str]
) -> DetectorHead:
    """The head that outputs belong to, checked to have as many classes as the task.

    Args:
        outputs: Outputs of a network, tensors or arrays.
        image_size: Height and width of the image that the network read, in pixels.
        class_names: Names of the task's classes.

    Raises:
        ModelError: The outputs are of no known detector, or of one for other classes.
    """
    shapes = [tuple(output.shape) for output in outputs]
    for head in HEADS.members().values():
        if head.recognises(shapes, image_size):
            break
    else:
        height, width = image_size
        raise ModelError(
            f"outputs of shapes {[list(shape) for shape in shapes]} for images of {height}x{width} "
            f"are not the raw outputs of a known detector ({', '.join(HEADS.names())})"
        )
    count = head.num_classes(shapes)
    if count != len(class_names):
        raise ModelError(
            f"the network finds objects of {count} classes, but the task has {len(class_names)} "
            f"({', '.join(class_names)}); build the network for them, or name the classes of the "
            "network in labels.txt"
        )
    return head
