"""Spaces as users write them, in files of their own."""

from __future__ import annotations

from pathlib import Path

__all__ = ["PAIRS", "documented", "written"]

DOCS = Path(__file__).parents[2] / "docs" / "spaces.md"

PAIRS = '''
from paddle import nn

def conv(c_in, c_out, kernel=1, after=()):
    layer = nn.Conv2D(c_in, c_out, kernel, padding=kernel // 2, bias_attr=False)
    return nn.Sequential(layer, nn.BatchNorm2D(c_out), *after)

class Gated(nn.Layer):
    """A residual block, or none."""

    def __init__(self, width, kind):
        super().__init__()
        self.kind = kind
        self.conv = conv(width, width, 3)

    def forward(self, images):
        return images if self.kind == 0 else nn.functional.relu(images + self.conv(images))

class Pairs:
    """Pairs of 1x1 convolutions, which the optimizer merges if one of them pays."""

    ranges = (2, 2, 2, 2, 2)
    initial_tokens = (0, 1, 1, 0, 0)
    input_shape = (1, 4, 8, 8)
    num_classes = 3
    parts = ((0, 1), (1, 2), (1, 3, 4))

    def build(self, tokens, num_classes):
        first, width = (8, 16)[tokens[0]], (4, 20)[tokens[1]]
        between, behind = (6, 24)[tokens[3]], (4, 28)[tokens[4]]
        return nn.Sequential(
            conv(4, first), conv(first, width, after=[nn.ReLU()]),
            Gated(width, tokens[2]),
            conv(width, between), conv(between, behind, after=[nn.Hardswish()]),
            nn.AdaptiveAvgPool2D(1), nn.Flatten(), nn.Linear(behind, num_classes),
        )

class Unknown(Pairs):
    """The same without a word about its parts."""

    parts = ()

class Wrong(Pairs):
    """The same with parts that forget what depends on what."""

    parts = ((0,), (1,), (2,), (3, 4))

SPACE = Pairs()
UNKNOWN = Unknown()
WRONG = Wrong()
'''


def documented() -> str:
    """The file that the documentation shows."""
    return DOCS.read_text().split("```python\n")[1].split("```")[0]


def written(folder: Path, content: str, name: str = "own_space.py") -> Path:
    """A file with a space."""
    file = folder / name
    file.write_text(content)
    return file
