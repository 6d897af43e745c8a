"""Search spaces, one file each: vectors of tokens, and the networks they stand for.

Nothing here imports Paddle until a network is built.
"""

from __future__ import annotations

from edgeslim.registry import Shelf
from edgeslim.spaces._space import Space, SpaceFamily, Tokens, parse_tokens

__all__ = ["SPACES", "Space", "SpaceFamily", "Tokens", "parse_tokens"]

SPACES: Shelf[SpaceFamily] = Shelf(
    what="search space", package="edgeslim.spaces", attribute="SPACE"
)
"""All spaces, by name."""
