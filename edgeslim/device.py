"""A device: how it is reached and how models run on it, from a readable TOML file."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from edgeslim.errors import BadFileError, UnknownNameError, UsageError
from edgeslim.execution import Execution, PowerMode, Precision, Target
from edgeslim.files import read_toml
from edgeslim.resources import data_folder

__all__ = ["DeviceProfile", "Location", "device_names", "load_device", "profile_folders"]


class Location(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a device is; what does not matter to its transport stays empty.

    Args:
        serial: Serial number or address of an Android device, as ``adb devices`` shows it.
        host: Name or address of a device with an ssh server, or an alias of ``~/.ssh/config``.
        port: Port of that server; 0 is what the configuration says, or 22.
        user: Who to be there; empty is what the configuration says.
        key: File of the private key; empty is the agent and the usual files.
        folder: Folder on the device that is ours; the transport has a default.
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


class DeviceProfile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What edgeslim must know about a device.

    Args:
        name: Name it is asked for by; also the file's.
        summary: One line for people.
        transport: Way to reach it, a file of ``edgeslim/transports``.
        target: Kind of processor that ``opt`` converts for.
        location: Where it is.
        threads: Threads that models run with unless told otherwise.
        power_mode: Cores that Paddle-Lite binds to, where it can.
        swept_mb: Cache states that operators are timed in: megabytes of memory touched
            between two runs, from 0 (everything cached) to twice the last cache's size.
    """

    name: str
    summary: str
    transport: str
    target: Target
    location: Location = Location()
    threads: int = 1
    power_mode: PowerMode = PowerMode.NO_BIND
    swept_mb: tuple[int, ...] = (0, 8, 24, 64)

    def __post_init__(self) -> None:
        if self.swept_mb[:1] != (0,) or list(self.swept_mb) != sorted(set(self.swept_mb)):
            raise ValueError(f"swept_mb must rise from 0, not {list(self.swept_mb)}")
        if self.threads < 1:
            raise ValueError(f"threads must be at least 1, not {self.threads}")

    def execution(self, *, threads: int | None = None) -> Execution:
        """How models run on it, with what the user asked for.

        Raises:
            UsageError: Fewer threads than one.
        """
        if threads is not None and threads < 1:
            raise UsageError(f"threads must be at least 1, not {threads}")
        return Execution(
            target=self.target,
            precision=Precision.FP32,
            threads=self.threads if threads is None else threads,
            power_mode=self.power_mode,
        )


def profile_folders() -> list[Path]:
    """Where profiles are looked for, the user's own first."""
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
    """The profile of a device by name.

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
            return profile
    raise UnknownNameError("device", name, device_names())
