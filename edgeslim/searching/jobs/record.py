"""Values that all processes of a search agree on, settings and files, each written once.

A value is a trial of a study of its own, since a trial with all its attributes is one
transaction: it is there whole or not at all, and the first of two wins. Short texts are attributes
that people can read in the database; all else lies in a table of ours (`own_tables`), so that
reading the settings does not read a table of ten megabytes, and neither does optuna-dashboard.
Searches of format 1 have large values as text in the attributes of another trial.
"""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import optuna
from optuna.trial import TrialState

from edgeslim.errors import StorageError
from edgeslim.searching.jobs.own_tables import read_bytes_of, store_bytes
from edgeslim.searching.jobs.storage import Storage
from edgeslim.searching.jobs.study import open_study, run_action

__all__ = ["Record"]

Answer = TypeVar("Answer")

_LONGEST_TEXT = 60_000
"""Bytes that an attribute takes in every database: MySQL's text ends at 65,535."""
_OBJECTIVES = {"bytes": "minimize"}


class Record:
    """Values by name, in a study of their own.

    Args:
        storage: Storage that has the study.
        name: Name of the study.

    Raises:
        UsageError: There is a study of that name that is something else.
        StorageError: The storage cannot be used; any method raises this.
    """

    def __init__(self, storage: Storage, name: str) -> None:
        self._storage = storage
        self._name = name
        self._study, _ = open_study(storage, name, _OBJECTIVES, {"what": "record"})

    def write_once(self, key: str, value: bytes) -> bytes:
        """Writes a value if there is none yet; returns the one that is there now."""
        standing = self.read(key)
        if standing is not None:
            return standing
        checksum, text = hashlib.sha256(value).hexdigest(), _plain(value)
        notes: dict[str, Any] = {"key": key, "sha256": checksum}
        if text is None:
            packed = zlib.compress(value)
            self._do(lambda: store_bytes(self._storage.engine, checksum, packed))
        else:
            notes["text"] = text
        trial = optuna.create_trial(
            state=TrialState.COMPLETE, value=float(len(value)), user_attrs=notes
        )
        self._do(lambda: self._storage.rdb.create_new_trial(self._study, trial))
        written = self.read(key)
        if written is None:
            raise StorageError(f"{self._where(key)} is gone as soon as it was written")
        return written

    def read(self, key: str) -> bytes | None:
        """Reads a value; None if it was not written.

        Raises:
            StorageError: It is not what was written.
        """
        rdb, written = self._storage.rdb, (TrialState.COMPLETE,)
        heads = self._do(lambda: rdb.get_all_trials(self._study, deepcopy=False, states=written))
        notes = next((head.user_attrs for head in heads if head.user_attrs.get("key") == key), None)
        if notes is None:
            return None
        value = self._value(notes)
        if value is None or hashlib.sha256(value).hexdigest() != notes.get("sha256"):
            raise StorageError(f"{self._where(key)} is not what was written")
        return value

    def _value(self, notes: Mapping[str, Any]) -> bytes | None:
        if "text" in notes:
            return str(notes["text"]).encode()
        try:
            if "parts" in notes:
                return zlib.decompress(self._parts(int(notes["parts"])))
            checksum = str(notes.get("sha256"))
            packed = self._do(lambda: read_bytes_of(self._storage.engine, checksum))
            return None if packed is None else zlib.decompress(packed)
        except (KeyError, ValueError, zlib.error):
            return None

    def _parts(self, number: int) -> bytes:
        """A value of format 1, from the attributes of the trial that has its parts."""
        rdb, study = self._storage.rdb, self._study
        parts = self._do(
            lambda: rdb.get_trial(rdb.get_trial_id_from_study_id_trial_number(study, number))
        ).user_attrs
        return base64.b64decode("".join(parts[f"part{place}"] for place in range(len(parts) - 1)))

    def _do(self, action: Callable[[], Answer]) -> Answer:
        return run_action(self._storage, self._name, action)

    def _where(self, key: str) -> str:
        return f"{key!r} of {self._name!r} in {self._storage.address.name}"


def _plain(value: bytes) -> str | None:
    """A value as text that people can read in the database; None unless it is short text."""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return None
    # JSON may write a character as up to twelve, and some databases take no NUL.
    return text if len(text) * 12 < _LONGEST_TEXT and "\0" not in text else None
