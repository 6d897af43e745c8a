"""What a report says first: the most important numbers, and the whole run in one sentence."""

from __future__ import annotations

from edgeslim.counts import format_count
from edgeslim.reporting.document import Fact, NumberOrigin, NumberUnit, Verdict
from edgeslim.reporting.evidence import Evidence, Kind, origin_of
from edgeslim.reporting.number_format import (
    format_ms,
    format_ms_interval,
    format_percent,
    format_spread,
    format_value,
)
from edgeslim.runs.deployment_records import DeploymentRecord, ModelRecord, SpeedupRecord
from edgeslim.runs.evaluation_history import EvaluationRecord
from edgeslim.training.quantization.record import QuantizationRecord

__all__ = ["facts", "prediction_origin", "table_origin", "verdict"]


def facts(evidence: Evidence) -> tuple[Fact, ...]:
    """The most important numbers of a run, as far as they are known."""
    found = _latencies(evidence)
    found += _accuracy(evidence)
    found += _sizes(evidence)
    return tuple(found)


def verdict(evidence: Evidence) -> Verdict:
    """Says in a sentence what came of a run."""
    record, subject = evidence.latest, evidence.subject
    if record is None or subject is None:
        return _without_deployment(evidence)
    latency = (
        f"{subject.name} takes {format_ms(subject.latency_ms)} on {record.device.name}, measured"
    )
    if subject.latency_interval_ms is not None:
        latency += f" ({format_ms_interval(subject.latency_interval_ms)})"
    parts = [latency, _against_target(subject)]
    speedup = _speedup(record, subject)
    if speedup is not None:
        parts.append(_speedup_text(record, speedup))
    accuracy = record.accuracy
    if accuracy is not None:
        parts.append(f"{accuracy.metric} {format_value(accuracy.value, NumberUnit.SHARE)}")
    broken = [gate for gate in record.gates if gate.outcome == "FAIL"]
    if broken:
        parts.append(f"{len(broken)} of {len(record.gates)} gates not met")
    undecided = [gate for gate in record.gates if gate.outcome == "INCONCLUSIVE"]
    if undecided:
        parts.append(f"{len(undecided)} of {len(record.gates)} gates not decided")
    met = False if broken else None if undecided and subject.met else subject.met
    return Verdict(sentence="; ".join(part for part in parts if part) + ".", met=met)


def table_origin(record: DeploymentRecord) -> NumberOrigin:
    """Where the table of a deployment comes from: measured, unless the table says otherwise."""
    return NumberOrigin.MEASURED if record.table is None else origin_of(record.table.context)


def prediction_origin(record: DeploymentRecord) -> NumberOrigin:
    """Origin of a deployment's prediction: predicted, or that of its table if not measured."""
    origin = table_origin(record)
    return NumberOrigin.PREDICTED if origin is NumberOrigin.MEASURED else origin


def _against_target(subject: ModelRecord) -> str:
    if subject.target_ms is None or subject.met is None:
        return ""
    limit = f"the limit of {format_ms(subject.target_ms)}"
    interval = subject.latency_interval_ms
    if subject.met:
        if interval is not None and interval[1] > subject.target_ms:
            return f"that meets {limit}, but its interval reaches above it"
        return f"that meets {limit}"
    if interval is not None and interval[0] < subject.target_ms:
        return f"that misses {limit}, but its interval reaches below it"
    excess = format_value(subject.latency_ms / subject.target_ms - 1, NumberUnit.SHARE)
    return f"that misses {limit} by {excess}"


def _speedup_text(record: DeploymentRecord, speedup: SpeedupRecord) -> str:
    low, high = speedup.interval
    baseline = record.model(speedup.baseline).name
    interval = f"({low:.3g} to {high:.3g})"
    if low > 1:
        return f"{format_value(speedup.ratio, NumberUnit.RATIO)} as fast as {baseline} {interval}"
    if high < 1:
        return (
            f"slower than {baseline}: {format_value(speedup.ratio, NumberUnit.RATIO)} as fast "
            f"{interval}"
        )
    return f"not significantly faster or slower than {baseline}: {interval}"


def _speedup(record: DeploymentRecord, subject: ModelRecord) -> SpeedupRecord | None:
    return next((speedup for speedup in record.speedups if speedup.model == subject.id), None)


