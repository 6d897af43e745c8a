"""The exceptions of edgeslim.

::

    EdgeslimError                      exit 1: the work failed
    ├── UsageError                     exit 2: wrong usage
    │   ├── UnknownNameError           no such device, model, space, task, algorithm
    │   └── ContextMismatchError       a table of another device, thread count, library …
    ├── BadFileError                   a file that is not what it should be, with the place
    ├── UnwritableError                a folder or disk that takes no more
    ├── InUseError                     a folder or file that another process writes
    ├── TooLargeError                  work that needs more memory than there is
    ├── ModelError                     a model that cannot be read, exported or converted
    │   └── DivergedError              a training whose loss is no number any more
    ├── ProgramError                   a foreign program failed
    │   ├── ProgramNotFoundError       it is not installed
    │   ├── ProgramFailedError         it ended with an error of its own
    │   ├── ProgramAbortedError        it called abort() (exit 134)
    │   ├── ProgramCrashedError        it crashed (exit 139 or another signal)
    │   ├── ProgramTimedOutError       it passed its deadline and was ended
    │   └── NoOutputError              it claimed success and left nothing
    ├── LinkError                      the way to a device does not lead there
    │   ├── DeviceNotFoundError        nothing answers at the other end
    │   ├── DeviceRefusedError         it answers and lets nobody in
    │   ├── LinkLostError              it was there and broke off
    │   └── DeviceFullError            the device's folder or disk takes no more
    ├── RunnerError                    the runner refused or could not run a model
    ├── StorageError                   the storage of a search does not answer or lets nobody in
    ├── JobLostError                   a job was given to others meanwhile
    ├── ProcessLostError               a process that trained with this one is gone
    ├── ReportedElsewhereError         another process of the same work failed and reports why
    ├── MissingLatencyError            a table lacks operators that are needed
    ├── InfeasibleTargetError          a limit that nothing meets
    └── LimitMissedError               what was measured is beyond a limit that must hold
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = [
    "BadFileError",
    "ContextMismatchError",
    "DeviceFullError",
    "DeviceNotFoundError",
    "DeviceRefusedError",
    "DivergedError",
    "EdgeslimError",
    "InUseError",
    "InfeasibleTargetError",
    "JobLostError",
    "LimitMissedError",
    "LinkError",
    "LinkLostError",
    "MissingLatencyError",
    "ModelError",
    "NoOutputError",
    "ProcessLostError",
    "ProgramAbortedError",
    "ProgramCrashedError",
    "ProgramError",
    "ProgramFailedError",
    "ProgramNotFoundError",
    "ProgramTimedOutError",
    "ReportedElsewhereError",
    "RunnerError",
    "StorageError",
    "TooLargeError",
    "UnknownNameError",
    "UnwritableError",
    "UsageError",
]


class EdgeslimError(Exception):
    """Root of all errors of edgeslim; its text is one line for a person."""

    exit_code = 1


class UsageError(EdgeslimError):
    """Wrong usage: an invalid option, unit or combination."""

    exit_code = 2


_MANY = 60
"""Longer lists of names are not printed whole: a network has hundreds of parameters."""

_NEAREST = 5


class UnknownNameError(UsageError):
    """An unknown name; the message offers the nearest known ones.

    Args:
        what: Word for what it should be a name of.
        name: Name that is not known.
        known: Known names, in the order in which they are printed; a set is sorted.
        meant: Text with a suggestion, in place of the nearest name by spelling.
    """

    def __init__(self, what: str, name: str, known: Iterable[str], *, meant: str = "") -> None:
        self.what = what
        self.name = name
        is_set = isinstance(known, (set, frozenset))
        self.known = sorted(known) if is_set else list(dict.fromkeys(known))
        near = get_close_matches(name, self.known, n=1, cutoff=0.5)
        meant = meant or (f"did you mean {near[0]!r}?" if near else "")
        hint = f"{meant} " if meant else ""
        offered, title = self.known, "known"
        if len(offered) > _MANY:
            offered = get_close_matches(name, self.known, n=_NEAREST, cutoff=0.0)
            title = f"the nearest of {len(self.known)}"
        super().__init__(f"unknown {what} {name!r}; {hint}{title}: {', '.join(offered) or 'none'}")


class ContextMismatchError(UsageError):
    """Measurements of different context (device, threads, library …) would mix."""


class BadFileError(EdgeslimError):
    """A file cannot be read, or its content is not valid."""


class UnwritableError(EdgeslimError):
    """A file cannot be written: read-only folder, full disk."""


class InUseError(EdgeslimError):
    """Another process writes the folder or file."""


class TooLargeError(EdgeslimError):
    """Work needs more memory than there is, and is not begun."""


class ModelError(EdgeslimError):
    """A model cannot be read, exported or converted."""


class DivergedError(ModelError):
    """A training's loss is no number any more."""


class ProgramError(EdgeslimError):
    """A foreign program failed; the message ends with the last lines it printed."""


class ProgramNotFoundError(ProgramError):
    """A foreign program or library is not installed."""


class ProgramFailedError(ProgramError):
    """A foreign program ended with an error of its own."""


class ProgramAbortedError(ProgramError):
    """A foreign program called ``abort()`` (exit status 134)."""


class ProgramCrashedError(ProgramError):
    """A foreign program was ended by a signal (exit status 139 for a bad memory access)."""


class ProgramTimedOutError(ProgramError):
    """A foreign program passed its deadline and was ended."""


class NoOutputError(ProgramError):
    """A foreign program claimed success but its output is missing or empty."""


class LinkError(EdgeslimError):
    """The way to a device failed; the message ends with what mends it."""


class DeviceNotFoundError(LinkError):
    """Nothing answers: not attached, not switched on, another address."""


class DeviceRefusedError(LinkError):
    """A device answers and lets nobody in: not authorised, unknown host key, wrong password."""


class LinkLostError(LinkError):
    """A device was reached and the link broke off in the middle."""


class DeviceFullError(LinkError):
    """A device's folder or disk takes no more."""


class RunnerError(EdgeslimError):
    """The runner refused a model or could not run it."""


class StorageError(EdgeslimError):
    """The storage of a search does not answer, refuses the connection, or is not a storage."""


class JobLostError(EdgeslimError):
    """A job was given to others, since its worker seemed dead; its result does not count."""


class ProcessLostError(EdgeslimError):
    """A process that trained together with this one ended, or cannot be reached."""


class ReportedElsewhereError(EdgeslimError):
    """Work of several processes failed, and another of them reports the reason.

    Args:
        text: Message of the other process.
        exit_code: Exit code of all of the processes.
    """

    def __init__(self, text: str, exit_code: int) -> None:
        super().__init__(text)
        self.exit_code = exit_code


class MissingLatencyError(EdgeslimError):
    """A latency table lacks operators that the work needs."""


class InfeasibleTargetError(EdgeslimError):
    """Nothing meets a limit; the message has what can be reached."""


class LimitMissedError(EdgeslimError):
    """A measured value is beyond a limit that the user asserted."""
