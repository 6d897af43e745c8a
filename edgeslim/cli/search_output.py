"""The output of ``edgeslim search``: the result of a search, or its state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from edgeslim.cli.output import print_lines, print_table
from edgeslim.counts import format_count
from edgeslim.durations import format_ms
from edgeslim.runs.candidates import Candidate
from edgeslim.runs.search_run import SearchResult
from edgeslim.runs.search_settings import LatencyTarget, device_names

if TYPE_CHECKING:
    from edgeslim.searching.status import SearchStatus

__all__ = ["print_result", "print_status", "result_document", "status_document"]


def print_result(result: SearchResult) -> None:
    """Prints the Pareto front, measured candidates and finalists, fastest first."""
    finals = _finalists(result)
    listed = {
        candidate.tokens: candidate
        for candidate in (*result.front, *result.measured_candidates, *finals, result.best)
    }
    single = len(result.targets) == 1
    headers = [
        what if single else f"{what} on {device}"
        for device in device_names(result.targets)
        for what in ("predicted", "measured")
    ]
    print_table(
        ["", *headers, "accuracy", *(["trained"] if finals else []), "tokens"],
        [
            [
                "best" if tokens == result.best.tokens else "",
                *_latencies(candidate),
                f"{candidate.accuracy:.1%}",
                *([_final_accuracy(candidate)] if finals else []),
                ",".join(map(str, tokens)),
            ]
            for tokens, candidate in sorted(listed.items(), key=lambda item: item[1].predicted_ms)
        ],
    )
    print_lines(
        "",
        f"{format_count(len(result.candidates), 'candidate')} evaluated; the best "
        f"{_limits_met(result)}; "
        f"its model is in {result.model}, and {result.trained_accuracy:.1%} right"
        f"{_of_examples(result)}",
        *result.notes,
    )


def _of_examples(result: SearchResult) -> str:
    """Number of examples and interval of the winner's accuracy, where they are known."""
    return "" if result.judged is None else f" of {result.judged.about}"


def result_document(result: SearchResult) -> dict[str, object]:
    """The JSON document of a result; other programs rely on its keys."""
    return {
        "run": result.run,
        "target_ms": result.targets[0].target_ms if result.targets else None,
        "targets": [
            {"device": target.device, "target_ms": target.target_ms} for target in result.targets
        ],
        "sizes": result.sizes,
        "evaluated": len(result.candidates),
        "front": [_candidate(candidate, result.targets) for candidate in result.front],
        "measured": [
            _candidate(candidate, result.targets) for candidate in result.measured_candidates
        ],
        "finalists": [_candidate(finalist, result.targets) for finalist in _finalists(result)],
        "best": _candidate(result.best, result.targets),
        "model": result.model,
        "trained_accuracy": result.trained_accuracy,
        "judged": msgspec.to_builtins(result.judged),
        "metric": result.metric,
        "notes": result.notes,
    }


def print_status(status: SearchStatus) -> None:
    """Prints how far a search is, and which worker does what."""
    print_table(
        ["", "done", "running", "waiting", "failed", "wasted", "an hour"],
        [
            [
                name,
                str(queue.done),
                str(len(queue.running)),
                str(len(queue.waiting)),
                str(len(queue.failed)),
                str(queue.wasted),
                "" if queue.per_hour is None else f"{queue.per_hour:.0f}",
            ]
            for name, queue in status.queues.items()
        ],
    )
    lines = [
        f"{name}, {job.candidate}: {job.worker or 'somebody'}, last heard of "
        f"{job.silent_s:.0f} s ago"
        for name, queue in status.queues.items()
        for job in queue.running
    ]
    lines += [
        f"{name}, {number} failed: {reason}"
        for name, queue in status.queues.items()
        for number, reason in queue.failed.items()
    ]
    if status.best is not None:
        best = status.best
        lines.append(
            f"best so far: {best.accuracy:.1%}, "
            + (
                f"predicted {' and '.join(map(format_ms, best.predicted_ms))}, "
                if best.predicted_ms
                else ""
            )
            + ",".join(map(str, best.tokens))
        )
    print_lines("", *lines)


def status_document(status: SearchStatus) -> dict[str, object]:
    """The JSON document of a search's state."""
    return {
        "candidates": status.settings.candidates,
        "queues": {
            name: {
                "done": queue.done,
                "waiting": queue.waiting,
                "running": [
                    {
                        "candidate": job.candidate,
                        "worker": job.worker,
                        "silent_s": job.silent_s,
                    }
                    for job in queue.running
                ],
                "failed": {str(number): reason for number, reason in queue.failed.items()},
                "wasted": queue.wasted,
                "per_hour": queue.per_hour,
            }
            for name, queue in status.queues.items()
        },
        "best": None if status.best is None else _candidate(status.best, status.settings.targets),
    }


def _limits_met(result: SearchResult) -> str:
    """Says which limits the winner meets, as measured or predicted."""
    measured = result.best.measured_ms or (None,) * len(result.targets)
    latencies = [
        f"{format_ms(target.target_ms)} on {device} as "
        f"{'predicted' if took is None else 'measured'}"
        for target, device, took in zip(
            result.targets, device_names(result.targets), measured, strict=True
        )
    ]
    return " and ".join([f"meets {' and '.join(latencies)}"] * bool(latencies) + _sizes(result))


def _sizes(result: SearchResult) -> list[str]:
    """Says the winner's sizes that are limited."""
    return [f"has {' and '.join(map(str, result.sizes))}"] if result.sizes else []


def _latencies(candidate: Candidate) -> list[str]:
    measured = candidate.measured_ms or (None,) * len(candidate.predicted_ms)
    return [
        text
        for predicted_ms, took_ms in zip(candidate.predicted_ms, measured, strict=True)
        for text in (format_ms(predicted_ms), "" if took_ms is None else format_ms(took_ms))
    ]


def _finalists(result: SearchResult) -> list[Candidate]:
    return [candidate for candidate in result.candidates if candidate.final_accuracy is not None]


def _final_accuracy(candidate: Candidate) -> str:
    """A finalist's accuracy after its own training; empty for other candidates."""
    return "" if candidate.final_accuracy is None else f"{candidate.final_accuracy:.1%}"


def _candidate(candidate: Candidate, targets: Sequence[LatencyTarget]) -> dict[str, object]:
    measured = candidate.measured_ms or (None,) * len(targets)
    return {
        "tokens": candidate.tokens,
        "predicted_ms": candidate.predicted_ms[0] if candidate.predicted_ms else None,
        "accuracy": candidate.accuracy,
        "final_accuracy": candidate.final_accuracy,
        "measured_ms": measured[0] if measured else None,
        "latencies": [
            {"device": target.device, "predicted_ms": predicted_ms, "measured_ms": took_ms}
            for target, predicted_ms, took_ms in zip(
                targets, candidate.predicted_ms, measured, strict=True
            )
        ],
    }
