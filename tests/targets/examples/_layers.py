"""Small layers that examples are made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from paddle import nn

__all__ = ["Computed"]


class Computed(nn.Layer):  # type: ignore[misc]
    """What a function computes of one input."""

    def __init__(self, compute: Callable[[Any], Any], **layers: nn.Layer) -> None:
        super().__init__()
        self._compute = compute
        for name, layer in layers.items():
            setattr(self, name, layer)

    def forward(self, x: Any) -> Any:
        return self._compute(x)
