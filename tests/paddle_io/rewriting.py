"""Applying one rewrite to a program."""

from __future__ import annotations

from collections import Counter
from typing import Any

from edgeslim.paddle_io.draft import Draft
from edgeslim.paddle_io.rewrites import REWRITES

__all__ = ["apply_rewrite"]


def apply_rewrite(name: str, made: Any) -> Counter[str]:
    """Applies a rewrite to a program or a draft; returns how often each law was met."""
    draft = made if isinstance(made, Draft) else Draft(made)
    before = len(draft.noted)
    REWRITES.get(name).apply(draft)
    return Counter(violation.law.name for violation in draft.noted[before:])
