"""Options that several commands share."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from edgeslim.conversion.model_source import parse_input_shapes
from edgeslim.device import DeviceChoice
from edgeslim.errors import UsageError
from edgeslim.execution import PowerMode
from edgeslim.opspec import Shape

__all__ = [
    "Device",
    "FixedPerformance",
    "Host",
    "InputShape",
    "Laws",
    "LockFrequency",
    "Port",
    "Power",
    "Seed",
    "Serial",
    "SpaceInput",
    "StayOn",
    "TaskName",
    "Threads",
    "device_choice",
    "names",
    "only_shape",
    "settings_choice",
    "shapes",
]

Device = Annotated[str, typer.Option(help="Name of the device's profile.")]
Serial = Annotated[
    str | None, typer.Option(help="Reach it over adb, by this serial number or address.")
]
Host = Annotated[str | None, typer.Option(help="Reach it over ssh, at this name or address.")]
Port = Annotated[int | None, typer.Option(help="Port of its ssh server.")]
Threads = Annotated[int | None, typer.Option(help="Threads that models run with.")]
Power = Annotated[
    PowerMode | None, typer.Option("--power-mode", help="Cores that models are bound to.")
]


Laws = Annotated[
    Path | None,
    typer.Option(help="TOML file with laws of another version of Paddle-Lite's kernels."),
]
Seed = Annotated[int, typer.Option(help="Seed of everything random.")]
SpaceInput = Annotated[
    list[str] | None, typer.Option(help="Input shape of the networks: 1,3,224,224.")
]
InputShape = Annotated[
    list[str] | None, typer.Option(help="Input shape of the network: 1,3,224,224.")
]
TaskName = Annotated[
    str,
    typer.Option("--task", help="NAME, NAME:FOLDER with its images, or file.py of your own."),
]
StayOn = Annotated[
    bool | None, typer.Option("--stay-on", help="Keep a phone's screen on while it measures.")
]
FixedPerformance = Annotated[
    bool | None,
    typer.Option("--fixed-performance", help="Measure in Android's fixed performance mode."),
]
LockFrequency = Annotated[
    str | None,
    typer.Option(help="Hold every core at this share of its full frequency: 70%. Needs root."),
]


def settings_choice(
    stay_on: bool | None, fixed_performance: bool | None, lock_frequency: str | None
) -> DeviceChoice:
    """Settings of a device while it measures, as a choice that names no device yet.

    Raises:
        UsageError: ``--lock-frequency`` is no percentage.
    """
    share = None
    if lock_frequency is not None:
        match = re.fullmatch(r"(\d{1,3})\s*%", lock_frequency.strip())
        if match is None or not 1 <= int(match[1]) <= 100:
            raise UsageError(f"--lock-frequency is a share like 70%, not {lock_frequency!r}")
        share = int(match[1]) / 100
    return DeviceChoice(stay_on=stay_on, fixed_performance=fixed_performance, lock_frequency=share)


def device_choice(
    device: str | None,
    serial: str | None,
    host: str | None,
    port: int | None,
    threads: int | None,
    power_mode: PowerMode | None,
    settings: DeviceChoice | None = None,
) -> DeviceChoice:
    """The device that ``--device`` and the options beside it choose."""
    return replace(
        settings or DeviceChoice(),
        name=device or "",
        serial=serial,
        host=host,
        port=port,
        threads=threads,
        power_mode=power_mode,
    )


def names(text: str | None) -> tuple[str, ...]:
    """The names in an option like ``fp32,fp16``."""
    return tuple(name.strip() for name in (text or "").split(",") if name.strip())


def shapes(texts: list[str] | None) -> dict[str, Shape]:
    """The shapes of ``--input-shape``, by name."""
    return parse_input_shapes(texts or [])


def only_shape(texts: list[str] | None, *, of: str = "a space") -> Shape | None:
    """The only shape of ``--input-shape``, for networks whose one input needs no name."""
    given = shapes(texts)
    if set(given) - {""}:
        raise UsageError(f"{of} has one input; write --input-shape 1,3,224,224 without a name")
    return given.get("")
