"""A task of one's own: is the shape in a picture a disc or a square?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from edgeslim.training.tasks import LabelledImages, TaskData

SIDE = 24


class Shapes:
    """Grey pictures with one disc or square in noise."""

    num_classes = 2
    metric_name = "accuracy"
    class_names = ("disc", "square")
    finds_boxes = False

    def data(self, input_shape: tuple[int, ...], seed: int) -> TaskData:
        """Pictures to learn from, and others to evaluate with."""
        rng = np.random.default_rng(seed)
        labels = rng.integers(0, self.num_classes, 1200)
        images = np.stack([draw(int(label), rng) for label in labels])
        images = np.repeat(images[:, None], input_shape[1], axis=1)
        return TaskData(
            train=LabelledImages(images=images[:1000], labels=labels[:1000]),
            validation=LabelledImages(images=images[1000:], labels=labels[1000:]),
        )

    def picture(self, path: Path, input_shape: tuple[int, ...]) -> NDArray[np.float32]:
        """A picture from a file, as the network reads it: from 0 to 1."""
        grey = Image.open(path).convert("L").resize((SIDE, SIDE))
        pixels = np.asarray(grey, np.float32) / 255
        return np.repeat(pixels[None], input_shape[1], axis=0)


def draw(label: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """One picture of ``SIDE`` by ``SIDE`` pixels."""
    radius = rng.integers(4, 8)
    top, left = rng.integers(radius, SIDE - radius, 2)
    rows, columns = np.mgrid[:SIDE, :SIDE]
    down, across = np.abs(rows - top), np.abs(columns - left)
    inside = (
        (down**2 + across**2 <= radius**2) if label == 0 else np.maximum(down, across) <= radius
    )
    noise = rng.normal(scale=0.2, size=(SIDE, SIDE))
    return np.clip(0.7 * inside + 0.15 + noise, 0, 1).astype(np.float32)


TASK = Shapes()
