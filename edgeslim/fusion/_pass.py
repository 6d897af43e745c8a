"""The value that describes a pass of the optimizer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from edgeslim.execution import Target
from edgeslim.fusion._network import FusedNetwork

__all__ = ["FusionPass"]


@dataclass(frozen=True, kw_only=True, slots=True)
class FusionPass:
    """One pass of the optimizer.

    Args:
        name: Name of the pass in Paddle-Lite.
        apply: Changes a network in place, as the pass does for a target.
        targets: Targets that the pass runs for.
    """

    name: str
    apply: Callable[[FusedNetwork, Target], None]
    targets: frozenset[Target] = frozenset(Target)
