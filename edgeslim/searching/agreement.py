"""The whole of ``edgeslim space agreement``: whether cheap estimates rank networks as training."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgeslim.errors import ModelError, UsageError
from edgeslim.progress import SILENT, Progress
from edgeslim.searching.accuracy import ESTIMATORS, EvaluationSetup
from edgeslim.searching.accuracy.supernet import SupernetAccuracy
from edgeslim.searching.accuracy.training import TrainingAccuracy
from edgeslim.searching.agreement_rows import (
    AgreementContext,
    AgreementFile,
    ScoredRow,
    TrainedRow,
)
from edgeslim.searching.proxies import PROXIES, Proxy
from edgeslim.searching.rank_correlation import RankCorrelation, rank_correlation
from edgeslim.searching.spread import spread_networks
from edgeslim.spaces import Tokens

__all__ = ["Agreement", "JudgeAgreement", "measure_agreement"]

_FEWEST = 3
_FULL_BATCH_SIZE = 64


@dataclass(frozen=True, kw_only=True, slots=True)
class JudgeAgreement:
    """How well one estimator or proxy, called a judge, ranks networks.

    Args:
        judge: Name of the estimator with its settings, or of the proxy.
        correlation: Rank correlation of its scores with accuracies after training.
        seconds_each: Seconds that it took for a network.
        seconds_once: Seconds that it took once for all networks: a supernet's training.
    """

    judge: str
    correlation: RankCorrelation
    seconds_each: float
    seconds_once: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreement:
    """Agreement of cheap estimates with full trainings.

    Args:
        trained: Every network with its accuracy, in the order in which they were drawn.
        judges: Every estimator and proxy that was asked for.
        notes: Networks whose training failed, and why.
    """

    trained: tuple[TrainedRow, ...]
    judges: tuple[JudgeAgreement, ...]
    notes: tuple[str, ...]

    @property
    def seconds_each(self) -> float:
        """Mean seconds of a full training."""
        return float(np.mean([row.seconds for row in self.trained]))


def measure_agreement(
    setup: EvaluationSetup,
    task: str,
    out: Path,
    *,
    networks: int = 20,
    epochs: int = 10,
    estimators: Sequence[str] = (),
    proxies: Sequence[str] = (),
    within: Callable[[NDArray[np.int64]], NDArray[np.bool_]] | None = None,
    limits: str = "",
    drawn: Sequence[Tokens] | None = None,
    progress: Progress = SILENT,
) -> Agreement:
    """Trains networks of a space, and compares how estimators and proxies rank them.

    Every result is written at once; the same call goes on after an interruption, and one with
    further estimators or proxies on the same file trains nothing again.

    Args:
        setup: How estimators evaluate networks, and for which task.
        task: Name of the task as it was asked for.
        out: File that results are written to.
        networks: How many networks are drawn (`spread_networks`) and trained.
        epochs: Epochs for which each is trained.
        estimators: Names of the estimators to compare.
        proxies: Names of the proxies to compare.
        within: Mask of the allowed networks; see `spread_networks`.
        limits: The same limits as text.
        drawn: The networks, if they are not to be drawn with the setup's seed.
        progress: Shows how far it is.

    Raises:
        UsageError: Unknown names; too few networks; a file of something else.
        BadFileError: A file that cannot be read.
        InfeasibleTargetError: Not so many networks are within the limits.
    """
    if networks < _FEWEST or epochs < 1:
        raise UsageError(
            f"agreement takes {_FEWEST} networks and 1 epoch at least, not {networks} and {epochs}"
        )
    judges = [*_estimators(setup, estimators), *_proxies(setup, proxies)]
    if drawn is None:
        generator = np.random.default_rng(setup.seed)
        drawn = spread_networks(setup.space, networks, generator, within=within)
    context = AgreementContext(
        space=setup.space.name,
        ranges=tuple(setup.space.ranges),
        input_shape=tuple(setup.space.input_shape),
        num_classes=setup.space.num_classes,
        task=task,
        epochs=epochs,
        seed=setup.seed,
        limits=limits,
        networks=tuple(drawn),
    )
    file = AgreementFile.open(out, context)
    _train(file, replace(setup, epochs=epochs, batch_size=_FULL_BATCH_SIZE), progress)
    for judge in judges:
        _score(file, judge, progress)
    rows = [file.trained[tokens] for tokens in file.context.networks]
    return Agreement(
        trained=tuple(rows),
        judges=tuple(_compare_judge(file, judge, rows, setup.seed) for judge in judges),
        notes=tuple(f"{','.join(map(str, row.tokens))}: {row.note}" for row in rows if row.note),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Judge:
    """An estimator or a proxy that scores networks.

    Args:
        name: Name with all settings that decide the scores.
        score: Scores a network, and calls a function with shares of the work as they are done.
        seconds_once: Seconds that it took once for all networks.
    """

    name: str
    score: Callable[[Tokens, Callable[[float], None]], float]
    seconds_once: float = 0.0


def _estimators(setup: EvaluationSetup, names: Sequence[str]) -> Iterator[_Judge]:
    for name in names:
        estimator = ESTIMATORS.get(name)(setup)
        if isinstance(estimator, SupernetAccuracy):
            label = f"supernet {_checksum(setup.supernet)}, {setup.eval_share:.0%} of examples"
            label += f", {setup.recalibration_batches} batches"
            yield _Judge(name=label, score=estimator.of, seconds_once=estimator.training_seconds)
        else:
            label = f"{name} {setup.epochs} epochs, batch {setup.batch_size}"
            yield _Judge(name=label, score=estimator.of)


def _proxies(setup: EvaluationSetup, names: Sequence[str]) -> Iterator[_Judge]:
    for name in names:
        proxy = PROXIES.get(name)(setup)

        def score(tokens: Tokens, on_share: Callable[[float], None], proxy: Proxy = proxy) -> float:
            found = proxy.score(tokens)
            on_share(1)
            return found

        yield _Judge(name=name, score=score)


def _checksum(path: Path | None) -> str:
    """A checksum that tells supernets apart: a file may have been trained anew."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:8] if path else ""


