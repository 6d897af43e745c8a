"""Search spaces, one file each: vectors of tokens, and the networks they stand for.

Nothing here imports Paddle until a network is built.
"""

from __future__ import annotations

from edgeslim.registry import Shelf
from edgeslim.spaces._segments import Segment, Variant
from edgeslim.spaces._space import (
    Space,
    SpaceFamily,
    Tokens,
    every_operator,
    operator_use,
    parse_tokens,
)

__all__ = [
    "SPACES",
    "Segment",
    "Space",
    "SpaceFamily",
    "Tokens",
    "Variant",
    "every_operator",
    "operator_use",
    "parse_tokens",
]

SPACES: Shelf[SpaceFamily] = Shelf(
    what="search space", package="edgeslim.spaces", attribute="SPACE"
)
"""All spaces, by name."""
