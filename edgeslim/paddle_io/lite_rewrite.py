"""Rewrites a program so that Paddle-Lite can read it, fuses all it can, and gets it right.

What is written otherwise, and why, is in `edgeslim.paddle_io.rewrites`, one idea a file. All
is put right in the description, so that saved models of any origin take the same way as our
own.
"""

from __future__ import annotations

from collections import Counter

from edgeslim.paddle_io.rewrites import REWRITES, Draft

__all__ = ["rewrite_for_lite"]


def rewrite_for_lite(draft: Draft) -> list[str]:
    """Changes a draft in place; says what was changed, a phrase for each kind of change.

    A draft without a place is written for all of them; with one, only what is of that place is
    written otherwise, in a program that was written for all.

    Raises:
        ModelError: A rewriting cannot be had for it.
    """
    done: Counter[str] = Counter()
    wanted = [each for each in REWRITES.members().values() if each.is_for(draft)]
    for rewrite in sorted(wanted, key=lambda each: each.stage):
        done += rewrite.apply(draft) or Counter()
    done += Counter(f"{each.operator.kind} {each.law.form}" for each in draft.noted)
    return [f"{what} ({count})" for what, count in sorted(done.items())]
