"""What a report says first: the numbers that matter most, and all of it in one sentence."""

from __future__ import annotations

from edgeslim.reporting.document import Fact, Origin, Unit, Verdict
from edgeslim.reporting.evidence import Evidence, Kind, origin_of
from edgeslim.reporting.numbers import ms, ms_between, percent, shown, told_spread
from edgeslim.runs.deployment_records import DeploymentRecord, ModelRecord, SpeedupRecord

__all__ = ["facts", "told_prediction", "told_table", "verdict"]


def facts(evidence: Evidence) -> tuple[Fact, ...]:
    """The numbers that matter most, as far as they are known."""
    found = _latencies(evidence)
    found += _accuracy(evidence)
    found += _sizes(evidence)
    return tuple(found)


def verdict(evidence: Evidence) -> Verdict:
    """The whole run in a sentence."""
    record, subject = evidence.latest, evidence.subject
    if record is None or subject is None:
        return _without_deployment(evidence)
    latency = f"{subject.name} takes {ms(subject.latency_ms)} on {record.device.name}, measured"
    if subject.latency_interval_ms is not None:
        latency += f" ({ms_between(subject.latency_interval_ms)})"
    parts = [latency, _against_target(subject)]
    speedup = _speedup(record, subject)
    if speedup is not None:
        parts.append(_told_speedup(record, speedup))
    accuracy = record.accuracy
    if accuracy is not None:
        parts.append(f"{accuracy.metric} {shown(accuracy.value, Unit.SHARE)}")
    broken = [gate for gate in record.gates if not gate.met]
    if broken:
        parts.append(f"{len(broken)} of {len(record.gates)} gates not met")
    met = False if broken else subject.met
    return Verdict(sentence="; ".join(each for each in parts if each) + ".", met=met)


def told_table(record: DeploymentRecord) -> Origin:
    """How the table of a deployment was got; measured, unless it says otherwise."""
    return Origin.MEASURED if record.table is None else origin_of(record.table.context)


def told_prediction(record: DeploymentRecord) -> Origin:
    """How a prediction of a deployment was got: from a table that was measured, or was not."""
    origin = told_table(record)
    return Origin.PREDICTED if origin is Origin.MEASURED else origin


def _against_target(subject: ModelRecord) -> str:
    if subject.target_ms is None or subject.met is None:
        return ""
    limit = f"the limit of {ms(subject.target_ms)}"
    interval = subject.latency_interval_ms
    if subject.met:
        if interval is not None and interval[1] > subject.target_ms:
            return f"that meets {limit}, but its interval reaches above it"
        return f"that meets {limit}"
    if interval is not None and interval[0] < subject.target_ms:
        return f"that misses {limit}, but its interval reaches below it"
    return f"that misses {limit} by {shown(subject.latency_ms / subject.target_ms - 1, Unit.SHARE)}"


def _told_speedup(record: DeploymentRecord, speedup: SpeedupRecord) -> str:
    low, high = speedup.interval
    baseline = record.model(speedup.baseline).name
    told = f"({low:.3g} to {high:.3g})"
    if low > 1:
        return f"{shown(speedup.ratio, Unit.RATIO)} as fast as {baseline} {told}"
    if high < 1:
        return f"slower than {baseline}: {shown(speedup.ratio, Unit.RATIO)} as fast {told}"
    return f"no faster or slower than {baseline} that could be told: {told}"


def _speedup(record: DeploymentRecord, subject: ModelRecord) -> SpeedupRecord | None:
    return next((each for each in record.speedups if each.model == subject.id), None)


def _without_deployment(evidence: Evidence) -> Verdict:
    if evidence.kind is Kind.COMPRESSION and evidence.compression is not None:
        done = len(evidence.compression.history)
        state = "finished" if evidence.compression.finished else "not finished"
        told = ", ".join(
            f"{name} {shown(value, Unit.SHARE)}"
            for name, value in evidence.compression.metrics.items()
        )
        return Verdict(
            sentence=f"The compression is {state} after {done} epochs"
            f"{': ' if told else ''}{told}; it was not deployed yet."
        )
    result, pruned = evidence.result, evidence.pruned
    if result is not None:
        best = result.best
        if not best.predicted_ms:
            return Verdict(
                sentence="The best network of the search has "
                f"{' and '.join(map(str, result.sizes))}; no latency was limited, and it was not "
                "deployed yet."
            )
        took = best.measured_ms[0] if best.measured_ms else None
        return _by_number(evidence, "the best network of the search", took, best.predicted_ms[0])
    if pruned is not None:
        return _by_number(evidence, "the pruned model", pruned.measured_ms, pruned.predicted_ms)
    return Verdict(sentence=f"The {evidence.kind.value} is not finished yet.")


def _by_number(
    evidence: Evidence, what: str, measured: float | None, predicted: float | None
) -> Verdict:
    """Of a run that was not deployed: what it measured or predicted itself, without a spread."""
    limit = evidence.target_ms
    known = predicted if measured is None else measured
    how = "predicted" if measured is None else "measured once, while it was made"
    if known is None:
        return Verdict(sentence=f"Of {what} no latency is known; it was not deployed yet.")
    told = f"{what[0].upper()}{what[1:]} takes {ms(known)}, {how}"
    if limit is None:
        return Verdict(sentence=f"{told}; it was not deployed yet.")
    within = "within" if known <= limit else "above"
    # A limit is met by a measurement with its spread, which only a deployment has.
    return Verdict(sentence=f"{told}: {within} the limit of {ms(limit)}, but not deployed yet.")


