"""A device: how it is reached and how models run on it, from a readable TOML file."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec

from edgeslim.errors import BadFileError, UnknownNameError, UsageError
from edgeslim.execution import Execution, PowerMode, Precision, Target
from edgeslim.files import read_toml
from edgeslim.options import Option
from edgeslim.resources import data_folder

__all__ = [
    "DEVICE",
    "REACHED",
    "REACHED_AND_RUN",
    "DeviceChoice",
    "DeviceProfile",
    "Location",
    "RunnerKind",
    "device_names",
    "load_device",
    "profile_folders",
]


class Location(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a device is addressed; fields that its transport does not use stay empty.

    Args:
        serial: Serial number or address of an Android device, as ``adb devices`` shows it.
        host: Name or address of a device with an ssh server, or an alias of ``~/.ssh/config``.
        port: Port of that server; 0 is that of the ssh configuration, or 22.
        user: User name there; empty is that of the ssh configuration.
        key: File of the private key; empty for the agent and the usual files.
        folder: Folder on the device for edgeslim's files; the transport has a default.
    """

    serial: str = ""
    host: str = ""
    port: int = 0
    user: str = ""
    key: str = ""
    folder: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65535:
            raise ValueError(f"port must be from 1 to 65535, not {self.port}")


class RunnerKind(str, Enum):
    """The program that measures models on the device."""

    PYTHON = "python"
    """Python with Paddle-Lite's wheel, where there is one."""
    NATIVE = "native"
    """A program built by ``edgeslim runner build``."""


_LONGEST_S = 60.0
"""Longest that a network may be timed in a round, which is less than a runner's deadline."""


