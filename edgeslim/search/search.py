"""The whole of ``edgeslim search``: propose, train, and let the device have the last word."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from edgeslim.device import DeviceChoice, device_names
from edgeslim.errors import ContextMismatchError, UsageError
from edgeslim.latency_table import LatencyTable
from edgeslim.opspec import Shape
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.prediction.population import PopulationPredictor
from edgeslim.prediction.predictor import Predictor, missing_error
from edgeslim.profiling.device_session import DeviceSession, open_device
from edgeslim.progress import SILENT, Progress
from edgeslim.search.algorithms import ALGORITHMS, Problem
from edgeslim.search.evaluation import Evaluation
from edgeslim.search.finalists import choose_winner
from edgeslim.search.limits import LatencyLimit, feasible_start
from edgeslim.search.run_folder import (
    Candidate,
    RunFolder,
    SearchResult,
    SearchSettings,
    default_folder,
)
from edgeslim.spaces import SPACES, Space, Tokens, every_operator
from edgeslim.training.tasks import Task, find_task

if TYPE_CHECKING:
    from edgeslim.training.short_training import ShortTraining

__all__ = ["pareto_front", "search"]


def search(
    target_ms: float,
    *,
    space: str,
    table: Path,
    device: DeviceChoice | None = None,
    out: Path | None = None,
    task: str = "digits",
    algorithm: str = "annealing",
    input_shape: Shape | None = None,
    candidates: int = 20,
    epochs: int = 2,
    seed: int = 0,
    runs: Path = Path("runs"),
    progress: Progress = SILENT,
) -> SearchResult:
    """Finds the most accurate network of a space that runs within a limit on a device.

    Every candidate trained is predicted to be within the limit; at the end the best are
    measured on the device of the table, and one that misses the limit there cannot win. Of an
    imported table's device that has no profile nothing can be measured; the result says so.
    Started again on the same folder, a search goes on where it was interrupted, and its
    result is the same as without the interruption.

    Args:
        target_ms: The limit.
        space: Name of the space.
        table: Latency table of the device.
        device: How that device is reached, if not as its profile says; models run as they did
            for the table.
        out: The run's folder; by default that of the same search in ``runs`` if one was
            interrupted there, or else a new one.
        task: What candidates are trained for: a task's name, ``name:folder``, or a file.
        algorithm: Name of the algorithm.
        input_shape: Input of the networks, if not the space's own.
        candidates: How many networks are trained.
        epochs: How long each is.
        seed: Of everything random.
        runs: Where folders are, if none is named.
        progress: Where to show it.

    Raises:
        UsageError: Unknown names; a folder with another search; a table of another device.
        MissingLatencyError: The table knows nothing like some operators of the space.
        InfeasibleTargetError: No network meets the limit; says what is reachable.
    """
    chosen_task = find_task(task)
    settings = _settings(
        target_ms=target_ms,
        space=space,
        table=table,
        task=task,
        num_classes=chosen_task.num_classes,
        algorithm=algorithm,
        input_shape=input_shape,
        candidates=candidates,
        epochs=epochs,
        seed=seed,
    )
    run = RunFolder(out or default_folder(runs, settings, table))
    goes_on = run.check(settings)
    own_table = LatencyTable.read(run.table if goes_on else table)
    chosen = SPACES.get(space).space(settings.input_shape, settings.num_classes)
    predictor = Predictor(own_table)
    limit = _limit(predictor, chosen, target_ms)
    start = feasible_start(limit)
    with ExitStack() as stack:
        session = _session(own_table, table, device)
        if session is not None:
            stack.enter_context(session)
        if not goes_on:
            run.begin(settings, table)
        result = _found(
            run,
            settings=settings,
            task=chosen_task,
            limit=limit,
            start=start,
            session=session,
            progress=progress,
        )
    notes = tuple(_notes(predictor, chosen, result.best, session))
    result = msgspec.structs.replace(result, notes=notes)
    run.finish(result)
    return result


def _found(
    run: RunFolder,
    *,
    settings: SearchSettings,
    task: Task,
    limit: LatencyLimit,
    start: Tokens,
    session: DeviceSession | None,
    progress: Progress,
) -> SearchResult:
    """Trains candidates within the limit, and measures the best of them."""
    problem = Problem(
        ranges=limit.space.ranges,
        start=start,
        feasible=limit.holds,
        generator=np.random.default_rng(settings.seed),
    )
    training = _training(task, settings)
    evaluation = Evaluation(run=run, limit=limit, training=training, seed=settings.seed)
    proposals = ALGORITHMS.get(settings.algorithm)(problem)
    evaluated = evaluation.evaluate(proposals, settings.candidates, progress)
    winner, measured = choose_winner(
        evaluated,
        limit=limit,
        session=session,
        training=training,
        run=run,
        seed=settings.seed,
        progress=progress,
    )
    return SearchResult(
        run=str(run.path),
        target_ms=settings.target_ms,
        evaluated=len(evaluated),
        front=pareto_front(evaluated),
        measured=measured,
        best=winner,
        model=str(run.model),
    )


def _limit(predictor: Predictor, space: Space, target_ms: float) -> LatencyLimit:
    """A limit on a space of which the table must know every operator something.

    Raises:
        MissingLatencyError: It knows nothing like some; says how many and one.
    """
    table = predictor.table
    unknown = predictor.rows.unknown(every_operator(space, table.context.execution.target))
    if unknown:
        raise missing_error(table, unknown)
    return LatencyLimit(space, PopulationPredictor(predictor, space), target_ms)


def pareto_front(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """The candidates that no other beats in both latency and accuracy, fastest first."""
    front: list[Candidate] = []
    for candidate in sorted(candidates, key=lambda each: (each.predicted_ms, -each.accuracy)):
        if not front or candidate.accuracy > front[-1].accuracy:
            front.append(candidate)
    return tuple(front)


def _settings(
    *,
    target_ms: float,
    space: str,
    table: Path,
    task: str,
    num_classes: int,
    algorithm: str,
    input_shape: Shape | None,
    candidates: int,
    epochs: int,
    seed: int,
) -> SearchSettings:
    """What was asked for, with every name and number checked."""
    ALGORITHMS.get(algorithm)
    for name, number in (("candidates", candidates), ("epochs", epochs)):
        if number < 1:
            raise UsageError(f"{name} must be at least 1, not {number}")
    if not 0 <= seed < 2**31:
        raise UsageError(f"seed must be 0 or more and have at most 31 bits, not {seed}")
    family = SPACES.get(space)
    if family.detects:
        raise UsageError(
            f"{space} makes detectors, and the task {task} trains networks that classify; "
            f"predict one of them with edgeslim space build {space} and edgeslim predict"
        )
    chosen = family.space(input_shape, num_classes)
    return SearchSettings(
        space=chosen.name,
        input_shape=chosen.input_shape,
        num_classes=chosen.num_classes,
        target_ms=target_ms,
        device=LatencyTable.read(table).context.device,
        task=task,
        algorithm=algorithm,
        candidates=candidates,
        epochs=epochs,
        seed=seed,
    )


def _session(table: LatencyTable, path: Path, device: DeviceChoice | None) -> DeviceSession | None:
    """The device of a table; None if nobody has told how it is reached, as of an imported one.

    Raises:
        ContextMismatchError: It is not as it was when the table was measured.
    """
    context = table.context
    if context.provenance and context.device not in device_names():
        return None
    choice = replace(
        (device or DeviceChoice()).named(context.device),
        threads=context.execution.threads,
        power_mode=context.execution.power_mode,
    )
    session = open_device(choice)
    try:
        context.check_same(session.context(), path)
    except ContextMismatchError:
        session.close()
        raise
    return session


def _notes(
    predictor: Predictor, space: Space, winner: Candidate, session: DeviceSession | None
) -> Iterator[str]:
    """What the result does not say by itself."""
    context = predictor.table.context
    if session is None:
        yield (
            f"nothing was measured: there is no profile of {context.device}, "
            "and all is as predicted"
        )
    operators = space.operators(winner.tokens, context.execution.target)
    left_out = predictor.predict(operators).left_out
    if left_out:
        kinds = ", ".join(f"{count} {kind}" for kind, count in left_out.items())
        yield f"predictions leave out what tables of this convention never have: {kinds}"


def _training(task: Task, settings: SearchSettings) -> ShortTraining:
    load_paddle()
    from edgeslim.training.short_training import ShortTraining

    return ShortTraining(task, settings.input_shape, epochs=settings.epochs)
