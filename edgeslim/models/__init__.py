"""Networks by name, one file a model.

Nothing here imports Paddle until a network is built; its layers are in `edgeslim.families`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgeslim.registry import Shelf

if TYPE_CHECKING:
    from edgeslim.models._entry import ModelEntry

__all__ = ["MODELS"]

MODELS: Shelf[ModelEntry] = Shelf(what="model", package="edgeslim.models", attribute="MODEL")
"""All models, by name."""