def _train(file: AgreementFile, setup: EvaluationSetup, progress: Progress) -> None:
    """Trains the networks that the file does not have."""
    left = [tokens for tokens in file.context.networks if tokens not in file.trained]
    if not left:
        return
    training = TrainingAccuracy(setup)
    with progress.stage("networks trained", len(left)) as stage:
        for tokens in left:
            began, note = time.perf_counter(), ""
            try:
                accuracy = training.of(tokens, stage.advance)
            except ModelError as error:  # as in a search: one bad network does not end it
                accuracy, note = 0.0, f"{error}; it counts as never right"
            seconds = time.perf_counter() - began
            file.add(TrainedRow(tokens=tokens, accuracy=accuracy, seconds=seconds, note=note))


def _score(file: AgreementFile, judge: _Judge, progress: Progress) -> None:
    """Scores the networks for which the file does not have a judge's scores."""
    left = [tokens for tokens in file.context.networks if (judge.name, tokens) not in file.scored]
    with progress.stage(judge.name, len(left)) as stage:
        for tokens in left:
            began = time.perf_counter()
            score = judge.score(tokens, stage.advance)
            seconds = time.perf_counter() - began
            file.add(ScoredRow(judge=judge.name, tokens=tokens, score=score, seconds=seconds))


def _compare_judge(
    file: AgreementFile, judge: _Judge, trained: Sequence[TrainedRow], seed: int
) -> JudgeAgreement:
    rows = [file.scored[judge.name, network.tokens] for network in trained]
    return JudgeAgreement(
        judge=judge.name,
        correlation=rank_correlation(
            [network.accuracy for network in trained], [row.score for row in rows], seed=seed
        ),
        seconds_each=float(np.mean([row.seconds for row in rows])),
        seconds_once=judge.seconds_once,
    )
