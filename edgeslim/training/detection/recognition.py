"""Which detector a network is, by the shapes of its outputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edgeslim.errors import ModelError
from edgeslim.training.detection.heads import HEADS
from edgeslim.training.detection.heads._head import DetectorHead, ImageSize

__all__ = ["recognised"]


def recognised(
    outputs: Sequence[Any], image_size: ImageSize, class_names: Sequence[str]
) -> DetectorHead:
    """The head that outputs are of, proved to tell so many classes apart.

    Args:
        outputs: Tensors or arrays.
        image_size: Height and width of what the network read.
        class_names: Of the task.

    Raises:
        ModelError: No detector that is known, or one for other classes.
    """
    shapes = [tuple(each.shape) for each in outputs]
    for head in HEADS.members().values():
        if head.recognises(shapes, image_size):
            break
    else:
        height, width = image_size
        raise ModelError(
            f"outputs of shapes {[list(each) for each in shapes]} for images of {height}x{width} "
            f"are not the raw outputs of a detector that is known ({', '.join(HEADS.names())})"
        )
    count = head.num_classes(shapes)
    if count != len(class_names):
        raise ModelError(
            f"the network finds objects of {count} classes and the task has {len(class_names)} "
            f"({', '.join(class_names)}); build the network for them, or name the classes of the "
            "network in labels.txt"
        )
    return head
