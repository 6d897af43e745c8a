"""The whole of ``edgeslim search``: propose and evaluate networks, and measure the best."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from edgeslim.device import DeviceChoice
from edgeslim.durations import LatencyShare, format_ms
from edgeslim.errors import EdgeslimError, InfeasibleTargetError, ModelError
from edgeslim.opspec import Shape
from edgeslim.progress import SILENT, Progress
from edgeslim.runs.candidates import Candidate, pareto_front
from edgeslim.runs.search_run import SearchResult
from edgeslim.runs.search_settings import SearchSettings
from edgeslim.searching.request import SearchRequest
from edgeslim.searching.start_search import SearchResources, StartedSearch, start_search

__all__ = ["DEFAULT_CANDIDATES", "search"]

DEFAULT_CANDIDATES = 20
"""Networks that are evaluated before devices measure the best of them."""


def search(
    target_ms: float | LatencyShare | Sequence[float | LatencyShare] = (),
    *,
    space: str,
    table: Path | Sequence[Path] = (),
    device: DeviceChoice | None = None,
    out: Path | None = None,
    task: str = "digits",
    algorithm: str = "surrogate",
    accuracy: str = "training",
    supernet: Path | None = None,
    prefilter: str = "",
    starts: Sequence[str] = (),
    input_shape: Shape | None = None,
    max_macs: int | None = None,
    max_paddleslim1_flops: int | None = None,
    max_parameters: int | None = None,
    max_bytes: int | None = None,
    confidence: float = 0.8,
    candidates: int = DEFAULT_CANDIDATES,
    most_candidates: int | None = None,
    parallel: int = 4,
    epochs: int = 2,
    finalists: int = 1,
    final_epochs: int | None = None,
    seed: int = 0,
    storage: str = "",
    measure: bool = True,
    runs: Path = Path("runs"),
    progress: Progress = SILENT,
) -> SearchResult:
    """Finds the most accurate network of a space that runs within limits on devices.

    Every candidate is predicted to be within the limits; at the end the best are measured on
    the devices of the tables, and one that misses a limit there cannot win. If none meets them,
    predictions are refined by what was measured, and the search goes on. On an imported table's
    device that has no profile nothing can be measured; the result says so. Started again on the
    same folder, a search goes on where it was interrupted, and its result is the same as
    without the interruption, with any number of workers.

    Args:
        target_ms: The latency limit, or the share of what the space's start is predicted to
            take; or several. None where only sizes are limited.
        space: Name of the space, or a user's file.
        table: Latency table of the device; for several limits as many, in the same order. None
            where no latency is limited: then nothing is predicted and nothing measured.
        device: How devices are reached, if not as their profiles say.
        out: The run's folder; by default that of the same search in ``runs`` if one was
            interrupted there, or else a new one.
        task: Task that candidates are trained for: its name, ``name:folder``, or a file.
        algorithm: Search algorithm, see `edgeslim.algorithms.find_algorithm`.
        accuracy: How accuracies are estimated: ``training`` or ``supernet``.
        supernet: File of a trained supernet; by default one is trained for the search.
        prefilter: A proxy and the number of proposals it chooses among, such as ``macs:8``.
        starts: Networks to begin with: tokens, names of published ones, or ``published``.
        input_shape: Input of the networks, if not the space's own.
        max_macs: Limit on multiply-accumulate operations.
        max_paddleslim1_flops: Limit on work as PaddleSlim 1.x counted it, depthwise convolutions
            left out; see `edgeslim.ops.paddleslim1_flops`.
        max_parameters: Limit on the number of parameters.
        max_bytes: Limit on the size of the optimized file.
        confidence: Least probability, by the predictions, that the latency limits are met.
        candidates: How many networks are evaluated before devices are asked.
        most_candidates: How many at most, if none of the best meets its limits there; by
            default twice as many.
        parallel: How many candidates may be evaluated at once, by that many workers.
        epochs: Epochs for which networks are trained.
        finalists: How many of the best within all limits are trained by themselves in the end;
            the most accurate of them wins.
        final_epochs: Epochs for finalists and the winner; by default as for other candidates.
        seed: Seed of everything random.
        storage: Address of a database that other machines reach; by default a file of the run.
        measure: Whether this process measures; otherwise those that join with a device do.
        runs: Folder for the run's folder, if ``out`` is not given.
        progress: Shows how far it is.

    Raises:
        UsageError: Unknown names; no limit at all; a folder with another search; a table of
            another device.
        MissingLatencyError: A table has nothing like some operators of the space.
        InfeasibleTargetError: No network is within the limits; the message has what is reachable.
        StorageError: The storage cannot be used.
    """
    request = SearchRequest(
        targets=(
            (target_ms,) if isinstance(target_ms, int | float | LatencyShare) else tuple(target_ms)
        ),
        space=space,
        tables=(table,) if isinstance(table, Path) else tuple(table),
        task=task,
        algorithm=algorithm,
        accuracy="supernet" if supernet is not None else accuracy,
        prefilter=prefilter,
        starts=tuple(starts),
        input_shape=input_shape,
        max_macs=max_macs,
        max_paddleslim1_flops=max_paddleslim1_flops,
        max_parameters=max_parameters,
        max_bytes=max_bytes,
        confidence=confidence,
        candidates=candidates,
        most_candidates=most_candidates,
        parallel=parallel,
        epochs=epochs,
        finalists=finalists,
        final_epochs=final_epochs,
        seed=seed,
    )
    request.check()
    resources = SearchResources(
        out=out, runs=runs, storage=storage, supernet=supernet, device=device, measure=measure
    )
    with ExitStack() as stack:
        started = start_search(request, resources, stack, progress)
        winner = started.worker.work().winner
        evaluated = [
            candidate for _, candidate in sorted(started.worker.run.results().items()) if candidate
        ]
        if winner is None:
            raise _nothing_won(started.settings, evaluated)
        result = SearchResult(
            run=str(started.folder.path),
            targets=started.settings.targets,
            candidates=tuple(evaluated),
            front=pareto_front(candidate for candidate in evaluated if not candidate.failed),
            best=winner,
            model=str(started.folder.model),
            trained_accuracy=started.finals.save_winner(winner, started.folder, progress),
            metric=started.task.metric_name,
            notes=tuple(_notes(started, winner)),
            sizes=started.limits.sizes_reached(winner.tokens),
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