def _without_deployment(evidence: Evidence) -> Verdict:
    if evidence.kind is Kind.COMPRESSION and evidence.compression is not None:
        done = len(evidence.compression.history)
        state = "finished" if evidence.compression.finished else "not finished"
        metrics = ", ".join(
            f"{name} {format_value(value, NumberUnit.SHARE)}"
            for name, value in evidence.compression.metrics.items()
        )
        return Verdict(
            sentence=f"The compression is {state} after {format_count(done, 'epoch')}"
            f"{': ' if metrics else ''}{metrics}; it was not deployed yet."
        )
    if evidence.kind is Kind.EVALUATIONS or evidence.quantization is not None:
        made = evidence.quantization
        sentence = (
            _evaluation_sentence(evidence.evaluations[-1])
            if made is None
            else _quantization_sentence(made)
        )
        return Verdict(sentence=f"{sentence}.")
    result, pruning_result = evidence.result, evidence.pruning_result
    if result is not None:
        best = result.best
        if not best.predicted_ms:
            return Verdict(
                sentence="The best network of the search has "
                f"{' and '.join(map(str, result.sizes))}; no latency was limited, and it was not "
                "deployed yet."
            )
        took = best.measured_ms[0] if best.measured_ms else None
        return _undeployed_verdict(
            evidence, "the best network of the search", took, best.predicted_ms[0]
        )
    if pruning_result is not None:
        return _undeployed_verdict(
            evidence, "the pruned model", pruning_result.measured_ms, pruning_result.predicted_ms
        )
    return Verdict(sentence=f"The {evidence.kind.value} is not finished yet.")


def _evaluation_sentence(record: EvaluationRecord) -> str:
    """What an evaluation found, without any latency."""
    found, metric = record.accuracy, record.accuracy.metrics[0]
    low, high = (f"{100 * end:+.2f}" for end in metric.interval)
    return (
        f"{found.model} on {record.device.name}: {metric.name} "
        f"{format_value(metric.device.value, NumberUnit.SHARE)}, in Paddle "
        f"{format_value(metric.paddle.value, NumberUnit.SHARE)} on the same "
        f"{format_count(found.images, 'picture')}; difference {100 * metric.difference:+.2f} "
        f"points ({low} to {high}); it was not deployed yet"
    )


def _quantization_sentence(record: QuantizationRecord) -> str:
    before, after = (
        format_value(value, NumberUnit.SHARE) for value in (record.before, record.after)
    )
    return (
        f"The quantized model has {record.metric} {after}, and {before} in floats; it was not "
        "deployed yet"
    )


def _undeployed_verdict(
    evidence: Evidence, what: str, measured: float | None, predicted: float | None
) -> Verdict:
    """Says what a run measured or predicted itself, without a spread, before any deployment."""
    limit = evidence.target_ms
    known = predicted if measured is None else measured
    how = "predicted" if measured is None else "measured once, while it was made"
    if known is None:
        return Verdict(sentence=f"No latency of {what} is known; it was not deployed yet.")
    latency = f"{what[0].upper()}{what[1:]} takes {format_ms(known)}, {how}"
    if limit is None:
        return Verdict(sentence=f"{latency}; it was not deployed yet.")
    within = "within" if known <= limit else "above"
    # A limit is met by a measurement with its spread, which only a deployment has.
    return Verdict(
        sentence=f"{latency}: {within} the limit of {format_ms(limit)}, but not deployed yet."
    )


def _latencies(evidence: Evidence) -> list[Fact]:
    found = []
    if evidence.target_ms is not None:
        found.append(
            Fact(
                key="target_ms",
                name="limit",
                value=evidence.target_ms,
                unit=NumberUnit.MS,
                note="what was asked for",
            )
        )
    record, subject = evidence.latest, evidence.subject
    if record is None or subject is None:
        return found + _own_latencies(evidence)
    found += [*_predicted_facts(record, subject), _measured_fact(subject), *_error_facts(subject)]
    speedup = _speedup(record, subject)
    if speedup is not None:
        found.append(
            Fact(
                key="speedup",
                name=f"as fast as {record.model(speedup.baseline).name}",
                value=speedup.ratio,
                unit=NumberUnit.RATIO,
                origin=NumberOrigin.MEASURED,
                interval=speedup.interval,
                note=f"{format_percent(speedup.level, 0)} interval over {speedup.rounds} rounds, "
                "both models in turns",
            )
        )
    return found


def _predicted_facts(record: DeploymentRecord, subject: ModelRecord) -> list[Fact]:
    if subject.predicted_ms is None:
        return []
    return [
        Fact(
            key="predicted_ms",
            name="predicted",
            value=subject.predicted_ms,
            unit=NumberUnit.MS,
            origin=prediction_origin(record),
            interval=subject.predicted_interval_ms,
            note="90 % interval" if subject.predicted_interval_ms else "",
        )
    ]


