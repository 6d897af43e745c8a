"""What each operator takes in a deployed network, beside what the table says of it."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

from edgeslim.deployment.variants import ModelVariant
from edgeslim.errors import ModelError, ProgramError, RunnerError
from edgeslim.measuring.drift import DriftWatch
from edgeslim.measuring.inside_estimate import InsideTime, estimate_inside
from edgeslim.measuring.networks import OptimizedNetwork
from edgeslim.measuring.prefix_rounds import PrefixRounds, measure_prefixes
from edgeslim.progress import Progress
from edgeslim.runs.inside_record import InsideOperator, InsideRecord
from edgeslim.runs.model_records import ModelRecord, OperatorRecord

__all__ = ["inside_record", "measure_inside"]


def measure_inside(
    variant: ModelVariant, network: OptimizedNetwork, seconds: float, progress: Progress
) -> PrefixRounds | str:
    """Times a deployed network up to each of its operators; or says why that is not possible.

    Args:
        variant: The variant that was measured as a whole.
        network: The network that the device runs for that variant.
        seconds: How long it may take.
        progress: Display that shows how much of that has passed.
    """
    try:
        watch = DriftWatch(variant.session)
        return measure_prefixes(watch, network, seconds=seconds, progress=progress)
    except (ModelError, ProgramError, RunnerError) as error:
        return f"what operators take inside the network is not known: {error}"


def inside_record(rounds: PrefixRounds, model: ModelRecord) -> InsideRecord:
    """The record of what operators take inside, with what the model's record says of each."""
    times = estimate_inside(rounds)
    known = _operators_by_place(rounds.kinds, model.operators)
    return InsideRecord(
        operators=tuple(_operator(own, rounds.kinds, known) for own in times.operators),
        whole_ms=times.whole_ms,
        whole_interval_ms=times.whole_interval_ms,
        rounds=len(rounds.wholes_ms),
        seconds=rounds.seconds,
        disturbed=rounds.disturbed,
    )


def _operators_by_place(
    kinds: Sequence[str], operators: Sequence[OperatorRecord]
) -> dict[int, OperatorRecord]:
    """The recorded operator at each place of the optimized file, where both agree on kinds.

    A file may have more operators than the graph, such as conversions between precisions.
    """
    by_place = {place: own for own in operators for place in own.places}
    ordered = [by_place[place] for place in sorted(by_place)]
    theirs = [own.operator.kind for own in ordered]
    matches = SequenceMatcher(a=list(kinds), b=theirs, autojunk=False).get_matching_blocks()
    return {
        block.a + step: ordered[block.b + step] for block in matches for step in range(block.size)
    }


def _operator(
    own: InsideTime, kinds: Sequence[str], known: dict[int, OperatorRecord]
) -> InsideOperator:
    places = range(own.first, own.last + 1)
    latencies = [known[place].latency_ms if place in known else None for place in places]
    predicted = [latency for latency in latencies if latency is not None]
    single = known.get(own.first) if len(places) == 1 else None
    return InsideOperator(
        first=own.first,
        last=own.last,
        kinds=tuple(kinds[place] for place in places),
        latency_ms=own.latency_ms,
        interval_ms=own.interval_ms,
        operator=None if single is None else single.operator,
        predicted_ms=sum(predicted) if len(predicted) == len(places) else None,
    )