def _latencies(evidence: Evidence) -> list[Fact]:
    found = []
    if evidence.target_ms is not None:
        found.append(
            Fact(
                key="target_ms",
                name="limit",
                value=evidence.target_ms,
                unit=Unit.MS,
                note="what was asked for",
            )
        )
    record, subject = evidence.latest, evidence.subject
    if record is None or subject is None:
        return found + _own_latencies(evidence)
    found += [*_predicted(record, subject), _measured(subject), *_error(subject)]
    speedup = _speedup(record, subject)
    if speedup is not None:
        found.append(
            Fact(
                key="speedup",
                name=f"as fast as {record.model(speedup.baseline).name}",
                value=speedup.ratio,
                unit=Unit.RATIO,
                origin=Origin.MEASURED,
                interval=speedup.interval,
                note=f"{percent(speedup.level, 0)} interval over {speedup.rounds} rounds, both "
                "models in turns",
            )
        )
    return found


def _predicted(record: DeploymentRecord, subject: ModelRecord) -> list[Fact]:
    if subject.predicted_ms is None:
        return []
    return [
        Fact(
            key="predicted_ms",
            name="predicted",
            value=subject.predicted_ms,
            unit=Unit.MS,
            origin=told_prediction(record),
            interval=subject.predicted_interval_ms,
            note="90 % interval" if subject.predicted_interval_ms else "",
        )
    ]


def _measured(subject: ModelRecord) -> Fact:
    rounds = len(subject.counted)
    return Fact(
        key="measured_ms",
        name="measured",
        value=subject.latency_ms,
        unit=Unit.MS,
        origin=Origin.MEASURED,
        interval=subject.latency_interval_ms,
        note=f"{told_spread(subject.spread, subject.samples)}, "
        f"{rounds} round{'' if rounds == 1 else 's'}, 9 of 10 below {ms(subject.p90_ms)}",
        good=subject.met,
    )


def _error(subject: ModelRecord) -> list[Fact]:
    if subject.predicted_ms is None:
        return []
    return [
        Fact(
            key="error",
            name="prediction error",
            unit=Unit.CHANGE,
            value=subject.predicted_ms / subject.latency_ms - 1,
            note="too high" if subject.predicted_ms > subject.latency_ms else "too low",
        )
    ]


def _own_latencies(evidence: Evidence) -> list[Fact]:
    """What a search or a pruning says of its model."""
    predicted: float | None = None
    measured: float | None = None
    if evidence.result is not None and evidence.result.targets:
        best = evidence.result.best
        predicted, measured = best.predicted_ms[0], (best.measured_ms or (None,))[0]
    elif evidence.pruned is not None:
        predicted, measured = evidence.pruned.predicted_ms, evidence.pruned.measured_ms
    origin = Origin.PREDICTED
    if evidence.tables and evidence.tables[0].origin is not Origin.MEASURED:
        origin = evidence.tables[0].origin
    found = []
    if predicted is not None:
        found.append(
            Fact(key="predicted_ms", name="predicted", value=predicted, unit=Unit.MS, origin=origin)
        )
    if measured is not None:
        found.append(
            Fact(
                key="measured_ms",
                name="measured",
                value=measured,
                unit=Unit.MS,
                origin=Origin.MEASURED,
                note="while it was made; its spread was not kept",
            )
        )
    return found


def _accuracy(evidence: Evidence) -> list[Fact]:
    record = evidence.latest
    if record is not None and record.accuracy is not None:
        known = record.accuracy
        told = "" if known.before is None else f"before: {shown(known.before, Unit.SHARE)}"
        return [_score(known.metric, known.value, told)]
    if evidence.result is not None:
        return [
            _score(
                evidence.result.metric,
                evidence.result.trained_accuracy,
                f"{percent(evidence.result.best.accuracy)} when it was found",
            )
        ]
    if evidence.pruned is not None and evidence.pruned.metric_after is not None:
        pruned, value = evidence.pruned, evidence.pruned.metric_after
        before = pruned.metric_before
        told = "" if before is None else f"before: {shown(before, Unit.SHARE)}"
        return [_score(pruned.metric or "metric", value, told)]
    if evidence.compression is not None:
        return [_score(name, value, "") for name, value in evidence.compression.metrics.items()]
    return []


def _score(name: str, value: float, note: str) -> Fact:
    return Fact(
        key="accuracy", name=name, value=value, unit=Unit.SHARE, origin=Origin.RECORDED, note=note
    )


def _sizes(evidence: Evidence) -> list[Fact]:
    subject, pruned = evidence.subject, evidence.pruned
    found = []
    if subject is not None:
        found.append(
            Fact(
                key="size_bytes",
                name="file on the device",
                value=subject.size_bytes,
                unit=Unit.BYTES,
                note=f"{subject.precision.value}",
            )
        )
        if subject.macs is not None:
            found.append(
                Fact(
                    key="macs",
                    name="multiply-accumulates",
                    value=subject.macs,
                    unit=Unit.COUNT,
                    note=_less(None if pruned is None else pruned.macs_before, subject.macs),
                )
            )
    elif pruned is not None:
        found.append(
            Fact(
                key="macs",
                name="multiply-accumulates",
                value=pruned.macs_after,
                unit=Unit.COUNT,
                note=_less(pruned.macs_before, pruned.macs_after),
            )
        )
    return found


def _less(before: int | None, after: int) -> str:
    if not before:
        return ""
    return f"before: {before:,} ({shown(after / before - 1, Unit.CHANGE)})"
