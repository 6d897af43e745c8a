"""Tokens: the numbers that say which network of a search space is meant."""

from __future__ import annotations

from collections.abc import Sequence

from edgeslim.errors import UsageError

__all__ = ["KERNELS", "SWITCH", "Tokens", "check_tokens", "parse_tokens"]

Tokens = tuple[int, ...]
"""One number for each choice of a space."""

KERNELS = (3, 5)
"""Sides of a depthwise filter that a token chooses from."""

SWITCH = (False, True)
"""Values of a token that leaves a part of a block out or takes it in."""


def check_tokens(tokens: Sequence[int], ranges: Sequence[int]) -> None:
    """Checks that there are as many tokens as ranges, each inside its range.

    Raises:
        UsageError: With the position, the value and what is valid there.
    """
    if len(tokens) != len(ranges):
        raise UsageError(f"there must be {len(ranges)} tokens, not {len(tokens)}")
    for position, (token, count) in enumerate(zip(tokens, ranges, strict=True)):
        if not 0 <= token < count:
            raise UsageError(
                f"token {position} must be between 0 and {count - 1}, not {token} "
                "(positions count from 0)"
            )


def parse_tokens(text: str) -> Tokens:
    """Reads tokens that are written ``3,1,1,0``.

    Raises:
        UsageError: Not whole numbers between commas.
    """
    try:
        return tuple(int(part) for part in text.replace(" ", "").split(","))
    except ValueError:
        raise UsageError(f"{text!r} are not tokens; write them like 3,1,1,0,1,0") from None
