"""Compressions on the digits in the process of the tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgeslim.compression.compress import Compression, compress
from tests.compression.files import write

UNIFORM = """
strategies:
  u: {class: UniformPruneStrategy, start_epoch: 1, target_ratio: 0.5}
compressor: {epoch: 3, strategies: [u], batch_size: 128}
"""


def run(folder: Path, text: str = UNIFORM, *overrides: str, **more: Any) -> Compression:
    given = {"model": str(folder / "net"), "task": "digits", "out": folder / "out", **more}
    return compress(write(folder, text), overrides=overrides, **given)


USER = """
from paddle import nn

def network():
    return nn.Sequential(
        nn.Conv2D(1, 8, 3, stride=2), nn.BatchNorm2D(8), nn.ReLU(), nn.Conv2D(8, 16, 3, stride=2),
        nn.ReLU(), nn.Flatten(), nn.Linear(144, 10),
    )
"""


def user_network(folder: Path) -> str:
    """A network of the user's, whose parameters have no names of their own."""
    (folder / "user.py").write_text(USER)
    return f"{folder / 'user.py'}:network"
