"""SSD: boxes as differences from prior boxes, classes by softmax, class 0 the background.

The loss is that of the paper (https://arxiv.org/abs/1512.02325, section 2.2), with the numbers
of MobileNetV1-SSD's original: every object a prior box and every prior box that overlaps it by
half, three negatives for a positive, the sum over the batch divided by its positives.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from edgeslim.picture_steps import BoxDecoding
from edgeslim.training.detection.boxes import Boxes
from edgeslim.training.detection.heads._head import NO_OBJECT, DetectorHead, ImageSize, Outputs
from edgeslim.training.detection.matching import hard_negatives, match
from edgeslim.training.detection.prior_boxes import (
    LARGEST_GROWTH,
    VARIANCES,
    decode,
    encode,
    prior_boxes,
)
from edgeslim.training.detection.suppression import Detections, Suppression

if TYPE_CHECKING:
    from paddle import Tensor

    from edgeslim.opspec import Shape

__all__ = ["HEAD"]

_NEGATIVES = 3
_SUPPRESSION = Suppression(least_score=0.01, most_overlap=0.45, of_class=400, of_image=200)


class _Ssd:
    def recognises(self, shapes: Sequence[Shape], image_size: ImageSize) -> bool:
        if len(shapes) != 2 or any(len(shape) != 3 for shape in shapes):
            return False
        locations, confidences = shapes
        return (
            locations[1:] == (len(prior_boxes(image_size)), 4)
            and confidences[:2] == locations[:2]
            and confidences[2] > 1
        )

    def num_classes(self, shapes: Sequence[Shape]) -> int:
        return shapes[1][2] - 1

    def loss(
        self, outputs: Sequence[Tensor], targets: Sequence[Tensor], image_size: ImageSize
    ) -> Tensor:
        import paddle
        from paddle.nn import functional

        locations, confidences = outputs
        labels, wanted = _targets(targets[0].numpy(), targets[1].numpy(), image_size)
        positive = labels > 0
        entropies = functional.cross_entropy(
            confidences, paddle.to_tensor(labels), reduction="none"
        ).reshape(labels.shape)
        chosen = positive | hard_negatives(entropies.numpy(), positive, _NEGATIVES)
        total = (entropies * paddle.to_tensor(chosen.astype(np.float32))).sum()
        if positive.any():
            found = paddle.gather_nd(locations, paddle.to_tensor(np.argwhere(positive)))
            total += functional.smooth_l1_loss(found, paddle.to_tensor(wanted), reduction="sum")
        return total / max(1, int(positive.sum()))

    def detections(self, outputs: Outputs, image_size: ImageSize) -> list[Detections]:
        locations, confidences = outputs
        boxes = np.clip(decode(locations, prior_boxes(image_size)), 0, 1)
        scores = softmax(confidences, axis=-1)[..., 1:]
        return [
            _SUPPRESSION(image_boxes, image_scores)
            for image_boxes, image_scores in zip(boxes, scores, strict=True)
        ]

    def decoding(self, image_size: ImageSize) -> BoxDecoding:
        return BoxDecoding(
            kind="ssd",
            **asdict(_SUPPRESSION),
            largest_growth=LARGEST_GROWTH,
            priors=np.asarray(prior_boxes(image_size), np.float64),
            variances=tuple(VARIANCES.tolist()),
        )


def _targets(
    boxes: Boxes, classes: NDArray[np.int64], image_size: ImageSize
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Class of each prior box ``(N, priors)``, and the offsets of those with an object."""
    priors = prior_boxes(image_size)
    labels = np.zeros((len(boxes), len(priors)), np.int64)
    wanted = []
    for image, (image_boxes, image_classes) in enumerate(zip(boxes, classes, strict=True)):
        real = image_classes != NO_OBJECT
        matched = match(image_boxes[real], priors)
        positive = matched >= 0
        labels[image, positive] = image_classes[real][matched[positive]] + 1
        wanted.append(encode(image_boxes[real][matched[positive]], priors[positive]))
    return labels, np.concatenate(wanted).astype(np.float32)


HEAD: DetectorHead = _Ssd()
