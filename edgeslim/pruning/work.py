"""Counters of a network's work, with their units."""

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
"""Counters of the work of operators before fusion. PaddleSlim 1.x published numbers by the
second."""

_UNITS = {"macs": "MACs", "paddleslim1-flops": "PaddleSlim 1.x FLOPs"}


def work_unit(counter: str) -> str:
    """The unit of one of the `COUNTERS`."""
    return _UNITS[counter]


def change_text(counter: str, before: Graph, after: Graph) -> str:
    """Text with the work and the parameters of a network before and after."""
    count = COUNTERS[counter]
    pairs = {
        work_unit(counter): (count(before.specs), count(after.specs)),
        "parameters": (trainable_parameters(before), trainable_parameters(after)),
    }
    return ", ".join(
        f"{what} {had:,} -> {has:,} ({has / had - 1:+.1%})" for what, (had, has) in pairs.items()
    )
