"""How the work of a network is counted, and what people call it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from edgeslim import ops
from edgeslim.conversion.inspect_model import trainable_parameters
from edgeslim.graph import Graph
from edgeslim.opspec import OpSpec

__all__ = ["COUNTERS", "change_text", "work_unit"]

COUNTERS: dict[str, Callable[[Sequence[OpSpec]], int]] = {
    "macs": ops.macs,
    "paddleslim1-flops": ops.paddleslim1_flops,
}
"""Ways of counting the work of operators before fusion. The second is the one that PaddleSlim
1.x published numbers in."""

_UNITS = {"macs": "MACs", "paddleslim1-flops": "PaddleSlim 1.x FLOPs"}


def work_unit(counter: str) -> str:
    """What people call that which one of the `COUNTERS` counts."""
    return _UNITS[counter]


def change_text(counter: str, before: Graph, after: Graph) -> str:
    """How much work and how many parameters a network had and has, for people."""
    count = COUNTERS[counter]
    pairs = {
        work_unit(counter): (count(before.specs), count(after.specs)),
        "parameters": (trainable_parameters(before), trainable_parameters(after)),
    }
    return ", ".join(
        f"{what} {had:,} -> {has:,} ({has / had - 1:+.1%})" for what, (had, has) in pairs.items()
    )
