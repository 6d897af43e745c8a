"""The whole of ``edgeslim space agreement``: whether cheap estimates rank as trainings do."""

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
from edgeslim.searching.accuracy import ESTIMATORS, Judging
from edgeslim.searching.accuracy.supernet import SupernetAccuracy
from edgeslim.searching.accuracy.training import Training
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

__all__ = ["Agreement", "JudgeAgreement", "agreement"]

_FEWEST = 3
_FULL_BATCH_SIZE = 64


@dataclass(frozen=True, kw_only=True, slots=True)
class JudgeAgreement:
    """What one judge is worth.

    Args:
        judge: An estimator with what it was told, or a proxy.
        correlation: Of its order with that of the trainings.
        seconds_each: What it took for a network.
        seconds_once: What it took once for all networks: a supernet's training.
    """

    judge: str
    correlation: RankCorrelation
    seconds_each: float
    seconds_once: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreement:
    """What was found.

    Args:
        trained: Every network with its accuracy, in the order they were drawn.
        judges: Every judge that was asked for.
        notes: Networks whose training failed, and why.
    """

    trained: tuple[TrainedRow, ...]
    judges: tuple[JudgeAgreement, ...]
    notes: tuple[str, ...]

    @property
    def seconds_each(self) -> float:
        """What a full training takes."""
        return float(np.mean([row.seconds for row in self.trained]))


def agreement(
    judging: Judging,
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
    """Trains networks of a space, and says how well others would have ranked them.

    Every result is written down as it is there; the same call goes on after an interruption,
    and one with further judges on the same file trains nothing again.

    Args:
        judging: What the networks are judged for, and how carefully the estimators do it.
        task: The task as it was asked for.
        out: The file.
        networks: How many are drawn (`spread_networks`) and trained.
        epochs: How long each is.
        estimators: Names of estimators to judge.
        proxies: Names of proxies to judge.
        within: Which networks are allowed; see `spread_networks`.
        limits: The same in words.
        drawn: The networks, if others than are drawn from the judging's seed.
        progress: Where to show it.

    Raises:
        UsageError: Unknown names; too few networks; a file of something else.
        BadFileError: A file that cannot be read.
        InfeasibleTargetError: Not so many networks are within the limits.
    """
    if networks < _FEWEST or epochs < 1:
        raise UsageError(
            f"agreement takes {_FEWEST} networks and 1 epoch at least, not {networks} and {epochs}"
        )
    judges = [*_estimators(judging, estimators), *_proxies(judging, proxies)]
    if drawn is None:
        generator = np.random.default_rng(judging.seed)
        drawn = spread_networks(judging.space, networks, generator, within=within)
    context = AgreementContext(
        space=judging.space.name,
        ranges=tuple(judging.space.ranges),
        input_shape=tuple(judging.space.input_shape),
        num_classes=judging.space.num_classes,
        task=task,
        epochs=epochs,
        seed=judging.seed,
        limits=limits,
        networks=tuple(drawn),
    )
    file = AgreementFile.open(out, context)
    _train(file, replace(judging, epochs=epochs, batch_size=_FULL_BATCH_SIZE), progress)
    for judge in judges:
        _score(file, judge, progress)
    rows = [file.trained[tokens] for tokens in file.context.networks]
    return Agreement(
        trained=tuple(rows),
        judges=tuple(_compared(file, judge, rows, judging.seed) for judge in judges),
        notes=tuple(f"{','.join(map(str, row.tokens))}: {row.note}" for row in rows if row.note),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Judge:
    """Somebody who scores networks.

    Args:
        name: With all that decides the scores.
        score: Of a network; told where to say shares of the work.
        seconds_once: What getting there took, once for all networks.
    """

    name: str
    score: Callable[[Tokens, Callable[[float], None]], float]
    seconds_once: float = 0.0


def _estimators(judging: Judging, names: Sequence[str]) -> Iterator[_Judge]:
    for name in names:
        estimator = ESTIMATORS.get(name)(judging)
        if isinstance(estimator, SupernetAccuracy):
            label = f"supernet {_checksum(judging.supernet)}, {judging.eval_share:.0%} of examples"
            label += f", {judging.recalibration_batches} batches"
            yield _Judge(name=label, score=estimator.of, seconds_once=estimator.training_seconds)
        else:
            label = f"{name} {judging.epochs} epochs, batch {judging.batch_size}"
            yield _Judge(name=label, score=estimator.of)


def _proxies(judging: Judging, names: Sequence[str]) -> Iterator[_Judge]:
    for name in names:
        proxy = PROXIES.get(name)(judging)

        def score(tokens: Tokens, on_share: Callable[[float], None], proxy: Proxy = proxy) -> float:
            found = proxy.score(tokens)
            on_share(1)
            return found

        yield _Judge(name=name, score=score)


def _checksum(path: Path | None) -> str:
    """Tells one supernet from another: its file may have been trained anew."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:8] if path else ""


def _train(file: AgreementFile, judging: Judging, progress: Progress) -> None:
    """Trains the networks that the file does not have."""
    left = [tokens for tokens in file.context.networks if tokens not in file.trained]
    if not left:
        return
    training = Training(judging)
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
    """Lets a judge score the networks that the file does not have its scores of."""
    left = [each for each in file.context.networks if (judge.name, each) not in file.scored]
    with progress.stage(judge.name, len(left)) as stage:
        for tokens in left:
            began = time.perf_counter()
            score = judge.score(tokens, stage.advance)
            seconds = time.perf_counter() - began
            file.add(ScoredRow(judge=judge.name, tokens=tokens, score=score, seconds=seconds))


def _compared(
    file: AgreementFile, judge: _Judge, trained: Sequence[TrainedRow], seed: int
) -> JudgeAgreement:
    rows = [file.scored[judge.name, each.tokens] for each in trained]
    return JudgeAgreement(
        judge=judge.name,
        correlation=rank_correlation(
            [each.accuracy for each in trained], [each.score for each in rows], seed=seed
        ),
        seconds_each=float(np.mean([each.seconds for each in rows])),
        seconds_once=judge.seconds_once,
    )
