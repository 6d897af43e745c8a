"""What a rule is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from edgeslim.execution import Target
from edgeslim.fusion._network import FusedNetwork

__all__ = ["Rule"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """What one pass of the optimizer does.

    Args:
        name: The pass, as Paddle-Lite calls it.
        apply: Changes a network in place, as the pass would for a target.
        targets: Targets that it runs for.
    """

    name: str
    apply: Callable[[FusedNetwork, Target], None]
    targets: frozenset[Target] = frozenset(Target)
