"""A user's request for a search, checked and resolved to settings."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from edgeslim.algorithms import find_algorithm
from edgeslim.conversion.find_space import find_space
from edgeslim.durations import LatencyShare, format_ms
from edgeslim.errors import InfeasibleTargetError, UsageError
from edgeslim.latency_table import LatencyTable
from edgeslim.opspec import Shape
from edgeslim.prediction.predictor import Predictor
from edgeslim.progress import Progress
from edgeslim.runs.search_settings import LatencyTarget, SearchSettings, space_fingerprint
from edgeslim.searching.accuracy import ESTIMATORS
from edgeslim.searching.limits import SearchLimits, feasible_start
from edgeslim.searching.measuring import is_measurable
from edgeslim.searching.prefilter import parse_prefilter
from edgeslim.searching.run_limits import DEFAULT_TARGET, covering_predictors, make_limits
from edgeslim.spaces import Space, SpaceFamily, Tokens, parse_tokens
from edgeslim.training.tasks import Task

__all__ = ["ResolvedRequest", "SearchRequest"]

_LOGGER = logging.getLogger(__name__)

PUBLISHED = "published"
"""Names all published networks of a space."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ResolvedRequest:
    """Settings of a search, with the limits that follow from them.

    Args:
        settings: Everything that decides the result of the search.
        limits: Limits of the search before anything was measured.
    """

    settings: SearchSettings
    limits: SearchLimits


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchRequest:
    """A user's request, with the arguments of `edgeslim.searching.search.search`."""

    targets: tuple[float | LatencyShare, ...]
    space: str
    tables: tuple[Path, ...]
    task: str
    algorithm: str
    accuracy: str
    prefilter: str
    starts: tuple[str, ...]
    input_shape: Shape | None
    max_macs: int | None
    max_paddleslim1_flops: int | None
    max_parameters: int | None
    max_bytes: int | None
    confidence: float
    candidates: int
    most_candidates: int | None
    parallel: int
    epochs: int
    finalists: int
    final_epochs: int | None
    seed: int

    def check(self) -> None:
        """Checks that names are known, something is limited, and each latency has its table.

        Raises:
            UsageError: A name is unknown, nothing is limited, or there are not as many tables.
        """
        find_algorithm(self.algorithm)
        ESTIMATORS.get(self.accuracy)
        parse_prefilter(self.prefilter)
        if len(self.targets) != len(self.tables):
            raise UsageError(
                f"{len(self.targets)} latency limits and {len(self.tables)} tables: "
                "each limit needs the table of its device, in the same order"
            )
        sizes = (self.max_macs, self.max_paddleslim1_flops, self.max_parameters, self.max_bytes)
        if not self.targets and not any(sizes):
            raise UsageError(
                "nothing limits the search: give --target-latency 20ms with the --table of a "
                "device, or --max-macs 300M, --max-parameters 3M or --max-size 4M"
            )

    def family(self, progress: Progress) -> SpaceFamily:
        """The space at any input; what is traced of a user's file is cached.

        Raises:
            UsageError: Its networks are not of the kind that the task trains.
        """
        found = find_space(self.space, progress=progress)
        if found.detects:
            raise UsageError(
                f"{self.space} makes detectors, and the task {self.task} trains networks that "
                f"classify; predict one of them with edgeslim space build {self.space} and "
                "edgeslim predict"
            )
        return found

    def resolve(
        self, family: SpaceFamily, task: Task, tables: Sequence[LatencyTable]
    ) -> ResolvedRequest:
        """The settings of the search, with a start that is within all limits.

        Args:
            family: The space, as `family` gives it.
            task: Task that networks are trained for.
            tables: Latency tables that were asked for, or a run's own copies.

        Raises:
            UsageError: Numbers out of range, tables for different targets, or a start that is
                not a network of the space.
            MissingLatencyError: A table has nothing like some operators of the space.
            InfeasibleTargetError: No network, or not the asked start, is within all limits.
        """
        space = family.space(self.input_shape, task.num_classes)
        target = tables[0].context.execution.target if tables else DEFAULT_TARGET
        for table in tables:
            if table.context.execution.target != target:
                raise UsageError(
                    f"{table.path} is for {table.context.execution.target.value}, and "
                    f"{tables[0].path} for {target.value}: one network is not both"
                )
        predictors = covering_predictors(space, tables)
        settings = SearchSettings(
            space=self.space,
            space_fingerprint="",
            input_shape=space.input_shape,
            num_classes=space.num_classes,
            task=self.task,
            targets=tuple(
                LatencyTarget(
                    device=table.context.device,
                    target_ms=target_ms,
                    table=table.digest,
                    measurable=is_measurable(table.context),
                )
                for target_ms, table in zip(
                    self._targets_ms(space, predictors), tables, strict=True
                )
            ),
            confidence=self.confidence,
            max_macs=self.max_macs,
            max_paddleslim1_flops=self.max_paddleslim1_flops,
            max_parameters=self.max_parameters,
            max_bytes=self.max_bytes,
            algorithm=self.algorithm,
            starts=(),
            candidates=self.candidates,
            most_candidates=self.most_candidates or 2 * self.candidates,
            parallel=self.parallel,
            accuracy=self.accuracy,
            prefilter=self.prefilter,
            epochs=self.epochs,
            finalists=self.finalists,
            final_epochs=self.final_epochs,
            seed=self.seed,
        )
        settings.check()
        limits = make_limits(settings, space, predictors)
        for predictor in predictors:
            if self.confidence > 0.5 and not predictor.calibration.has_intervals:
                _LOGGER.warning(
                    "%s has fewer than three whole networks, so nobody knows how far off its "
                    "predictions are: they are limited as they are, without a confidence of %g; "
                    "edgeslim profile --space %s measures some",
                    *(predictor.table.path, self.confidence, space.name),
                )
        settings = msgspec.structs.replace(
            settings,
            space_fingerprint=space_fingerprint(space, target),
            starts=self._starts(limits, family.published),
        )
        return ResolvedRequest(settings=settings, limits=limits)

    def _targets_ms(self, space: Space, predictors: Sequence[Predictor]) -> list[float]:
        """The latency limits in milliseconds; shares are of the predicted start of the space."""
        found = []
        for target, predictor in zip(self.targets, predictors, strict=True):
            if isinstance(target, LatencyShare):
                context = predictor.table.context
                start = space.operators(space.initial_tokens, context.fused_for)
                start_ms = predictor.predict(start).total_ms
                target_ms = target.of(start_ms)
                _LOGGER.warning(
                    "%s of the %s that the start of %s is predicted to take on %s: the limit is %s",
                    *(
                        target,
                        format_ms(start_ms),
                        space.name,
                        context.device,
                        format_ms(target_ms),
                    ),
                )
                found.append(target_ms)
            else:
                found.append(target)
        return found

    def _starts(self, limits: SearchLimits, published: Mapping[str, Tokens]) -> tuple[Tokens, ...]:
        """Networks to start with; published ones that the limits exclude are logged."""
        wanted: list[Tokens] = []
        for text in self.starts:
            if text == PUBLISHED:
                wanted += _within_limits(limits, published)
                continue
            tokens = published.get(text) or limits.space.check(parse_tokens(text))
            if not limits.are_met([tokens])[0]:
                raise InfeasibleTargetError(
                    f"the start {text} takes {limits.describe_missed(tokens)}"
                )
            wanted.append(tokens)
        found = tuple(dict.fromkeys(wanted)) or (feasible_start(limits, self.seed),)
        if len(found) > self.candidates:
            _LOGGER.warning(
                "%d networks to start with and %d candidates: the last %d are left out",
                len(found),
                self.candidates,
                len(found) - self.candidates,
            )
        return found[: self.candidates]


def _within_limits(limits: SearchLimits, published: Mapping[str, Tokens]) -> list[Tokens]:
    """The published networks that are within the limits."""
    if not published:
        raise UsageError(f"nobody has published networks of {limits.space.name}; give tokens")
    left_out = {
        name: limits.describe_missed(tokens)
        for name, tokens in published.items()
        if limits.describe_missed(tokens)
    }
    for name, missed in left_out.items():
        _LOGGER.warning("the published network %s is left out: it takes %s", name, missed)
    return [tokens for name, tokens in published.items() if name not in left_out]
