"""What is left of a network that takes much time for the work that it does."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from edgeslim.ops import macs
from edgeslim.opspec import OpSpec
from edgeslim.prediction.predictor import OperatorLatency, Prediction
from edgeslim.rewriting.alternatives import alternative_of
from edgeslim.rewriting.prices import Prices
from edgeslim.runs.rewriting_record import KindRecord

__all__ = ["advice_lines", "kind_records"]

_LARGE_SHARE = 0.05
"""Share of the time from which something is worth a line."""

_DEAR = 3.0
"""How many times its share of the multiplications its share of the time must be."""

_LINES = 5

_WORTHWHILE = 0.8
"""How much of the time something else may take to be worth a word."""


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


def advice_lines(prediction: Prediction, prices: Prices) -> tuple[str, ...]:
    """What takes far more of the time than of the multiplications, the dearest first.

    Args:
        prediction: What the operators of the network take.
        prices: Prices of other operators in that network, for what may stand in their place.
    """
    groups: dict[str, list[OperatorLatency]] = defaultdict(list)
    for operator in prediction.operators:
        groups[_name(operator.spec)].append(operator)
    work = {name: macs([one.spec for one in some]) for name, some in groups.items()}
    times = {name: sum(one.latency_ms or 0.0 for one in some) for name, some in groups.items()}
    total_ms, total_work = sum(times.values()), sum(work.values())
    if not total_ms or not total_work:
        return ()
    lines = []
    for name in sorted(times, key=lambda name: -times[name]):
        share, macs_share = times[name] / total_ms, work[name] / total_work
        if share >= _LARGE_SHARE and share > _DEAR * macs_share:
            line = f"{name}: {share:.0%} of the time for {macs_share:.1%} of the multiplications"
            lines.append(line + _instead(groups[name], times[name], total_ms, prices))
    return tuple(lines[:_LINES])


def _instead(
    operators: Sequence[OperatorLatency], ms: float, total_ms: float, prices: Prices
) -> str:
    """What may stand in the place of some operators, and takes less; maybe nothing."""
    found = [alternative_of(operator.spec) for operator in operators]
    known = [alternative for alternative in found if alternative is not None]
    if len(known) < len(found) or len({alternative.text for alternative in known}) != 1:
        return ""
    counts = Counter(spec for alternative in known for spec in alternative.specs)
    other_ms = prices.known_ms(counts)
    if other_ms is None or other_ms > _WORTHWHILE * ms:
        return ""
    return f"; {known[0].text} would take {other_ms / total_ms:.0%}"


def _name(spec: OpSpec) -> str:
    """The kind of an operator, with the extents of its filter."""
    extents = next((shape[2:] for shape in spec.weights.get("Filter", ()) if shape[2:]), ())
    dilations = spec.attributes.get("dilations", (1,))
    spread = ", dilated" if isinstance(dilations, tuple) and max(dilations) > 1 else ""
    return f"{spec.kind} {'x'.join(map(str, extents))}{spread}".strip()
