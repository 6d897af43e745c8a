"""Ratios of every channel group searched by simulated annealing, candidate after candidate.

From ``start_epoch`` to the one before ``end_epoch``, the network as it was at the begin is
cut at one candidate's ratios, trained for ``retrain_epoch`` epochs and judged; with 0 it is
judged untrained, one candidate an epoch. What takes away less of the work than ``min_ratio`` or
more than ``max_ratio`` is no candidate, but for ``init_tokens``, which are the first all the same,
as in the original, and chosen only if they are the only one. When the last is judged, training
goes on with the best one as it was trained; where candidates are not trained, with the network of
the begin cut as the best one was. The original ended here with two
errors, and its users began again by hand with the best ratios.
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
from edgeslim.compression.strategies._original_order import in_network_order
from edgeslim.compression.strategies._pruning import Pruner, PruneStrategySettings, Ratio
from edgeslim.compression.strategies._strategy import Role, Span, StrategyEntry
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
    from edgeslim.compression.work import Work
    from edgeslim.conversion.prepare import PreparedModel

__all__ = ["STRATEGY"]

_STEP = 0.01
_LARGEST = 0.95

Tokens = tuple[int, ...]


class AutoSettings(PruneStrategySettings, frozen=True, kw_only=True):
    """Keys of `AutoPruneStrategy`.

    Args:
        controller: Name of the annealing's settings.
        min_ratio: Least share of the work that goes.
        max_ratio: Most.
        uniform_range: Ratios of groups are below it; without one, up to 0.95.
        init_tokens: Ratios of the groups in hundredths to begin with, in the network's order,
            or of the original's MobileNetV1, if they are not allowed so, in the original's.
        retrain_epoch: Epochs that each candidate is trained.
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

    def unfinished(self, epochs: int) -> str:
        span = self.span(epochs)
        count = span.last - span.first + 1
        if not self.retrain_epoch:
            if span.last + 1 < epochs:
                return ""
            return (
                f"in epochs {span} candidates are judged and not trained (retrain_epoch is 0), and "
                "none follows: nobody trains the network that is chosen; let it end before "
                "compressor.epoch, or give it a retrain_epoch"
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
        self._walked: _Candidates | None = None
        self._told = 0

    def check(self, work: Work) -> None:
        self.check_names(work)
        if self._own.min_ratio > self._own.max_ratio:
            raise UsageError(
                f"{self.place}.min_ratio is {self._own.min_ratio:g}, above the max_ratio "
                f"{self._own.max_ratio:g}"
            )
        self.check_step(work, self.base(work, target_macs="-1%"))
        if work.has_network:
            self._start(work, self._candidates(work.subject(self._own.pruned_params)))

    def begin_epoch(self, work: Work, epoch: int) -> None:
        if epoch == self._span.first:
            work.stash(self.name)
        if (epoch - self._span.first) % self._period:
            return
        base = work.restore_stash(self.name)
        tokens = self._next(work, base)
        if epoch == self._span.first:
            subject = work.subject(self._own.pruned_params, of=base)
            work.memory(self.name)["outside"] = bool(self._candidates(subject).refusal(tokens))
        work.memory(self.name)["current"] = list(tokens)
        self._cut(work, base, tokens)

    def trains(self, work: Work, epoch: int) -> bool:  # noqa: ARG002 - as all strategies
        return self._own.retrain_epoch > 0

    def end_epoch(self, work: Work, epoch: int) -> None:
        memory, last = work.memory(self.name), epoch == self._span.last
        if "current" not in memory:
            return  # the best was chosen when the timeline was shorter, and is trained on
        if (epoch - self._span.first + 1) % self._period == 0 or last:
            reward = work.metric(self._own.metric_name)
            trials = memory.setdefault("trials", [])
            best = max((each[1] for each in _allowed(memory)), default=-1.0)
            trials.append([memory.pop("current"), reward])
            if self._own.retrain_epoch and reward > best:
                self._keep(work, len(trials))
            work.say(
                f"strategies.{self.name}: candidate {len(trials)}: {reward:.4f}, "
                f"best {max(best, reward):.4f}"
            )
        if last:
            rivals = _allowed(memory) or memory["trials"]
            tokens, reward = max(rivals, key=lambda each: each[1])
            self._go_on_with_best(work, tuple(tokens))
            work.say(f"strategies.{self.name}: the best of all, {reward:.4f}: init_tokens {tokens}")

    def _keep(self, work: Work, number: int) -> None:
        """Keeps a candidate as it was trained: the best so far.

        Each has a name of its own and stays: an epoch that is done again, perhaps with other
        settings, must find the one that its checkpoint knows.
        """
        work.stash(self.name, _candidate(number))
        work.memory(self.name)["kept"] = number

    def _go_on_with_best(self, work: Work, tokens: Tokens) -> None:
        """The best candidate: the network itself, if it is the last."""
        memory = work.memory(self.name)
        kept = memory.get("kept")
        if kept is None:  # nothing was trained
            self._cut(work, work.restore_stash(self.name), tokens)
        elif kept != len(memory["trials"]):
            work.restore_stash(self.name, _candidate(kept))

    def _next(self, work: Work, base: PreparedModel) -> Tokens:
        """The next candidate, by what all before it were worth."""
        trials = work.memory(self.name).get("trials", [])
        if self._algorithm is None or self._walked is None:  # the first of this process
            candidates = self._candidates(work.subject(self._own.pruned_params, of=base))
            self._algorithm, self._next_one = self._annealing(work, candidates)
            self._walked, self._told = candidates, 0
        for tokens, reward in trials[self._told :]:
            self._walked.saw(tokens)
            self._algorithm.tell(tuple(tokens), reward)
            self._next_one = self._algorithm.ask()
        self._told = len(trials)
        # Where nothing new is left nearby, the best known is tried once more.
        return self._next_one or tuple(max(trials, key=lambda each: float(each[1]))[0])

    def _annealing(self, work: Work, candidates: _Candidates) -> tuple[Annealing, Tokens]:
        """The walk from its start, which depends on nothing but the network and the seed."""
        start = self._start(work, candidates)
        controller = None
        if self._own.controller is not None:
            controller = self._configuration.controllers[self._own.controller]
        problem = Problem(
            ranges=(candidates.range,) * len(start),
            start=start,
            feasible=candidates.feasible,
            costs=lambda population: np.empty((len(population), 0)),
            generator=np.random.default_rng(work.seed),
        )
        algorithm = Annealing(
            problem,
            initial_temperature=100.0 if controller is None else controller.init_temperature,
            reduce_rate=0.9 if controller is None else controller.reduce_rate,
        )
        return algorithm, start

    def _candidates(self, subject: PrunableModel) -> _Candidates:
        return _Candidates(subject, self._own)

    def _start(self, work: Work, candidates: _Candidates) -> Tokens:
        given = self._own.init_tokens
        groups = [group.name for group in candidates.subject.groups]
        if given is None:
            found = candidates.uniform()
            if found is None:
                raise InfeasibleTargetError(
                    f"{self.place}: no common ratio takes away {self._own.min_ratio:.0%} to "
                    f"{self._own.max_ratio:.0%} of the work; give other ratios or init_tokens"
                )
            return found
        if len(given) != len(groups):
            raise UsageError(
                f"{self.place}.init_tokens has {len(given)} numbers, and there are "
                f"{len(groups)} groups: {', '.join(groups)}"
            )
        refusal = candidates.refusal(given)
        if not refusal:
            return given
        meant = in_network_order(given, groups)
        if meant is not None and not candidates.refusal(meant):
            self.note(
                work,
                "init_tokens is taken in the order in which PaddleSlim 1.x had these parameters, "
                f"and takes away {candidates.removed(meant):.1%} of the work: in the network's "
                f"order it {refusal}",
            )
            return meant
        if max(given) >= candidates.range:
            raise UsageError(f"{self.place}.init_tokens {refusal}")
        self.note(work, f"init_tokens {refusal}: all others keep to it, and go before these")
        return given

    def _cut(self, work: Work, base: PreparedModel, tokens: Tokens) -> None:
        subject = work.subject(self._own.pruned_params, of=base)
        widths = _Candidates(subject, self._own).widths(tokens)
        work.cut(base, self._plan(work, subject, widths))

    def _plan(self, work: Work, subject: PrunableModel, widths: dict[str, int]) -> PruningPlan:
        model, rule = subject.model, find_criterion(self.criterion)
        weights = Weights(
            graph=model.graph, channels=subject.channels, tensors=model_tensors(model)
        )
        trial = None
        if rule.needs_gradients:
            trial = trial_on(model, find_task(work.task_name), share=1.0, seed=work.seed)
        return plan_for(widths, rank_channels(weights, rule, trial, work.seed))


def _allowed(memory: Mapping[str, Any]) -> list[Any]:
    """Tokens and rewards of the candidates that are within the limits."""
    trials: list[Any] = memory["trials"]
    return trials[1:] if memory.get("outside") else trials


def _candidate(number: int) -> str:
    return f"candidate-{number}"


class _Candidates:
    """Tokens, a ratio in hundredths for each group, and what they leave of a network."""

    def __init__(self, subject: PrunableModel, settings: AutoSettings) -> None:
        self.subject = subject
        self._settings = settings
        self._full = subject.work(settings.counter, {})
        most = settings.uniform_range
        self.range = round((_LARGEST if most is None else most) / _STEP)
        """Tokens are below it."""
        self._tried: set[tuple[int, ...]] = set()

    def widths(self, tokens: Sequence[int]) -> dict[str, int]:
        groups = self.subject.groups
        ratios = {group.name: token * _STEP for group, token in zip(groups, tokens, strict=True)}
        return widths_at(groups, ratios)

    def saw(self, tokens: Sequence[int]) -> None:
        """What leaves the same widths as these tokens is no candidate any more."""
        self._tried.add(tuple(self.widths(tokens).values()))

    def removed(self, tokens: Sequence[int]) -> float:
        """Share of the work that goes."""
        return 1 - self.subject.work(self._settings.counter, self.widths(tokens)) / self._full

    def refusal(self, tokens: Sequence[int]) -> str:
        """Which key does not allow tokens, and what they do; nothing if all do."""
        settings, largest = self._settings, max(tokens)
        if largest >= self.range:
            most = settings.uniform_range
            below = f"uniform_range {most:g}" if most else f"{_LARGEST:g}"
            return f"has {largest}, and ratios must be below {below}"
        removed = self.removed(tokens)
        takes = f"takes away {removed:.1%} of the work"
        if removed < settings.min_ratio:
            return f"{takes}, less than min_ratio {settings.min_ratio:g}"
        if removed > settings.max_ratio:
            return f"{takes}, more than max_ratio {settings.max_ratio:g}"
        return ""

    def feasible(self, population: Sequence[Tokens]) -> NDArray[np.bool_]:
        return np.array([self._is_new_and_within(each) for each in population], np.bool_)

    def _is_new_and_within(self, tokens: Tokens) -> bool:
        if tuple(self.widths(tokens).values()) in self._tried:
            return False
        return self._settings.min_ratio <= self.removed(tokens) <= self._settings.max_ratio

    def uniform(self) -> Tokens | None:
        """The common ratio nearest to the middle of what is allowed."""
        middle = (self._settings.min_ratio + self._settings.max_ratio) / 2
        every = [(token,) * len(self.subject.groups) for token in range(self.range)]
        allowed = [each for each in every if self.feasible([each])[0]]
        return min(allowed, key=lambda each: abs(self.removed(each) - middle), default=None)


def _make(name: str, settings: Any, configuration: Configuration) -> _Auto:  # noqa: ANN401
    return _Auto(name, settings, configuration)


STRATEGY = StrategyEntry(class_name="AutoPruneStrategy", settings=AutoSettings, make=_make)
