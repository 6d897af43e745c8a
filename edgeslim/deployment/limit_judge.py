"""How each limit of a deployment is judged, and the line that says it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import median
from typing import TypeVar

from edgeslim.deployment.deployed import format_variant
from edgeslim.deployment.statistics import Estimate, estimate
from edgeslim.deployment.verdict import (
    Judgement,
    LimitVerdict,
    Runs,
    judge_growth,
    judge_quantile,
    judge_typical,
)
from edgeslim.durations import format_ms
from edgeslim.runs.deployment_records import GateRecord, ModelRecord, ModelRound, SpeedupRecord
from edgeslim.sizes import COUNTED_MB

__all__ = ["LimitJudge"]

_FEWEST = 3
"""Fewest undisturbed rounds or starts that judge without the others."""

Timed = TypeVar("Timed")


def _leave_disturbed_out(
    measured: Sequence[Timed], is_disturbed: Callable[[Timed], bool]
) -> tuple[Sequence[Timed], bool]:
    """Those that nothing disturbed, if there are enough of them, else all; and which it is."""
    quiet = [one for one in measured if not is_disturbed(one)]
    is_enough = len(quiet) >= min(_FEWEST, len(measured))
    return (quiet, False) if is_enough else (measured, True)


class LimitJudge:
    """Judges one variant of a model, at one look."""

    def __init__(self, model: ModelRecord, look: int) -> None:
        self._model = model
        self._look = look
        self._name = f"{model.name} in {format_variant(model.precision, model.threads)}"

    def latency(self, limit_ms: float) -> GateRecord:
        rounds, is_disturbed = self._rounds
        medians = [own.measurement.latency_ms for own in rounds]
        judged = judge_typical(
            estimate([math.log(value) for value in medians]),
            limit_ms,
            look=self._look,
            is_disturbed=is_disturbed,
            values=medians,
        )
        found_ms = self._model.latency_ms
        what = f"{self._name} takes {format_ms(found_ms)}"
        return self._gate_ms("--assert-latency", limit_ms, found_ms, judged, what)

    def speedup(self, speedup: SpeedupRecord | None, limit: float) -> GateRecord:
        asked = f"--assert-speedup {limit:g}"
        if speedup is None:
            line = (
                f"{self._name} has no speed-up to compare with {limit:g}: the baseline does not "
                "run so"
            )
            missing = Judgement(verdict=LimitVerdict.FAIL, interval=(0.0, 0.0))
            return self._gate(asked, limit, 0.0, missing, met=False, line=line)
        found = Estimate(
            value=speedup.ratio,
            interval=speedup.interval,
            rounds=speedup.rounds,
            level=speedup.level,
        )
        judged = judge_typical(found, limit, look=self._look, at_least=True)
        met = speedup.ratio >= limit
        difference = abs(speedup.ratio - limit)
        by = f"{difference:.3f} ({difference / limit:.1%}) {'above' if met else 'below'}"
        low, high = judged.interval
        line = (
            f"{self._name} is {speedup.ratio:.3f} times as fast as the baseline ({low:.3f} to "
            f"{high:.3f}), {by} the limit of {limit:g}"
        )
        return self._gate(asked, limit, speedup.ratio, judged, met=met, line=line)

    def quantile(self, share: float, limit_ms: float, option: str) -> GateRecord:
        rounds, is_disturbed = self._rounds
        runs = [
            Runs(
                samples_ms=[sample / 1e6 for sample in own.samples_ns],
                interrupted=own.interrupted,
            )
            for own in rounds
        ]
        judged = judge_quantile(
            *(runs, share, limit_ms), look=self._look, is_disturbed=is_disturbed
        )
        count = sum(len(own.samples_ms) for own in runs)
        late = sum(sample > limit_ms for own in runs for sample in own.samples_ms)
        low, high = judged.interval
        line = (
            f"{late} of {count:,} runs of {self._name} take longer than {format_ms(limit_ms)}: "
            f"{late / count:.2%} ({low:.2%} to {high:.2%}) where {100 * (1 - share):.4g} % may"
        )
        ordered = sorted(sample for own in runs for sample in own.samples_ms)
        found_ms = ordered[min(count - 1, math.ceil(share * count) - 1)]
        return self._gate(
            f"{option} {limit_ms:g}ms",
            *(limit_ms, found_ms, judged),
            met=late <= (1 - share) * count,
            line=line,
        )

    def load(self, limit_ms: float) -> GateRecord:
        starts = self._model.known_starts
        is_cold = starts.cold_load_ms is not None
        counted, is_disturbed = _leave_disturbed_out(
            [start for start in starts.starts if start.cold is is_cold],
            lambda start: start.is_disturbed,
        )
        where = "from the disk" if is_cold else "from the page cache"
        return self._time(
            *("--max-load", limit_ms, [start.load_ms for start in counted]),
            what=f"{self._name} is loaded {where} in",
            is_disturbed=is_disturbed,
        )

    def first_run(self, limit_ms: float) -> GateRecord:
        counted, is_disturbed = _leave_disturbed_out(
            self._model.known_starts.starts, lambda start: start.is_disturbed
        )
        return self._time(
            *("--max-first", limit_ms, [start.first_run_ms for start in counted]),
            what=f"the first run of {self._name} takes",
            is_disturbed=is_disturbed,
        )

    def memory(self, limit_mb: float) -> GateRecord:
        asked = f"--max-memory {limit_mb:g}M"
        values = [start.taken_mb for start in self._model.known_starts.starts if start.peak_mb > 0]
        if not values:
            return self._judge_unknown(asked, limit_mb, "nothing is known of its memory")
        soak = self._model.soak
        if soak is not None:
            values = [value + soak.surplus_mb for value in values]
        judged = judge_typical(
            estimate([math.log(value) for value in values]),
            limit_mb,
            look=self._look,
            within=COUNTED_MB,
            of="starts",
        )
        found_mb = median(values)
        low, high = judged.interval
        over_mb = found_mb - limit_mb
        after = "" if soak is None else f" in {soak.runs:,} runs"
        line = (
            f"{self._name} takes {found_mb:.1f} MB of memory with its runtime{after} ({low:.1f} to "
            f"{high:.1f} MB), {abs(over_mb):.1f} MB ({abs(over_mb) / limit_mb:.1%}) "
            f"{'over' if over_mb > 0 else 'within'} the limit of {limit_mb:g} MB"
        )
        return self._gate(asked, limit_mb, found_mb, judged, met=over_mb <= 0, line=line)

    def growth(self, limit_kb: float) -> GateRecord:
        asked = f"--max-growth {limit_kb:g}k"
        soak = self._model.soak
        if soak is None or soak.growth_kb is None:
            return self._judge_unknown(asked, limit_kb, "nothing is known of its growth")
        sizes_kb = [size * 1e3 for size in soak.memory_mb]
        judged = judge_growth(sizes_kb, soak.runs, limit_kb, look=self._look)
        low, high = judged.interval
        line = (
            f"the process of {self._name} grows by {soak.growth_kb:.2f} kB a run over "
            f"{soak.runs:,} runs ({low:.2f} to {high:.2f} kB), where {limit_kb:g} kB may"
        )
        met = soak.growth_kb <= limit_kb
        return self._gate(asked, limit_kb, soak.growth_kb, judged, met=met, line=line)

    @property
    def _rounds(self) -> tuple[Sequence[ModelRound], bool]:
        """The rounds that judge, and whether other programs disturbed them."""
        return _leave_disturbed_out(self._model.rounds, lambda own: bool(own.disturbed))

    def _time(
        self,
        option: str,
        limit_ms: float,
        values: Sequence[float],
        *,
        what: str,
        is_disturbed: bool,
    ) -> GateRecord:
        if not values:
            return self._judge_unknown(
                f"{option} {limit_ms:g}ms", limit_ms, "nothing is known of starts"
            )
        found = estimate([math.log(value) for value in values])
        judged = judge_typical(
            *(found, limit_ms),
            look=self._look,
            is_disturbed=is_disturbed,
            values=values,
            of="starts",
        )
        found_ms = median(values)
        return self._gate_ms(option, limit_ms, found_ms, judged, f"{what} {format_ms(found_ms)}")

    def _gate_ms(
        self, option: str, limit_ms: float, found_ms: float, judged: Judgement, what: str
    ) -> GateRecord:
        over_ms = found_ms - limit_ms
        by = f"{format_ms(abs(over_ms))} ({abs(over_ms) / limit_ms:.1%})"
        low, high = judged.interval
        between = f" ({format_ms(low)} to {format_ms(high)})" if math.isfinite(high) else ""
        line = (
            f"{what}{between}, {by} {'over' if over_ms > 0 else 'within'} the limit of "
            f"{format_ms(limit_ms)}"
        )
        asked = f"{option} {limit_ms:g}ms"
        return self._gate(asked, limit_ms, found_ms, judged, met=over_ms <= 0, line=line)

    def _judge_unknown(self, asked: str, limit: float, why: str) -> GateRecord:
        unknown = Judgement(
            verdict=LimitVerdict.INCONCLUSIVE,
            interval=(0.0, math.inf),
            why=why,
            decides="a device and a runner that say it",
        )
        return self._gate(asked, limit, 0.0, unknown, met=False, line=self._name)

    def _gate(
        self, asked: str, limit: float, found: float, judged: Judgement, *, met: bool, line: str
    ) -> GateRecord:
        is_known = all(math.isfinite(end) for end in judged.interval)
        doubt = f"; {judged.why}; what would decide it: {judged.decides}" if judged.why else ""
        return GateRecord(
            model=self._model.id,
            asked=asked,
            limit=limit,
            found=found,
            interval=judged.interval if is_known else None,
            met=met,
            line=f"{line}{doubt}",
            verdict=judged.verdict.value,
            decides=judged.decides,
        )
