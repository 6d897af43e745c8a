"""Searches the pruning ratios of all channel groups by simulated annealing.

From ``start_epoch`` to the one before ``end_epoch``, the initial network is pruned at a candidate's
ratios, trained for ``retrain_epoch`` epochs and evaluated; with 0 it is evaluated untrained, one
candidate in each epoch. Candidates remove at least ``min_ratio`` and at most ``max_ratio`` of the
work. Only ``init_tokens`` may be outside of these: they are the first candidate in any case, as in
the original, and win only if they are the only one. After the last candidate, training continues
with the best one as it was trained; if candidates are not trained, with the initial network pruned
as the best one. The original ended here with two errors, and its users had to start again with the
best ratios.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from edgeslim.algorithms import Problem
from edgeslim.algorithms.annealing import Annealing
from edgeslim.channels.plan import PruningPlan
from edgeslim.compression.strategies._original_order import sort_to_network_order
from edgeslim.compression.strategies._pruning import Pruner, PruneStrategySettings, Ratio
from edgeslim.compression.strategies._strategy import StrategyEntry
from edgeslim.compression.strategy_settings import Role, Span
from edgeslim.conversion.pruned_model import model_tensors
from edgeslim.errors import InfeasibleTargetError, UsageError
from edgeslim.pruning.criteria import find_criterion
from edgeslim.pruning.ranking import plan_for
from edgeslim.pruning.sensitivity import rank_channels
from edgeslim.pruning.subject import PrunableModel, widths_at
from edgeslim.pruning.trial import trial_on
from edgeslim.pruning.weights import Weights
from edgeslim.training.tasks import find_task

if TYPE_CHECKING:
    from edgeslim.compression.configuration import Configuration
    from edgeslim.compression.state import CompressionState
    from edgeslim.conversion.prepare import PreparedModel

__all__ = ["STRATEGY"]

_STEP = 0.01
_LARGEST = 0.95

Tokens = tuple[int, ...]


class AutoSettings(PruneStrategySettings, frozen=True, kw_only=True):
    """Keys of `AutoPruneStrategy`.

    Args:
        controller: Name of the entry with the annealing's settings.
        min_ratio: Smallest share of the work to remove.
        max_ratio: Largest share of the work to remove.
        uniform_range: Upper bound of the groups' ratios, 0.95 by default.
        init_tokens: Initial ratios of the groups in hundredths, in the network's order; for the
            original's MobileNetV1 also in the original's order, if the former is not allowed.
        retrain_epoch: Number of epochs that each candidate is trained.
    """

    role: ClassVar[Role] = Role.TRIES
    editable: ClassVar[frozenset[str]] = frozenset()

    controller: str | None = None
    min_ratio: Ratio = 0.5
    max_ratio: Ratio = 0.7
    uniform_range: Annotated[float, Meta(gt=0.01, lt=1)] | None = None
    init_tokens: tuple[Annotated[int, Meta(ge=0, lt=100)], ...] | None = None
    retrain_epoch: Annotated[int, Meta(ge=0)] = 0

    def span(self, epochs: int) -> Span:
        end = epochs if self.end_epoch is None else self.end_epoch
        return Span(first=self.start_epoch, last=end - 1, role=self.role)

    def describe_unfinished(self, epochs: int) -> str:
        span = self.span(epochs)
        count = span.last - span.first + 1
        if not self.retrain_epoch:
            if span.last + 1 < epochs:
                return ""
            return (
                f"in epochs {span} candidates are evaluated but not trained (retrain_epoch is 0), "
                "and no epoch follows: the network that is chosen is never trained; let it end "
                "before compressor.epoch, or give it a retrain_epoch"
            )
        rest = count % self.retrain_epoch
        if not rest:
            return ""
        return (
            f"of its epochs {span} the last candidate gets {rest}, and not the "
            f"{self.retrain_epoch} of retrain_epoch: make them a multiple of that"
        )


class _Auto(Pruner):
    def __init__(self, name: str, settings: AutoSettings, configuration: Configuration) -> None:
        super().__init__(name, settings, configuration)
        self._own = settings
        self._span = settings.span(configuration.compressor.epoch)
        self._period = max(1, settings.retrain_epoch)
        self._algorithm: Annealing | None = None
        self._next_one: Tokens | None = None
        self._walked: _CandidateSpace | None = None
        self._trials_seen = 0

    def check(self, state: CompressionState) -> None:
        self.check_names(state)
        if self._own.min_ratio > self._own.max_ratio:
            raise UsageError(
                f"{self.place}.min_ratio is {self._own.min_ratio:g}, above the max_ratio "
                f"{self._own.max_ratio:g}"
            )
        self.check_step(state, self.base(state, target_macs="-1%"))
        if state.has_network:
            self._start(state, self._candidates(state.prunable_model(self._own.pruned_params)))

    def begin_epoch(self, state: CompressionState, epoch: int) -> None:
        if epoch == self._span.first:
            state.stash(self.name)
        if (epoch - self._span.first) % self._period:
            return
        base = state.restore_stash(self.name)
        tokens = self._next(state, base)
        if epoch == self._span.first:
            subject = state.prunable_model(self._own.pruned_params, of=base)
            state.memory(self.name)["outside"] = bool(self._candidates(subject).refusal(tokens))
        state.memory(self.name)["current"] = list(tokens)
        self._cut(state, base, tokens)

    def trains(self, state: CompressionState, epoch: int) -> bool:  # noqa: ARG002 - as all strategies
        return self._own.retrain_epoch > 0

    def end_epoch(self, state: CompressionState, epoch: int) -> None:
        memory, last = state.memory(self.name), epoch == self._span.last
        if "current" not in memory:
            return  # the best one was chosen when the timeline was shorter
        if (epoch - self._span.first + 1) % self._period == 0 or last:
            reward = state.metric(self._own.metric_name)
            trials = memory.setdefault("trials", [])
            best = max((metric for _, metric in _trials_within_limits(memory)), default=-1.0)
            trials.append([memory.pop("current"), reward])
            if self._own.retrain_epoch and reward > best:
                self._keep(state, len(trials))
            state.add_event(
                f"strategies.{self.name}: candidate {len(trials)}: {reward:.4f}, "
                f"best {max(best, reward):.4f}"
            )
        if last:
            rivals = _trials_within_limits(memory) or memory["trials"]
            tokens, reward = max(rivals, key=lambda trial: trial[1])
            self._go_on_with_best(state, tuple(tokens))
            state.add_event(
                f"strategies.{self.name}: the best of all, {reward:.4f}: init_tokens {tokens}"
            )

    def _keep(self, state: CompressionState, number: int) -> None:
        """Saves the best candidate so far as it was trained.

        Each one has its own name and stays: an epoch that is repeated, perhaps with other
        settings, must find the one that its checkpoint names.
        """
        state.stash(self.name, _stash_name(number))
        state.memory(self.name)["kept"] = number

    def _go_on_with_best(self, state: CompressionState, tokens: Tokens) -> None:
        """Uses the best candidate as the network, unless it is the last one."""
        memory = state.memory(self.name)
        kept = memory.get("kept")
        if kept is None:  # candidates were not trained
            self._cut(state, state.restore_stash(self.name), tokens)
        elif kept != len(memory["trials"]):
            state.restore_stash(self.name, _stash_name(kept))

    def _next(self, state: CompressionState, base: PreparedModel) -> Tokens:
        """The next candidate, by the metrics of all before it."""
        trials = state.memory(self.name).get("trials", [])
        if self._algorithm is None or self._walked is None:  # the first of this process
            candidates = self._candidates(state.prunable_model(self._own.pruned_params, of=base))
            self._algorithm, self._next_one = self._annealing(state, candidates)
            self._walked, self._trials_seen = candidates, 0
        for tokens, reward in trials[self._trials_seen :]:
            self._walked.exclude(tokens)
            self._algorithm.tell(tuple(tokens), reward)
            self._next_one = self._algorithm.ask()
        self._trials_seen = len(trials)
        # If no new candidate is left nearby, the best known one is tried again.
        return self._next_one or tuple(max(trials, key=lambda trial: float(trial[1]))[0])

    def _annealing(
        self, state: CompressionState, candidates: _CandidateSpace
    ) -> tuple[Annealing, Tokens]:
        """The annealing from its start, which depends on the network and the seed alone."""
        start = self._start(state, candidates)
        controller = None
        if self._own.controller is not None:
            controller = self._configuration.controllers[self._own.controller]
        problem = Problem(
            ranges=(candidates.range,) * len(start),
            start=start,
            feasible=candidates.feasible,
            costs=lambda population: np.empty((len(population), 0)),
            generator=np.random.default_rng(state.seed),
        )
        algorithm = Annealing(
            problem,
            initial_temperature=100.0 if controller is None else controller.init_temperature,
            reduce_rate=0.9 if controller is None else controller.reduce_rate,
        )
        return algorithm, start

    def _candidates(self, subject: PrunableModel) -> _CandidateSpace:
        return _CandidateSpace(subject, self._own)

    def _start(self, state: CompressionState, candidates: _CandidateSpace) -> Tokens:
        given = self._own.init_tokens
        groups = [group.name for group in candidates.subject.groups]
        if given is None:
            found = candidates.uniform()
            if found is None:
                raise InfeasibleTargetError(
                    f"{self.place}: no common ratio removes {self._own.min_ratio:.0%} to "
                    f"{self._own.max_ratio:.0%} of the work; give other ratios or init_tokens"
                )
            return found
        if len(given) != len(groups):
            raise UsageError(
                f"{self.place}.init_tokens has {len(given)} numbers, but there are "
                f"{len(groups)} groups: {', '.join(groups)}"
            )
        refusal = candidates.refusal(given)
        if not refusal:
            return given
        meant = sort_to_network_order(given, groups)
        if meant is not None and not candidates.refusal(meant):
            self.note(
                state,
                "init_tokens is read in the order in which PaddleSlim 1.x had these parameters, "
                f"and removes {candidates.removed_share(meant):.1%} of the work: in the network's "
                f"order it {refusal}",
            )
            return meant
        if max(given) >= candidates.range:
            raise UsageError(f"{self.place}.init_tokens {refusal}")
        self.note(
            state, f"init_tokens {refusal}: all other candidates keep to it, and win over this one"
        )
        return given

    def _cut(self, state: CompressionState, base: PreparedModel, tokens: Tokens) -> None:
        subject = state.prunable_model(self._own.pruned_params, of=base)
        widths = _CandidateSpace(subject, self._own).widths(tokens)
        state.cut(base, self._plan(state, subject, widths))

    def _plan(
        self, state: CompressionState, subject: PrunableModel, widths: dict[str, int]
    ) -> PruningPlan:
        model, rule = subject.model, find_criterion(self.criterion)
        weights = Weights(
            graph=model.graph, channels=subject.channels, tensors=model_tensors(model)
        )
        trial = None
        if rule.needs_gradients:
            trial = trial_on(model, find_task(state.task_name), share=1.0, seed=state.seed)
        return plan_for(widths, rank_channels(weights, rule, trial, state.seed))


def _trials_within_limits(memory: Mapping[str, Any]) -> list[Any]:
    """Tokens and metrics of the candidates that are within the limits."""
    trials: list[Any] = memory["trials"]
    return trials[1:] if memory.get("outside") else trials


def _stash_name(number: int) -> str:
    return f"candidate-{number}"


class _CandidateSpace:
    """Candidates: tokens are ratios in hundredths for each group, from which widths follow."""

    def __init__(self, subject: PrunableModel, settings: AutoSettings) -> None:
        self.subject = subject
        self._settings = settings
        self._full = subject.work(settings.counter, {})
        most = settings.uniform_range
        self.range = round((_LARGEST if most is None else most) / _STEP)
        """Upper bound of tokens, which are below it."""
        self._tried: set[tuple[int, ...]] = set()

    def widths(self, tokens: Sequence[int]) -> dict[str, int]:
        groups = self.subject.groups
        ratios = {group.name: token * _STEP for group, token in zip(groups, tokens, strict=True)}
        return widths_at(groups, ratios)

    def exclude(self, tokens: Sequence[int]) -> None:
        """Excludes all tokens with the same widths as these from further candidates."""
        self._tried.add(tuple(self.widths(tokens).values()))

    def removed_share(self, tokens: Sequence[int]) -> float:
        """Share of the work that these tokens remove."""
        return 1 - self.subject.work(self._settings.counter, self.widths(tokens)) / self._full

    def refusal(self, tokens: Sequence[int]) -> str:
        """Reason why tokens are not allowed, with the key; empty if they are."""
        settings, largest = self._settings, max(tokens)
        if largest >= self.range:
            most = settings.uniform_range
            below = f"uniform_range {most:g}" if most else f"{_LARGEST:g}"
            return f"has {largest}, but ratios must be below {below}"
        removed = self.removed_share(tokens)
        takes = f"removes {removed:.1%} of the work"
        if removed < settings.min_ratio:
            return f"{takes}, less than min_ratio {settings.min_ratio:g}"
        if removed > settings.max_ratio:
            return f"{takes}, more than max_ratio {settings.max_ratio:g}"
        return ""

    def feasible(self, population: Sequence[Tokens]) -> NDArray[np.bool_]:
        return np.array([self._is_new_and_within(tokens) for tokens in population], np.bool_)

    def _is_new_and_within(self, tokens: Tokens) -> bool:
        if tuple(self.widths(tokens).values()) in self._tried:
            return False
        return self._settings.min_ratio <= self.removed_share(tokens) <= self._settings.max_ratio

    def uniform(self) -> Tokens | None:
        """Tokens of the common ratio that is nearest to the middle of the allowed range."""
        middle = (self._settings.min_ratio + self._settings.max_ratio) / 2
        every = [(token,) * len(self.subject.groups) for token in range(self.range)]
        allowed = [tokens for tokens in every if self.feasible([tokens])[0]]
        return min(
            allowed, key=lambda tokens: abs(self.removed_share(tokens) - middle), default=None
        )


STRATEGY = StrategyEntry(class_name="AutoPruneStrategy", settings=AutoSettings, make=_Auto)
