"""Rewriting a program so that Paddle-Lite can read it, fuses all it can, and computes it correctly.

The rewrites are in `edgeslim.paddle_io.rewrites`. They change the program's description, so that
saved models of any origin go the same way as our own networks.
"""

from __future__ import annotations

from collections import Counter

from edgeslim.paddle_io.draft import Draft
from edgeslim.paddle_io.rewrites import REWRITES

__all__ = ["rewrite_for_lite"]


def rewrite_for_lite(draft: Draft) -> list[str]:
    """Changes a draft in place, and returns a phrase with a count for each kind of change.

    A draft without a place is rewritten for all places. A draft with a place is a program that was
    rewritten for all places before; only the rewrites for that place are applied.

    Raises:
        ModelError: A rewrite that is needed cannot be applied.
    """
    rewrites = [rewrite for rewrite in REWRITES.members().values() if rewrite.is_for(draft)]
    for rewrite in sorted(rewrites, key=lambda rewrite: rewrite.stage):
        rewrite.apply(draft)
    changes = Counter(f"{met.operator.kind} {met.law.form}" for met in draft.noted)
    return [f"{change} ({count})" for change, count in sorted(changes.items())]
