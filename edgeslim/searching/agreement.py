"""The whole of ``edgeslim space agreement``: whether cheap estimates rank networks as training."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

import numpy as np

from edgeslim.conversion.find_space import find_space
from edgeslim.conversion.shape_options import SPACE_SHAPE
from edgeslim.durations import parse_ms
from edgeslim.errors import ModelError, UsageError
from edgeslim.latency_table import LatencyTable
from edgeslim.opspec import Shape
from edgeslim.options import OPTION, called_with, parse_names
from edgeslim.prediction.population import PopulationPredictor
from edgeslim.prediction.predictor import Predictor
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
from edgeslim.searching.limits import LatencyLimit
from edgeslim.searching.proxies import PROXIES, Proxy
from edgeslim.searching.rank_correlation import RankCorrelation, rank_correlation
from edgeslim.searching.spread import spread_networks
from edgeslim.spaces import Space, Tokens
from edgeslim.training.tasks import find_task

__all__ = ["Agreement", "AgreementRequest", "JudgeAgreement", "measure_agreement"]

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


def _parse_proxies(text: str) -> tuple[str, ...]:
    return () if text == "none" else parse_names(text)


@dataclass(frozen=True, kw_only=True, slots=True)
class AgreementRequest:
    """What can be asked of `measure_agreement`."""

    space: Annotated[str | Space, OPTION(parse=str)] = field(kw_only=False)
    """The search space: a name, or space.py of your own."""
    task: Annotated[str, OPTION] = field(kw_only=False)
    """Task that networks are trained for: NAME, NAME:FOLDER with its images, or file.py of your
    own."""
    out: Annotated[Path, OPTION] = field(kw_only=False)
    """File for every result, such as agreement.jsonl."""
    networks: Annotated[int, OPTION] = 20
    """How many networks are trained."""
    epochs: Annotated[int, OPTION] = 10
    """Epochs that each of them is trained."""
    supernet: Annotated[Path | None, OPTION] = None
    """A supernet to judge: the file supernet.npz."""
    short_epochs: Annotated[int | None, OPTION] = None
    """Also judge trainings of so many epochs."""
    short_batch_size: int = 32
    """Examples of a step of those trainings."""
    proxies: Annotated[Sequence[str], OPTION(parse=_parse_proxies)] = ("macs", "parameters")
    """Proxies to judge: macs,parameters,synflow,zico; or none. By default macs,parameters."""
    eval_share: Annotated[float, OPTION] = 1.0
    """Share of the examples that the supernet judges by."""
    table: Annotated[Path | None, OPTION] = None
    """Latency table, for networks within a latency only."""
    target_latency: Annotated[str | None, OPTION] = None
    """That latency: 20ms."""
    input_shape: Annotated[Shape | None, SPACE_SHAPE] = None
    """Input shape of the networks of a named space, if not its own: 1,3,224,224."""
    seed: Annotated[int, OPTION] = 0
    """Seed of everything random."""
    drawn: Sequence[Tokens] | None = None
    """The networks, if they are not to be drawn with the seed."""
    progress: Progress = SILENT
    """Shows how far it is."""

    def check(self) -> None:
        """Checks what can be checked before anything is loaded.

        Raises:
            UsageError: Too few networks or epochs, or a limit without a table.
        """
        if (self.table is None) != (self.target_latency is None):
            raise UsageError("--table and --target-latency go together")
        if self.networks < _FEWEST or self.epochs < 1:
            raise UsageError(
                f"agreement takes {_FEWEST} networks and 1 epoch at least, not {self.networks} and "
                f"{self.epochs}"
            )

    @property
    def estimators(self) -> list[str]:
        """Names of the estimators to judge."""
        asked = {"supernet": self.supernet, "training": self.short_epochs}
        return [name for name, value in asked.items() if value is not None]

    @property
    def limits(self) -> str:
        """The limits of the networks, as text; empty for none."""
        return f"{self.target_latency} by {self.table.name}" if self.table else ""

    def setup(self) -> EvaluationSetup:
        """How estimators evaluate networks of the space.

        Raises:
            UsageError: Unknown names.
        """
        task, space = find_task(self.task), self.space
        if isinstance(space, str):
            family = find_space(space, progress=self.progress)
            space = family.space(self.input_shape, task.num_classes)
        shared = EvaluationSetup(
            space=space,
            task=task,
            seed=self.seed,
            batch_size=self.short_batch_size,
            supernet=self.supernet,
            eval_share=self.eval_share,
        )
        return shared if self.short_epochs is None else replace(shared, epochs=self.short_epochs)

    def networks_of(self, space: Space) -> list[Tokens]:
        """The networks to train.

        Raises:
            BadFileError: The table is none.
            InfeasibleTargetError: Not so many are within the limit.
        """
        if self.drawn is not None:
            return list(self.drawn)
        within = None
        if self.table is not None and self.target_latency is not None:
            table = LatencyTable.read(self.table)
            within = LatencyLimit(
                device=table.context.device,
                predictor=PopulationPredictor(Predictor(table), space),
                target_ms=parse_ms(self.target_latency),
                confidence=0.5,
            ).are_met
        return spread_networks(space, self.networks, np.random.default_rng(self.seed), within)


@called_with(AgreementRequest)
def measure_agreement(request: AgreementRequest) -> Agreement:
    """Trains networks of a space, and compares how estimators and proxies rank them.

    Every result is written at once; the same call goes on after an interruption, and one with
    further estimators or proxies on the same file trains nothing again.

    Raises:
        UsageError: Unknown names; too few networks; a file of something else.
        BadFileError: A file that cannot be read.
        InfeasibleTargetError: Not so many networks are within the limits.
    """
    request.check()
    setup = request.setup()
    judges = [*_estimators(setup, request.estimators), *_proxies(setup, request.proxies)]
    file = AgreementFile.open(request.out, _context(request, setup.space))
    full = replace(setup, epochs=request.epochs, batch_size=_FULL_BATCH_SIZE)
    _train(file, full, request.progress)
    for judge in judges:
        _score(file, judge, request.progress)
    rows = [file.trained[tokens] for tokens in file.context.networks]
    return Agreement(
        trained=tuple(rows),
        judges=tuple(_compare_judge(file, judge, rows, setup.seed) for judge in judges),
        notes=tuple(f"{','.join(map(str, row.tokens))}: {row.note}" for row in rows if row.note),
    )


def _context(request: AgreementRequest, space: Space) -> AgreementContext:
    return AgreementContext(
        space=space.name,
        ranges=tuple(space.ranges),
        input_shape=tuple(space.input_shape),
        num_classes=space.num_classes,
        task=request.task,
        epochs=request.epochs,
        seed=request.seed,
        limits=request.limits,
        networks=tuple(request.networks_of(space)),
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
