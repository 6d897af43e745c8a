"""A user's request for a search, checked and resolved to settings."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

from edgeslim.algorithms import find_algorithm
from edgeslim.conversion.find_space import find_space
from edgeslim.conversion.shape_options import SPACE_SHAPE
from edgeslim.device import REACHED, DeviceChoice
from edgeslim.durations import LatencyShare, parse_latency, parse_ms
from edgeslim.errors import InfeasibleTargetError, UsageError
from edgeslim.latency_table import LatencyTable
from edgeslim.opspec import Shape
from edgeslim.options import OPTION, Option, OptionsOf, parse_paths, shared_fields
from edgeslim.prediction.predictor import Predictor
from edgeslim.progress import SILENT, Progress
from edgeslim.runs.search_settings import (
    CANDIDATES,
    LIMITS,
    LatencyTarget,
    SearchOptions,
    SearchSettings,
    space_fingerprint,
)
from edgeslim.searching.accuracy import ESTIMATORS
from edgeslim.searching.limits import SearchLimits, feasible_start, resolve_limit_ms
from edgeslim.searching.measuring import is_measurable
from edgeslim.searching.prefilter import parse_prefilter
from edgeslim.searching.run_limits import DEFAULT_TARGET, covering_predictors, make_limits
from edgeslim.searching.start_limits import START_OPTIONS
from edgeslim.sizes import parse_mb
from edgeslim.spaces import DEFAULT_SPACE, SpaceFamily, Tokens, parse_tokens
from edgeslim.training.tasks import Task
from edgeslim.training.training_options import TRAINING

__all__ = ["DEFAULT_CANDIDATES", "MACHINES", "ResolvedRequest", "SearchRequest"]

_LOGGER = logging.getLogger(__name__)

PUBLISHED = "published"
"""Names all published networks of a space."""

DEFAULT_CANDIDATES, _FIRST_CANDIDATES = 20, 8
"""Networks that are evaluated before devices measure the best of them; and if no space is named, so
that a first search takes minutes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ResolvedRequest:
    """Settings of a search, with the limits that follow from them.

    Args:
        settings: Everything that decides the result of the search.
        limits: Limits of the search before anything was measured.
    """

    settings: SearchSettings
    limits: SearchLimits


MACHINES = Option("Other machines")


def _parse_limits(texts: list[str]) -> tuple[float | LatencyShare, ...]:
    return tuple(map(parse_latency, texts))


def _parse_sizes(texts: list[str]) -> tuple[float, ...]:
    return tuple(map(parse_mb, texts))


