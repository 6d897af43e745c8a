"""From what a user asks for to the settings of a search, every name and number checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from edgeslim.conversion.find_space import find_space
from edgeslim.errors import InfeasibleTargetError, UsageError
from edgeslim.latency_table import LatencyTable
from edgeslim.opspec import Shape
from edgeslim.search.accuracy import ESTIMATORS
from edgeslim.search.algorithms import ALGORITHMS
from edgeslim.search.limits import feasible_start
from edgeslim.search.measuring import is_measurable
from edgeslim.search.prefilter import parse_prefilter
from edgeslim.search.run_limits import check_tables, limits_with
from edgeslim.search.settings import LatencyTarget, SearchSettings, space_fingerprint
from edgeslim.spaces import Space, SpaceFamily, Tokens, parse_tokens
from edgeslim.training.tasks import Task

__all__ = ["SearchRequest"]

PUBLISHED = "published"
"""Names all published networks of a space."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchRequest:
    """What a user asks for; see `edgeslim.search.search.search`."""

    targets_ms: tuple[float, ...]
    space: str
    tables: tuple[Path, ...]
    task: str
    algorithm: str
    accuracy: str
    prefilter: str
    starts: tuple[str, ...]
    input_shape: Shape | None
    max_macs: int | None
    max_parameters: int | None
    max_bytes: int | None
    confidence: float
    candidates: int
    most_candidates: int | None
    parallel: int
    epochs: int
    seed: int

    def check(self) -> None:
        """Proves that names are known and that each limit has its table.

        Raises:
            UsageError: A name is not, or there are more of one than of the other.
        """
        ALGORITHMS.get(self.algorithm)
        ESTIMATORS.get(self.accuracy)
        parse_prefilter(self.prefilter)
        if len(self.targets_ms) != len(self.tables):
            raise UsageError(
                f"{len(self.targets_ms)} latency limits and {len(self.tables)} tables: "
                "each limit needs the table of its device, in the same order"
            )

    def space_for(self, task: Task) -> Space:
        """The space, at the input asked for and the classes of the task.

        Raises:
            UsageError: It makes other networks than the task trains.
        """
        family = find_space(self.space)
        if family.detects:
            raise UsageError(
                f"{self.space} makes detectors, and the task {self.task} trains networks that "
                f"classify; predict one of them with edgeslim space build {self.space} and "
                "edgeslim predict"
            )
        return family.space(self.input_shape, task.num_classes)

    def settings(self, space: Space, tables: Sequence[LatencyTable]) -> SearchSettings:
        """The settings of the search, with a start that is within all limits.

        Args:
            space: As `space_for` gives it.
            tables: Those asked for, or a run's own copies.

        Raises:
            UsageError: Numbers that cannot be meant, tables of different kinds, a start that is
                none or is outside the limits.
            MissingLatencyError: A table knows nothing like some operators of the space.
            InfeasibleTargetError: No network is within all limits.
        """
        target = tables[0].context.execution.target
        for table in tables:
            if table.context.execution.target != target:
                raise UsageError(
                    f"{table.path} is for {table.context.execution.target.value}, and "
                    f"{tables[0].path} for {target.value}: one network is not both"
                )
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
                for target_ms, table in zip(self.targets_ms, tables, strict=True)
            ),
            confidence=self.confidence,
            max_macs=self.max_macs,
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
            seed=self.seed,
        )
        settings.check()
        check_tables(space, tables)
        return msgspec.structs.replace(
            settings,
            space_fingerprint=space_fingerprint(space, target),
            starts=self._starts(settings, space, tables),
        )

    def _starts(
        self, settings: SearchSettings, space: Space, tables: Sequence[LatencyTable]
    ) -> tuple[Tokens, ...]:
        """Networks to begin with; of published ones those within the limits."""
        limits = limits_with(settings, space, tables)
        wanted: list[Tokens] = []
        for text in self.starts:
            published = _published(find_space(self.space), space, text)
            if published is None:
                tokens = space.check(parse_tokens(text))
                if not limits.hold([tokens])[0]:
                    raise InfeasibleTargetError(
                        f"the start {text} is predicted to take {limits.missed(tokens)}"
                    )
                wanted.append(tokens)
            else:
                wanted += [each for each in published if limits.hold([each])[0]]
        found = tuple(dict.fromkeys(wanted)) or (feasible_start(limits, settings.seed),)
        return found[: settings.candidates]


def _published(family: SpaceFamily, space: Space, text: str) -> list[Tokens] | None:
    """The published networks that a text names, or None if it names none."""
    if text == PUBLISHED:
        if not family.published:
            raise UsageError(f"nobody has published networks of {space.name}; give tokens")
        return list(family.published.values())
    return [family.published[text]] if text in family.published else None
