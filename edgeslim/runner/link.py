"""Retrying after a lost link: actions are repeated when the device is back."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from edgeslim.errors import DeviceNotFoundError, LinkLostError
from edgeslim.transports import Transport

__all__ = ["PATIENCE_S", "reconnect", "retry"]

Result = TypeVar("Result")

PATIENCE_S = 90.0
"""Seconds that a device may be away: a phone that reboots takes a minute."""

_ATTEMPTS = 20
_PAUSE_S = 0.5


def retry(transport: Transport, action: Callable[[], Result]) -> Result:
    """Repeats an action that may be done twice until the link is not lost during it.

    Raises:
        LinkLostError: The link was lost every time.
        DeviceNotFoundError: The device did not come back.
    """
    for _ in range(_ATTEMPTS - 1):
        try:
            return action()
        except LinkLostError:  # noqa: PERF203 - a loop over attempts
            reconnect(transport)
    return action()


def reconnect(transport: Transport) -> None:
    """Waits for a device that was lost.

    Raises:
        DeviceNotFoundError: It did not come back.
    """
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            transport.connect()
        except (DeviceNotFoundError, LinkLostError) as error:  # noqa: PERF203 - as above
            if time.monotonic() > deadline:
                raise DeviceNotFoundError(
                    f"{transport.place} was lost and did not come back within {PATIENCE_S:g} s; "
                    f"what was measured is kept, and the same command continues it: {error}"
                ) from error
            time.sleep(_PAUSE_S)
        else:
            return