class DeviceProfile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The profile of a device.

    Args:
        name: Name of the device, which is also the file's.
        summary: One line of description for people.
        transport: Transport that reaches it, a file of ``edgeslim/transports``.
        target: Kind of processor that ``opt`` converts for.
        location: How the device is addressed.
        runner: The program that measures models there.
        python: Python on the device, for a Python runner; empty is edgeslim's own.
        threads: Threads that models run with by default.
        power_mode: Cores that Paddle-Lite binds to, where it can.
        stay_on, fixed_performance: Settings of a phone while it is measured: its screen
            stays on while it is plugged in; Android's fixed performance mode.
        lock_frequency: Share of their full frequency that cores are locked at; needs root.
        laws: File with laws of another version of the library, beside the profile; see
            `edgeslim.targets.read_laws`.
        swept_mb: Cache states that operators are measured in: megabytes of memory touched
            between two runs, from 0 (everything cached) to twice the last cache's size.
        patience_s: How long a batch waits for quiet moments while other programs disturb the
            device, longer if it has many models; with 0 disturbed measurements are not repeated
            either.
        operator_s: How long an operator is timed at most in each cache state of each of two
            passes, in seconds.
        network_s: How long a whole network is timed in each round, in seconds.
    """

    name: str
    summary: str
    transport: str
    target: Target
    location: Location = Location()
    runner: RunnerKind = RunnerKind.PYTHON
    python: str = ""
    threads: int = 1
    power_mode: PowerMode = PowerMode.NO_BIND
    stay_on: bool = False
    fixed_performance: bool = False
    lock_frequency: float | None = None
    laws: str = ""
    swept_mb: tuple[int, ...] = (0, 8, 24, 64)
    patience_s: float = 20.0
    operator_s: float = 0.2
    network_s: float = 0.5

    def __post_init__(self) -> None:
        if self.swept_mb[:1] != (0,) or list(self.swept_mb) != sorted(set(self.swept_mb)):
            raise ValueError(f"swept_mb must rise from 0, not {list(self.swept_mb)}")
        if self.threads < 1:
            raise ValueError(f"threads must be at least 1, not {self.threads}")
        if not self.patience_s >= 0:
            raise ValueError(f"patience_s must be 0 or more, not {self.patience_s}")
        for name in ("operator_s", "network_s"):
            seconds = getattr(self, name)
            if not 0 < seconds <= _LONGEST_S:
                raise ValueError(
                    f"{name} must be above 0 and at most {_LONGEST_S:g}, not {seconds}"
                )

    def execution(self) -> Execution:
        """The execution of models on it by default."""
        return Execution(
            target=self.target,
            precision=Precision.FP32,
            threads=self.threads,
            power_mode=self.power_mode,
        )


DEVICE = Option("Device")
REACHED = ("name", "serial", "host", "port")
"""Fields of a choice that say how a device is reached."""
REACHED_AND_RUN = (*REACHED, "threads", "power_mode")
"""Fields of a choice that say how a device is reached, and how models run there."""


def _parse_frequency_share(text: str) -> float:
    match = re.fullmatch(r"(\d{1,3})\s*%", text.strip())
    if match is None or not 1 <= int(match[1]) <= 100:
        raise UsageError(f"--lock-frequency is a share like 70%, not {text!r}")
    return int(match[1]) / 100


@dataclass(frozen=True, kw_only=True, slots=True)
class DeviceChoice:
    """A device, and the fields of its profile that the user overrides."""

    name: Annotated[str, DEVICE("--device")] = ""
    """Name of its profile; by default that of the table or search at hand, or this machine."""
    serial: Annotated[str | None, DEVICE] = None
    """Reach it over adb, by this serial number or address."""
    host: Annotated[str | None, DEVICE] = None
    """Reach it over ssh, at this name or address."""
    port: Annotated[int | None, DEVICE] = None
    """Port of its ssh server."""
    user: str | None = None
    """Name to log in by."""
    threads: Annotated[int | None, DEVICE] = None
    """Threads that models run with."""
    power_mode: Annotated[PowerMode | None, DEVICE] = None
    """Cores that models are bound to."""
    stay_on: Annotated[bool | None, DEVICE] = None
    """Keep a phone's screen on while it measures."""
    fixed_performance: Annotated[bool | None, DEVICE] = None
    """Measure in Android's fixed performance mode."""
    lock_frequency: Annotated[
        float | None, DEVICE("--lock-frequency", parse=_parse_frequency_share)
    ] = None
    """Hold every core at this share of its full frequency: 70%. Needs root."""
    laws: Annotated[Path | None, DEVICE] = None
    """TOML file with laws of another version of Paddle-Lite's kernels."""

    @classmethod
    def of(cls, device: str | DeviceChoice) -> DeviceChoice:
        """A choice by name alone, or the given choice."""
        return device if isinstance(device, DeviceChoice) else cls(name=device)

    def with_name(self, name: str) -> DeviceChoice:
        """The choice with a name, unless it has one already."""
        return self if self.name else replace(self, name=name)

    def profile(self) -> DeviceProfile:
        """The profile with the overridden fields.

        Raises:
            UnknownNameError: There is no such device.
            UsageError: A field does not apply to the device, or two contradict each other.
        """
        profile = load_device(self.name or "host")
        place = {field: getattr(self, field) for field in ("serial", "host", "port", "user")}
        given = [f"--{field} {value}" for field, value in place.items() if value is not None]
        if given and profile.transport == "local":
            raise UsageError(f"{given[0]} means nothing for {profile.name}, which is this machine")
        if self.serial is not None and len(given) > 1:
            raise UsageError(f"{given[0]} is for adb and {given[1]} for ssh; give one of them")
        chosen = {
            "threads": self.threads,
            "power_mode": self.power_mode,
            "stay_on": self.stay_on,
            "fixed_performance": self.fixed_performance,
            "lock_frequency": self.lock_frequency,
            "laws": None if self.laws is None else str(self.laws),
            # A board may be reached both ways.
            "transport": "adb" if self.serial else "ssh" if self.host else None,
        }
        try:
            return _replace_given(
                profile, {**chosen, "location": _replace_given(profile.location, place)}
            )
        except ValueError as error:
            raise UsageError(str(error)) from error


Struct = TypeVar("Struct", bound=msgspec.Struct)


def _replace_given(value: Struct, fields: Mapping[str, object]) -> Struct:
    return msgspec.structs.replace(value, **{k: v for k, v in fields.items() if v is not None})


def profile_folders() -> list[Path]:
    """Folders that profiles are read from, the user's own first."""
    configuration = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return [
        Path("device_profiles"),
        configuration / "edgeslim" / "device_profiles",
        data_folder("device_profiles"),
    ]


def device_names() -> list[str]:
    """Names of all devices with a profile."""
    found = {path.stem for folder in profile_folders() for path in folder.glob("*.toml")}
    return sorted(found)


def load_device(name: str) -> DeviceProfile:
    """Reads the profile of a device by name.

    Raises:
        UnknownNameError: There is none; the nearest name is offered.
        BadFileError: The file is not a profile; the message has the place.
    """
    if name not in device_names():
        raise UnknownNameError("device", name, device_names())
    for folder in profile_folders():
        path = folder / f"{name}.toml"
        if path.is_file():
            profile = read_toml(path, DeviceProfile)
            if profile.name != name:
                raise BadFileError(f"{path}: the name must be the file's, not {profile.name!r}")
            laws = str(path.parent / profile.laws) if profile.laws else ""
            return msgspec.structs.replace(profile, laws=laws)
    raise UnknownNameError("device", name, device_names())
