"""Runs one command for several devices at the same time, in a process for each.

A device that fails, or is slow, does not affect the others. The processes share the terminal's
process group, so that what interrupts this one interrupts them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from edgeslim.own_command import OwnCommand

__all__ = ["DeviceResult", "run_on_devices", "without_options"]

_GRACE_S = 20.0


@dataclass(frozen=True, kw_only=True, slots=True)
class DeviceResult:
    """The result of the command for one device.

    Args:
        name: The device, as the user named it.
        code: Exit code of the process.
        document: What it printed with ``--json``; empty if it failed.
    """

    name: str
    code: int
    document: dict[str, Any]


def run_on_devices(
    arguments: Sequence[str], devices: Sequence[tuple[str, Sequence[str]]]
) -> list[DeviceResult]:
    """Runs ``edgeslim ARGUMENTS`` for several devices; progress lines begin with their names.

    Args:
        arguments: Command and options that all devices share.
        devices: Name of each device, and the options that choose it.
    """
    running = {
        name: OwnCommand([*arguments, *options], grace_s=_GRACE_S, on_line=_relay(name))
        for name, options in devices
    }
    try:
        ends = {name: command.wait() for name, command in running.items()}
    except BaseException:
        for command in running.values():
            command.interrupt()
        raise
    return [
        DeviceResult(name=name, code=code, document=document)
        for name, (code, document) in ends.items()
    ]


def without_options(arguments: Sequence[str], names: Sequence[str]) -> list[str]:
    """Removes some options with their values, and ``--json``, from a command line."""
    kept: list[str] = []
    rest = iter(arguments)
    for argument in rest:
        if argument in names:
            next(rest, None)
        elif argument != "--json" and argument.partition("=")[0] not in names:
            kept.append(argument)
    return kept


def _relay(name: str) -> Callable[[str], None]:
    """Writes lines of a device's process to standard error, with the device before each."""

    def write(line: str) -> None:
        sys.stderr.write(f"{name}: {line}")

    return write
