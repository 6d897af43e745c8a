"""What an imported table was measured on, and whose fusion its networks are like."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum

from edgeslim.errors import UsageError
from edgeslim.execution import Target
from edgeslim.latency_rows import Convention
from edgeslim.table_formats import TableFormat

__all__ = ["Fusion", "ImportTarget", "resolve_target"]

_LONGEST_WORD = 40


class Fusion(str, Enum):
    """How networks are fused before their operators are looked up in a table."""

    ARM = "arm"
    """By Paddle-Lite's rules for ARM: activations go into convolutions, sums and products."""
    X86 = "x86"
    """By its rules for x86."""
    FURTHER = "further"
    """As for ARM, and sums and gates are in the operator before them."""
    NONE = "none"
    """Not at all: norms and activations are operators by themselves."""


_CONVENTIONS = {Fusion.NONE: Convention.UNFUSED, Fusion.FURTHER: Convention.FUSED_FURTHER}
"""Conventions of tables whose operators are not those of Paddle-Lite."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportTarget:
    """The target of a table.

    Args:
        target: Paddle-Lite's target whose fusion counts.
        foreign: The user's word, where it is another one; otherwise empty.
        convention: Convention that the user's choice of fusion leads to; None if it is the file's.
    """

    target: Target
    foreign: str
    convention: Convention | None


def resolve_target(word: str, fusion: Fusion | None, chosen: TableFormat) -> ImportTarget:
    """The target by the user's words and by the format.

    Args:
        word: Target as the user calls it; empty for the format's own.
        fusion: How networks are fused there; None if the user does not say it.
        chosen: Format of the file.

    Raises:
        UsageError: A word that is none, another fusion than the target's, or another target than
            Paddle-Lite's of which nobody says how networks are fused.
    """
    word = word.strip() or chosen.target_word or Target.ARM.value
    if len(word) > _LONGEST_WORD or not word.isprintable():
        raise UsageError(f"a target is a short word, such as gpu or onnxruntime, not {word[:60]!r}")
    convention = _CONVENTIONS.get(fusion) if fusion is not None else None
    if word in {target.value for target in Target}:
        target = Target(word)
        if fusion not in {None, Fusion(word), *_CONVENTIONS}:
            raise UsageError(f"networks for {word} are fused as for {word}; leave --fusion out")
        return ImportTarget(target=target, foreign="", convention=convention)
    if fusion is None and not chosen.target_word:
        near = get_close_matches(word.lower(), [target.value for target in Target], n=1)
        meant = f"did you mean {near[0]!r}? Otherwise " if near else ""
        raise UsageError(
            f"nothing says how networks are fused on {word!r}; {meant}give --fusion arm, x86 or "
            "further (see docs/tables.md), or none if the table has operators as they are before "
            "any fusion"
        )
    target = Target.X86 if fusion is Fusion.X86 else Target.ARM
    return ImportTarget(target=target, foreign=word, convention=convention)
