"""A network and a task as users write them, in files of their own."""

from __future__ import annotations

from pathlib import Path

__all__ = ["FILES", "write_own_files"]

FILES = {
    "nets.py": """
import time
from paddle import nn

class Slow(nn.Layer):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2D(1, 8, 3, stride=2), nn.BatchNorm2D(8), nn.ReLU(), nn.Flatten(),
            nn.Linear(8 * 7 * 7, 2),
        )

    def forward(self, images):
        return self.body(images)

def slow():
    return Slow()

def broken():
    return nn.Linear(16, 3)
""",
    "task.py": """
import time
import numpy as np
from edgeslim.training.tasks import LabelledImages, TaskData

class Halves:
    \"\"\"Which half is brighter; images that come slowly.\"\"\"

    num_classes = 2
    metric_name = "share_of_halves"

    def __init__(self, pause_s=0.0, rate=1.0):
        self.pause_s, self.rate = pause_s, rate

    def data(self, input_shape, seed):
        rng = np.random.default_rng(seed)
        images = rng.normal(size=(64, *input_shape[1:])).astype(np.float32)
        labels = (rng.random(64) < 0.5).astype(np.int64)
        images[labels == 1, :, :8] += 1
        part = LabelledImages(images=images, labels=labels)
        return TaskData(train=Slowly(part, self.pause_s), validation=part)

class Slowly:
    def __init__(self, part, pause_s):
        self.part, self.pause_s = part, pause_s

    def __len__(self):
        return len(self.part)

    def batch(self, places, rng):
        if rng is not None:
            time.sleep(self.pause_s)
        return self.part.batch(places, rng)

TASK = Halves()
SLOW = Halves(pause_s=0.3)
""",
}


def write_own_files(folder: Path) -> None:
    """Writes ``nets.py`` and ``task.py``."""
    for name, content in FILES.items():
        (folder / name).write_text(content)
