"""edgeslim's studies: found or created, by any number of processes at once."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from optuna.exceptions import (
    DuplicatedStudyError,
    ExperimentalWarning,
    UpdateFinishedTrialError,
)
from optuna.study import StudyDirection, load_study

from edgeslim.errors import StorageError, UsageError
from edgeslim.searching.jobs.storage import Storage

__all__ = ["open_study", "run_action"]

Answer = TypeVar("Answer")

_MARK = "edgeslim"
_FORMAT, _READABLE = 2, (1, 2)
"""Format of new studies, and those that are read: studies of format 1 have no heartbeats and large
values in tables of ours (`edgeslim.searching.jobs.own_tables`)."""


def run_action(storage: Storage, name: str, action: Callable[[], Answer]) -> Answer:
    """Runs an action on the study ``name`` that may be repeated; see `Storage.retry`.

    Raises:
        StorageError: The storage cannot be used, or the study was deleted.
        optuna.exceptions.UpdateFinishedTrialError: The trial to be changed has ended.
    """
    try:
        return storage.retry(action)
    except UpdateFinishedTrialError:
        raise
    except KeyError as error:
        raise StorageError(f"the study {name!r} in {storage.address.name} was deleted") from error


def open_study(
    storage: Storage, name: str, objectives: Mapping[str, str], settings: Mapping[str, Any]
) -> tuple[int, Mapping[str, Any]]:
    """Opens a study of edgeslim, created if there is none of that name.

    Args:
        storage: Storage that has the study.
        name: Name of the study.
        objectives: Names of the objectives, and whether to ``maximize`` or ``minimize`` each.
        settings: Settings that are written with the study if it is new.

    Returns:
        Its identifier in Optuna's storage, and its settings.

    Raises:
        UsageError: There is a study of that name that is not edgeslim's or has other objectives.
        StorageError: The storage cannot be used.
    """
    rdb = storage.rdb
    directions = [StudyDirection[direction.upper()] for direction in objectives.values()]

    def find() -> int:
        try:
            return rdb.create_new_study(directions, name)
        except DuplicatedStudyError:
            return rdb.get_study_id_from_name(name)

    def attributes() -> Mapping[str, Any]:
        return rdb.get_study_user_attrs(study)

    def mark() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            load_study(study_name=name, storage=rdb).set_metric_names(list(objectives))
        rdb.set_study_user_attr(
            study, _MARK, {"format": _FORMAT, "objectives": dict(objectives), **settings}
        )

    study = run_action(storage, name, find)
    where = f"the study {name!r} in {storage.address.name}"
    marks = run_action(storage, name, attributes)
    if _MARK not in marks:
        used = run_action(storage, name, lambda: rdb.get_n_trials(study)) > 0
        marks = run_action(
            storage, name, attributes
        )  # again: whoever adds trials has marked it before
    if _MARK not in marks:
        if used or marks:  # without either, its maker was killed before marking it
            raise UsageError(f"{where} is not edgeslim's; give another name or storage")
        run_action(storage, name, mark)
        marks = run_action(storage, name, attributes)
    found = dict(marks[_MARK])
    if found.pop("format", None) not in _READABLE:
        raise UsageError(f"{where} was made by another version of edgeslim")
    theirs = found.pop("objectives", None)
    same = run_action(storage, name, lambda: rdb.get_study_directions(study)) == directions
    if theirs != dict(objectives) or not same:
        raise UsageError(f"{where} is of something else: its objectives are {theirs}")
    return study, found