def _parse_times(texts: list[str]) -> tuple[float, ...]:
    return tuple(map(parse_ms, texts))


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchRequest(SearchOptions):
    """What can be asked of `edgeslim.searching.search.search`."""

    target_ms: Annotated[
        float | LatencyShare | Sequence[float | LatencyShare],
        LIMITS("--target-latency", parse_all=_parse_limits, metavar="DURATION"),
    ] = field(default=(), kw_only=False)
    """The latency limit: 20ms, or 75% (or -25%) of what the space's start is predicted to take;
    several, each with the table of its device. None where only sizes are limited."""
    table: Annotated[Path | Sequence[Path], LIMITS(parse_all=parse_paths)] = ()
    """Latency table of the device; for several limits as many, in the same order."""
    max_memory_mb: Annotated[
        float | Sequence[float], LIMITS("--max-memory", parse_all=_parse_sizes)
    ] = ()
    """Most memory of runtime and model until the first run is over, by prediction: 64M; for several
    latency limits as many, in the same order."""
    max_load_ms: Annotated[
        float | Sequence[float], LIMITS("--max-load", parse_all=_parse_times)
    ] = ()
    """Longest loading by prediction, from the disk where that is known: 300ms; as many likewise."""
    max_first_ms: Annotated[
        float | Sequence[float], LIMITS("--max-first", parse_all=_parse_times)
    ] = ()
    """Longest first run by prediction: 100ms; as many likewise."""
    space: Annotated[str | None, OPTION] = None
    """The search space: a name, or space.py of your own; by default light-nas-small."""
    input_shape: Annotated[Shape | None, SPACE_SHAPE] = None
    """Input shape of the networks, if not the space's own: 1,3,224,224."""
    out: Annotated[Path | None, OPTION] = None
    """The run's folder; by default one under runs/: that of the same search if it was interrupted,
    or a new one."""
    runs: Path = Path("runs")
    """Folder for the run's folder, if none is named."""
    starts: Annotated[Sequence[str], CANDIDATES("--start", parse_all=tuple)] = ()
    """Begin with these tokens, a published network, or all: published."""
    candidates: Annotated[int | None, CANDIDATES] = None
    """How many networks are evaluated before devices are asked; 20, or 8 if no space is named."""
    most_candidates: Annotated[int | None, CANDIDATES] = None
    """How many at most, if none of the best meets its limits when measured; by default twice as
    many."""
    supernet: Annotated[Path | None, TRAINING] = None
    """A supernet that is trained already, supernet.npz; accuracies are estimated by it."""
    storage: Annotated[str, MACHINES] = ""
    """Database that other machines reach: postgresql://USER@HOST/DATABASE; by default a file of the
    run."""
    measure: Annotated[bool, MACHINES] = True
    """Measure here, or leave it to machines that join with a device."""
    device: Annotated[DeviceChoice | None, OptionsOf(DeviceChoice, REACHED)] = None
    """Device whose table is used if none is named. With --join: measure on this device, and train
    nothing."""
    progress: Progress = SILENT
    """Shows how far it is."""

    @property
    def targets(self) -> tuple[float | LatencyShare, ...]:
        """The latency limits."""
        if isinstance(self.target_ms, int | float | LatencyShare):
            return (self.target_ms,)
        return tuple(self.target_ms)

    def start_limits(self, place: int) -> dict[str, float]:
        """Limits on starts on the device of a latency limit, by their names in its target."""
        return {name: given[place] for name, given in self._start_limits.items() if given}

    @property
    def _start_limits(self) -> dict[str, tuple[float, ...]]:
        return {name: _as_tuple(getattr(self, name)) for name in START_OPTIONS}

    @property
    def tables(self) -> tuple[Path, ...]:
        """The table of each latency limit."""
        return (self.table,) if isinstance(self.table, Path) else tuple(self.table)

    @property
    def space_name(self) -> str:
        """The space that is searched."""
        return self.space or DEFAULT_SPACE

    @property
    def candidate_count(self) -> int:
        """How many networks are evaluated before devices are asked."""
        if self.candidates is not None:
            return self.candidates
        return _FIRST_CANDIDATES if self.space is None else DEFAULT_CANDIDATES

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
        for name, given in self._start_limits.items():
            if given and len(given) != len(self.targets):
                raise UsageError(
                    f"{len(given)} limits {START_OPTIONS[name]} and {len(self.targets)} latency "
                    "limits: each device with a limit on its starts has a --target-latency and a "
                    "--table, in the same order"
                )
            for number in given:
                if not 0 < number < math.inf:
                    raise UsageError(f"{START_OPTIONS[name]} must be above 0, not {number:g}")
        sizes = (self.max_macs, self.max_paddleslim1_flops, self.max_parameters, self.max_bytes)
        if not self.targets and not any(sizes):
            raise UsageError(
                "nothing limits the search: give --target-latency 20ms with the --table of a "
                "device, or --max-macs 300M, --max-parameters 3M or --max-size 4M"
            )

    def family(self) -> SpaceFamily:
        """The space at any input; what is traced of a user's file is cached.

        Raises:
            UsageError: Its networks are not of the kind that the task trains.
        """
        name = self.space_name
        found = find_space(name, progress=self.progress)
        if found.detects:
            raise UsageError(
                f"{name} makes detectors, and the task {self.task} trains networks that "
                f"classify; predict one of them with edgeslim space build {name} and "
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
        limits_ms = [
            resolve_limit_ms(limit, space, predictor)
            for limit, predictor in zip(self.targets, predictors, strict=True)
        ]
        settings = SearchSettings(
            **shared_fields(self, SearchOptions),
            space=self.space_name,
            space_fingerprint="",
            input_shape=space.input_shape,
            num_classes=space.num_classes,
            targets=tuple(
                LatencyTarget(
                    device=table.context.device,
                    target_ms=target_ms,
                    table=table.digest,
                    measurable=is_measurable(table.context),
                    **self.start_limits(place),
                )
                for place, (target_ms, table) in enumerate(zip(limits_ms, tables, strict=True))
            ),
            starts=(),
            candidates=self.candidate_count,
            most_candidates=self.most_candidates or 2 * self.candidate_count,
        )
        settings.check()
        limits = make_limits(settings, space, predictors)
        self._warn_of_no_intervals(predictors, space.name)
        settings = replace(
            settings,
            space_fingerprint=space_fingerprint(space, target),
            starts=self._starts(limits, family.published),
        )
        return ResolvedRequest(settings=settings, limits=limits)

    def _warn_of_no_intervals(self, predictors: Sequence[Predictor], space: str) -> None:
        for predictor in predictors:
            if self.confidence > 0.5 and not predictor.calibration.has_intervals:
                _LOGGER.warning(
                    "%s has fewer than three whole networks, so nobody knows how far off its "
                    "predictions are: they are limited as they are, without a confidence of %g; "
                    "edgeslim profile --space %s measures some",
                    *(predictor.table.path, self.confidence, space),
                )

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
        count = self.candidate_count
        if len(found) > count:
            _LOGGER.warning(
                "%d networks to start with and %d candidates: the last %d are left out",
                *(len(found), count, len(found) - count),
            )
        return found[:count]


def _as_tuple(given: float | Sequence[float]) -> tuple[float, ...]:
    return (given,) if isinstance(given, int | float) else tuple(given)


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
