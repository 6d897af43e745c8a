"""What is left of a network that takes much time for the work that it does."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from edgeslim.ops import macs
from edgeslim.opspec import OpSpec
from edgeslim.prediction.predictor import Prediction
from edgeslim.runs.rewriting_record import KindRecord

__all__ = ["advice_lines", "kind_records"]

_LARGE_SHARE = 0.05
"""Share of the time from which something is worth a line."""

_DEAR = 3.0
"""How many times its share of the multiplications its share of the time must be."""

_LINES = 5


def kind_records(before: Prediction, after: Prediction) -> tuple[KindRecord, ...]:
    """Operators by kind before and after, those that took longest first."""
    old, new = _by_kind(before), _by_kind(after)

    def record(kind: str) -> KindRecord:
        (count, ms), (count_now, ms_now) = old.get(kind, (0, 0.0)), new.get(kind, (0, 0.0))
        return KindRecord(kind=kind, before=count, after=count_now, before_ms=ms, after_ms=ms_now)

    records = [record(kind) for kind in old.keys() | new.keys()]
    return tuple(
        sorted(records, key=lambda one: (-max(one.before_ms or 0, one.after_ms or 0), one.kind))
    )


def _by_kind(prediction: Prediction) -> dict[str, tuple[int, float | None]]:
    found: dict[str, tuple[int, float | None]] = {}
    for operator in prediction.operators:
        count, ms = found.get(operator.spec.kind, (0, 0.0))
        known = ms is not None and operator.latency_ms is not None
        total = (ms or 0.0) + (operator.latency_ms or 0.0) if known else None
        found[operator.spec.kind] = count + 1, total
    return found


def advice_lines(prediction: Prediction) -> tuple[str, ...]:
    """What takes far more of the time than of the multiplications, the dearest first."""
    times: dict[str, float] = defaultdict(float)
    work: dict[str, int] = defaultdict(int)
    for operator in prediction.operators:
        name = _name(operator.spec)
        times[name] += operator.latency_ms or 0.0
        work[name] += macs([operator.spec])
    total_ms, total_work = sum(times.values()), sum(work.values())
    if not total_ms or not total_work:
        return ()
    return tuple(_lines(times, work, total_ms, total_work))[:_LINES]


def _lines(
    times: dict[str, float], work: dict[str, int], total_ms: float, total_work: int
) -> Iterable[str]:
    for name in sorted(times, key=lambda name: -times[name]):
        share, macs_share = times[name] / total_ms, work[name] / total_work
        if share >= _LARGE_SHARE and share > _DEAR * macs_share:
            yield f"{name}: {share:.0%} of the time for {macs_share:.1%} of the multiplications"


def _name(spec: OpSpec) -> str:
    """The kind of an operator, with the extents of its filter."""
    extents = next((shape[2:] for shape in spec.weights.get("Filter", ()) if shape[2:]), ())
    dilations = spec.attributes.get("dilations", (1,))
    spread = ", dilated" if isinstance(dilations, tuple) and max(dilations) > 1 else ""
    return f"{spec.kind} {'x'.join(map(str, extents))}{spread}".strip()
