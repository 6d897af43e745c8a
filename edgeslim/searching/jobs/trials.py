"""Attempts as trials of an Optuna study.

Each method is one transaction, or several of which each leaves a valid state. All of them may be
repeated, since an answer may be lost after the change was made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timezone
from functools import partial
from typing import Any, TypeVar

import optuna
from optuna.distributions import BaseDistribution, IntDistribution
from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import get_storage
from optuna.trial import FrozenTrial, TrialState

from edgeslim.errors import UsageError
from edgeslim.searching.jobs.faults import DATABASE_ERRORS
from edgeslim.searching.jobs.ledger import Attempt, AttemptState
from edgeslim.searching.jobs.own_tables import heartbeat_ages_s, record_heartbeat
from edgeslim.searching.jobs.storage import Storage
from edgeslim.searching.jobs.study import open_study, run_action

__all__ = ["Notes", "Trials"]

Answer = TypeVar("Answer")

_CANDIDATE, _WORKER, _REASON = "candidate", "worker", "reason"
_RESERVED = frozenset({_CANDIDATE, _WORKER, _REASON})

_STATES = {
    TrialState.WAITING: AttemptState.WAITING,
    TrialState.RUNNING: AttemptState.RUNNING,
    TrialState.COMPLETE: AttemptState.DONE,
    TrialState.FAIL: AttemptState.FAILED,
    TrialState.PRUNED: AttemptState.DROPPED,
}
_TRIAL_STATES = {ours: theirs for theirs, ours in _STATES.items()}


@dataclass(frozen=True, kw_only=True, slots=True)
class Notes:
    """What optuna-dashboard shows of a candidate beside its result.

    Args:
        tokens: Tokens of the network, shown as parameters ``t0``, ``t1`` and so on.
        ranges: Token ``i`` is in ``range(ranges[i])``.
        attributes: Values for JSON, shown as user attributes.

    Raises:
        UsageError: An attribute has a name that edgeslim uses itself.
    """

    tokens: Sequence[int] = ()
    ranges: Sequence[int] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not _RESERVED.isdisjoint(self.attributes):
            raise UsageError(f"notes cannot be called {', '.join(sorted(_RESERVED))}")

    def distributions(self) -> dict[str, BaseDistribution]:
        """Ranges of the parameters, by name."""
        return {f"t{place}": IntDistribution(0, size - 1) for place, size in enumerate(self.ranges)}

    def parameters(self) -> dict[str, int]:
        """Values of the parameters, by name."""
        return {
            f"t{place}": token
            for place, (token, _) in enumerate(zip(self.tokens, self.ranges, strict=True))
        }


class Trials:
    """A study whose trials are attempts.

    Args:
        storage: Storage that has the study.
        name: Name of the study.
        objectives: Names of the objectives, and whether to ``maximize`` or ``minimize`` each.
        settings: Settings that all processes share: those of the first one.

    Raises:
        UsageError: There is a study of that name that is not edgeslim's or has other objectives.
        StorageError: The storage cannot be used.
    """

    def __init__(
        self,
        storage: Storage,
        name: str,
        objectives: Mapping[str, str],
        settings: Mapping[str, Any],
    ) -> None:
        self.name = name
        self._storage = storage
        self._cached = get_storage(storage.rdb)  # keeps finished trials, which never change
        self.study_id, self.settings = open_study(storage, name, objectives, settings)
        self._unfinished: set[int] = set()
        self._seen = 0

    def read_changes(self) -> list[Attempt]:
        """Attempts that are new or may have changed since the last call, as of one moment."""
        trials = self._do(lambda: self._cached.get_all_trials(self.study_id, deepcopy=False))
        fresh = [trials[number] for number in sorted(self._unfinished)] + trials[self._seen :]
        self._seen = len(trials)
        self._unfinished = {trial.number for trial in fresh if not trial.state.is_finished()}
        return [self._attempt(trial) for trial in fresh if _CANDIDATE in trial.user_attrs]

    def add(self, candidate: int) -> int:
        """Adds a waiting attempt at a candidate; returns its key."""
        trial = optuna.create_trial(state=TrialState.WAITING, user_attrs={_CANDIDATE: candidate})
        return self._do(lambda: self._cached.create_new_trial(self.study_id, trial))

    def claim(self, attempt: Attempt) -> bool:
        """Claims a waiting attempt for this process; False if another was faster.

        The first heartbeat comes before, for a worker that is killed between the two.
        """
        self.beat(attempt)
        return self._set_state(attempt, AttemptState.RUNNING)

    def set_worker(self, attempt: Attempt, worker: str) -> bool:
        """Writes which process has an attempt; False if the attempt has ended."""
        return self._note(attempt, {_WORKER: worker})

    def beat(self, attempt: Attempt) -> None:
        """Records a heartbeat: the process that has the attempt is alive."""
        self._do(lambda: record_heartbeat(self._storage.engine, attempt.key))

    def try_beat(self, attempt: Attempt) -> bool:
        """As `beat`, but tried once and from any thread; False if the database does not answer."""
        try:
            record_heartbeat(self._storage.engine, attempt.key)
        except DATABASE_ERRORS:
            self._storage.mark_trouble()
            return False
        return True

    def silent_s(self, attempts: Sequence[Attempt]) -> dict[int, float]:
        """Seconds since each attempt's last heartbeat, by its number, on the database's clock."""
        keys = {attempt.key: attempt.number for attempt in attempts}
        if not keys:
            return {}
        ages_s = self._do(lambda: heartbeat_ages_s(self._storage.engine, keys))
        return {keys[key]: age_s for key, age_s in ages_s.items()}

    def note(self, attempt: Attempt, notes: Notes) -> bool:
        """Writes notes to an attempt; False if it has ended."""
        sizes = notes.distributions()
        write, key = self._cached.set_trial_param, attempt.key
        return all(
            self._if_alive(partial(write, key, name, token, sizes[name]))
            for name, token in notes.parameters().items()
        ) and self._note(attempt, notes.attributes)

    def end(
        self,
        attempt: Attempt,
        state: AttemptState,
        *,
        values: Sequence[float] | None = None,
        reason: str | None = None,
    ) -> bool:
        """Ends an attempt; False if it had ended in another state before."""
        if reason is not None and not self._note(attempt, {_REASON: reason}):
            return False
        if self._set_state(attempt, state, values):
            return True
        ended = self._do(lambda: self._storage.rdb.get_trial(attempt.key)).state
        return _STATES[ended] is state

    def _attempt(self, trial: FrozenTrial) -> Attempt:
        notes = trial.user_attrs
        return Attempt(
            number=trial.number,
            key=self._cached.get_trial_id_from_study_id_trial_number(self.study_id, trial.number),
            candidate=notes[_CANDIDATE],
            state=_STATES[trial.state],
            values=tuple(trial.values or ()),
            tokens=tuple(
                trial.params[name]
                for name in (f"t{place}" for place in range(len(trial.params)))
                if name in trial.params
            ),
            notes={key: value for key, value in notes.items() if key not in _RESERVED},
            reason=notes.get(_REASON),
            worker=notes.get(_WORKER),
            ended=trial.datetime_complete and trial.datetime_complete.astimezone(timezone.utc),
        )

    def _note(self, attempt: Attempt, attributes: Mapping[str, Any]) -> bool:
        write, key = self._cached.set_trial_user_attr, attempt.key
        return all(
            self._if_alive(partial(write, key, *attribute)) for attribute in attributes.items()
        )

    def _set_state(
        self, attempt: Attempt, state: AttemptState, values: Sequence[float] | None = None
    ) -> bool:
        changed = False

        def change() -> None:
            nonlocal changed
            changed = self._cached.set_trial_state_values(attempt.key, _TRIAL_STATES[state], values)

        return self._if_alive(change) and changed

    def _if_alive(self, action: Callable[[], None]) -> bool:
        try:
            self._do(action)
        except UpdateFinishedTrialError:
            return False
        return True

    def _do(self, action: Callable[[], Answer]) -> Answer:
        return run_action(self._storage, self.name, action)