def _measured_fact(subject: ModelRecord) -> Fact:
    rounds = len(subject.counted_rounds)
    return Fact(
        key="measured_ms",
        name="measured",
        value=subject.latency_ms,
        unit=NumberUnit.MS,
        origin=NumberOrigin.MEASURED,
        interval=subject.latency_interval_ms,
        note=f"{format_spread(subject.spread, subject.samples)}, "
        f"{format_count(rounds, 'round')}, 9 of 10 below {format_ms(subject.p90_ms)}",
        good=subject.met,
    )


def _error_facts(subject: ModelRecord) -> list[Fact]:
    if subject.predicted_ms is None:
        return []
    return [
        Fact(
            key="error",
            name="prediction error",
            unit=NumberUnit.CHANGE,
            value=subject.predicted_ms / subject.latency_ms - 1,
            note="too high" if subject.predicted_ms > subject.latency_ms else "too low",
        )
    ]


def _own_latencies(evidence: Evidence) -> list[Fact]:
    """The latencies that a search or a pruning recorded of its model."""
    predicted: float | None = None
    measured: float | None = None
    if evidence.result is not None and evidence.result.targets:
        best = evidence.result.best
        predicted, measured = best.predicted_ms[0], (best.measured_ms or (None,))[0]
    elif evidence.pruning_result is not None:
        predicted, measured = (
            evidence.pruning_result.predicted_ms,
            evidence.pruning_result.measured_ms,
        )
    origin = NumberOrigin.PREDICTED
    if evidence.tables and evidence.tables[0].origin is not NumberOrigin.MEASURED:
        origin = evidence.tables[0].origin
    found = []
    if predicted is not None:
        found.append(
            Fact(
                key="predicted_ms",
                name="predicted",
                value=predicted,
                unit=NumberUnit.MS,
                origin=origin,
            )
        )
    if measured is not None:
        found.append(
            Fact(
                key="measured_ms",
                name="measured",
                value=measured,
                unit=NumberUnit.MS,
                origin=NumberOrigin.MEASURED,
                note="while it was made; its spread was not kept",
            )
        )
    return found


def _accuracy(evidence: Evidence) -> list[Fact]:
    record = evidence.latest
    if record is not None and record.accuracy is not None:
        known = record.accuracy
        return [_score(known.metric, known.value, _before(known.before))]
    if evidence.result is not None:
        return [
            _score(
                evidence.result.metric,
                evidence.result.trained_accuracy,
                f"{format_percent(evidence.result.best.accuracy)} when it was found",
            )
        ]
    if evidence.pruning_result is not None and evidence.pruning_result.metric_after is not None:
        pruning = evidence.pruning_result
        note = _before(pruning.metric_before)
        return [_score(pruning.metric or "metric", evidence.pruning_result.metric_after, note)]
    if evidence.quantization is not None:
        made = evidence.quantization
        return [_score(made.metric, made.after, f"in floats: {format_percent(made.before)}")]
    if evidence.compression is not None:
        return [_score(name, value, "") for name, value in evidence.compression.metrics.items()]
    return []


def _before(value: float | None) -> str:
    return "" if value is None else f"before: {format_value(value, NumberUnit.SHARE)}"


def _score(name: str, value: float, note: str) -> Fact:
    return Fact(
        key="accuracy",
        name=name,
        value=value,
        unit=NumberUnit.SHARE,
        origin=NumberOrigin.RECORDED,
        note=note,
    )


def _sizes(evidence: Evidence) -> list[Fact]:
    subject, pruning_result = evidence.subject, evidence.pruning_result
    found = []
    if subject is not None:
        found.append(
            Fact(
                key="size_bytes",
                name="file on the device",
                value=subject.size_bytes,
                unit=NumberUnit.BYTES,
                note=f"{subject.precision.value}",
            )
        )
        if subject.macs is not None:
            found.append(
                Fact(
                    key="macs",
                    name="multiply-accumulates",
                    value=subject.macs,
                    unit=NumberUnit.COUNT,
                    note=_less(
                        None if pruning_result is None else pruning_result.macs_before, subject.macs
                    ),
                )
            )
    elif pruning_result is not None:
        found.append(
            Fact(
                key="macs",
                name="multiply-accumulates",
                value=pruning_result.macs_after,
                unit=NumberUnit.COUNT,
                note=_less(pruning_result.macs_before, pruning_result.macs_after),
            )
        )
    return found


def _less(before: int | None, after: int) -> str:
    if not before:
        return ""
    return f"before: {before:,} ({format_value(after / before - 1, NumberUnit.CHANGE)})"
