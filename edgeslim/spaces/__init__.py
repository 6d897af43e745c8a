"""Search spaces, one file each: vectors of tokens, and the networks they stand for.

Nothing here imports Paddle until a network is built. What spaces of one family share is in
`edgeslim.families`.
"""

from __future__ import annotations

from edgeslim.families.inputs import check_input
from edgeslim.families.segments import Segment, Variant
from edgeslim.families.tokens import Tokens, check_tokens, parse_tokens
from edgeslim.registry import Shelf
from edgeslim.spaces._space import (
    Space,
    SpaceFamily,
    every_operator,
    operator_use,
    segment_variants,
    some_networks,
)

__all__ = [
    "DEFAULT_SPACE",
    "SPACES",
    "Segment",
    "Space",
    "SpaceFamily",
    "Tokens",
    "Variant",
    "check_input",
    "check_tokens",
    "every_operator",
    "operator_use",
    "parse_tokens",
    "segment_variants",
    "some_networks",
]

DEFAULT_SPACE = "light-nas-small"
"""Small enough to be measured and searched in minutes, for a task that needs no download."""

SPACES: Shelf[SpaceFamily] = Shelf(
    what="search space", package="edgeslim.spaces", attribute="SPACE"
)
"""All spaces, by name."""
