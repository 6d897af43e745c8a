"""Fashion-MNIST with fewer images to learn from, so that twenty networks can be trained."""

from __future__ import annotations

import os

import numpy as np

from edgeslim.training.tasks import TaskData, draw_part, find_task

__all__ = ["FOR_TEACHERS", "TASK"]


class _FewerClothes:
    def __init__(self, images: int) -> None:
        self._images = images
        self._whole = find_task("fashion_mnist")
        self.num_classes = self._whole.num_classes
        self.metric_name = self._whole.metric_name

    def data(self, input_shape: tuple[int, ...], seed: int) -> TaskData:
        whole = self._whole.data(input_shape, seed)
        share = float(np.clip(self._images / len(whole.train), 0, 1))
        return TaskData(
            train=draw_part(whole.train, share, 0),
            validation=whole.validation,
            loss=whole.loss,
            metric=whole.metric,
        )


TASK = _FewerClothes(int(os.environ.get("CLOTHES", "12000")))
FOR_TEACHERS = _FewerClothes(30_000)
