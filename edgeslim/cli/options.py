"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

from edgeslim.conversion.model_source import parse_input_shapes
from edgeslim.device import DeviceChoice
from edgeslim.errors import UsageError
from edgeslim.execution import PowerMode
from edgeslim.opspec import Shape

__all__ = [
    "Device",
    "Host",
    "Port",
    "Power",
    "Serial",
    "Threads",
    "device_choice",
    "only_shape",
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


def device_choice(
    device: str | None,
    serial: str | None,
    host: str | None,
    port: int | None,
    threads: int | None,
    power_mode: PowerMode | None,
) -> DeviceChoice:
    """The device of ``--device`` and the options beside it."""
    return DeviceChoice(
        name=device or "",
        serial=serial,
        host=host,
        port=port,
        threads=threads,
        power_mode=power_mode,
    )


def shapes(texts: list[str] | None) -> dict[str, Shape]:
    """The shapes of ``--input-shape``, by name."""
    return parse_input_shapes(texts or [])


def only_shape(texts: list[str] | None) -> Shape | None:
    """The one shape of ``--input-shape`` where inputs have no names."""
    given = shapes(texts)
    if set(given) - {""}:
        raise UsageError("a space has one input; write --input-shape 1,3,224,224 without a name")
    return given.get("")
