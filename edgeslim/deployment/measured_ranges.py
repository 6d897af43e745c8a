"""Operators that lie beyond every measured one of their kind, so that a table extrapolates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from edgeslim import ops
from edgeslim.opspec import OpSpec

__all__ = ["Ranges"]

_SIZES: Mapping[str, Callable[[OpSpec], float]] = {
    "multiply-accumulates": lambda spec: ops.macs([spec]),
    "bytes of inputs": lambda spec: spec.input_bytes,
    "bytes of outputs": lambda spec: spec.output_bytes,
    "bytes of weights": lambda spec: spec.weight_bytes,
}


class Ranges:
    """How large and small the measured operators of each kind are.

    Args:
        measured: All operators that a table has.
    """

    def __init__(self, measured: Iterable[OpSpec]) -> None:
        self._ends: dict[str, dict[str, tuple[float, float]]] = {}
        for spec in measured:
            ends = self._ends.setdefault(spec.kind, {})
            for name, size in _SIZES.items():
                low, high = ends.get(name, (size(spec), size(spec)))
                ends[name] = (min(low, size(spec)), max(high, size(spec)))

    def outside(self, spec: OpSpec) -> str:
        """How an operator lies beyond all measured ones of its kind; empty if it does not."""
        ends = self._ends.get(spec.kind)
        if ends is None:
            return f"no {spec.kind} was measured at all"
        beyond = []
        for name, size in _SIZES.items():
            low, high = ends[name]
            found = size(spec)
            if found > high:
                beyond.append(
                    (found / max(high, 1.0), f"{found / max(high, 1.0):.1f} times the most")
                )
            elif found < low:
                beyond.append((low / max(found, 1.0), f"{found / low:.2f} of the fewest"))
            else:
                continue
            beyond[-1] = (beyond[-1][0], f"{beyond[-1][1]} {name}")
        return max(beyond)[1] if beyond else ""
