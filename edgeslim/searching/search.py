"""The whole of ``edgeslim search``: propose and evaluate networks, and measure the best."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace

from edgeslim.durations import format_ms
from edgeslim.errors import EdgeslimError, InfeasibleTargetError, ModelError
from edgeslim.options import called_with
from edgeslim.runs.candidates import Candidate, pareto_front
from edgeslim.runs.search_run import SearchResult
from edgeslim.runs.search_settings import SearchSettings
from edgeslim.searching.request import SearchRequest
from edgeslim.searching.start_search import StartedSearch, start_search

__all__ = ["search"]


@called_with(SearchRequest)
def search(request: SearchRequest) -> SearchResult:
    """Finds the most accurate network of a space that runs within limits on devices.

    Every candidate is predicted to be within the limits; at the end the best are measured on
    the devices of the tables, and one that misses a limit there cannot win. If none meets them,
    predictions are refined by what was measured, and the search goes on. On an imported table's
    device that has no profile nothing can be measured; the result says so. Started again on the
    same folder, a search goes on where it was interrupted, and its result is the same as
    without the interruption, with any number of workers.

    Raises:
        UsageError: Unknown names; no limit at all; a folder with another search; a table of
            another device.
        MissingLatencyError: A table has nothing like some operators of the space.
        InfeasibleTargetError: No network is within the limits; the message has what is reachable.
        StorageError: The storage cannot be used.
    """
    if request.supernet is not None:
        request = replace(request, accuracy="supernet")
    request.check()
    with ExitStack() as stack:
        started = start_search(request, stack)
        winner = started.worker.work().winner
        evaluated = [
            candidate for _, candidate in sorted(started.worker.run.results().items()) if candidate
        ]
        if winner is None:
            raise _nothing_won(started.settings, evaluated)
        accuracy = started.finals.save_winner(winner, started.folder, request.progress)
        result = SearchResult(
            run=str(started.folder.path),
            targets=started.settings.targets,
            candidates=tuple(evaluated),
            front=pareto_front(candidate for candidate in evaluated if not candidate.failed),
            best=winner,
            model=str(started.folder.model),
            trained_accuracy=accuracy,
            metric=started.task.metric_name,
            notes=tuple(_notes(started, winner)),
            sizes=started.limits.sizes_reached(winner.tokens),
            judged=started.finals.judge(accuracy),
        )
    started.folder.finish(result)
    return result


def _nothing_won(settings: SearchSettings, evaluated: Sequence[Candidate]) -> EdgeslimError:
    """Why a search has no winner."""
    measured = [
        candidate for candidate in evaluated if candidate.is_measured and not candidate.failed
    ]
    if not measured:
        reason = next(
            (candidate.failed for candidate in evaluated if candidate.failed), "none was proposed"
        )
        return ModelError(f"none of {len(evaluated)} candidates can be used: {reason}")
    nearest = min(measured, key=lambda candidate: _worst(settings, candidate))
    took = " and ".join(
        f"{format_ms(latency_ms, round_up=True)} on {target.device}"
        for latency_ms, target in zip(nearest.latencies_ms, settings.targets, strict=True)
    )
    limits = " and ".join(
        f"{format_ms(target.target_ms)} on {target.device}" for target in settings.targets
    )
    return InfeasibleTargetError(
        f"none of the {len(measured)} best candidates ran in {limits}; "
        f"the nearest took {took}: ask for that, or search longer"
    )


def _worst(settings: SearchSettings, candidate: Candidate) -> float:
    """The largest share of a limit that a candidate takes."""
    return max(
        latency_ms / target.target_ms
        for latency_ms, target in zip(candidate.latencies_ms, settings.targets, strict=True)
    )


def _notes(begun: StartedSearch, winner: Candidate) -> Iterator[str]:
    """Notes on the result: devices without measurements, operators without predictions."""
    for target, limit in zip(begun.settings.targets, begun.limits.latencies, strict=True):
        if not target.measurable:
            yield (
                f"nothing was measured on {target.device}: there is no profile of it, and its "
                "latencies are as predicted"
            )
        predictor = limit.predictor.predictor
        fused_for = predictor.table.context.fused_for
        operators = begun.limits.space.operators(winner.tokens, fused_for)
        left_out = predictor.predict(operators).excluded_kinds
        if left_out:
            kinds = ", ".join(f"{count} {kind}" for kind, count in left_out.items())
            yield (
                f"predictions for {target.device} leave out what tables of this convention "
                f"never have: {kinds}"
            )
