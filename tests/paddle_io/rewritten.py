"""Programs that one rewriting was applied to."""

from __future__ import annotations

from collections import Counter
from typing import Any

from edgeslim.paddle_io.draft import Draft
from edgeslim.paddle_io.rewrites import REWRITES

__all__ = ["rewritten_by"]


def rewritten_by(name: str, made: Any) -> Counter[str]:
    """Applies a rewriting to a program or a draft; which laws were met, and how often."""
    draft = made if isinstance(made, Draft) else Draft(made)
    before = len(draft.noted)
    REWRITES.get(name).apply(draft)
    return Counter(violation.law.name for violation in draft.noted[before:])
