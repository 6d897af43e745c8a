"""``edgeslim profile``: measures operators on a device, and writes a latency table."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from edgeslim.cli.output import GAPS, Json, print_json, print_lines
from edgeslim.cli.request_options import with_options
from edgeslim.cli.several_devices import run_on_devices, without_options
from edgeslim.counts import format_count
from edgeslim.device import DEVICE, DeviceChoice
from edgeslim.errors import UsageError
from edgeslim.profiling.profile import ProfileRequest, ProfileResult, profile

__all__ = ["command"]

_HELPFUL = 0.5
"""With less weight together, other devices are said not to help."""


@with_options
def command(
    request: ProfileRequest,
    device: Annotated[
        list[str] | None,
        typer.Option(
            help="Name of the device's profile; may be given several times.",
            rich_help_panel=DEVICE.panel,
        ),
    ] = None,
    serial: Annotated[
        list[str] | None,
        typer.Option(
            help="Reach it over adb, by this serial number; may be given several times.",
            rich_help_panel=DEVICE.panel,
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure operators and a few whole networks; what the table has is not measured again.

    With --budget or --time, the operators are measured first that say most about the space, or
    about the model and its pruned versions; a larger budget refines the same table.

    With --like, a few operators and networks tell how this device differs from another one whose
    table is known, and the rest is estimated from that table. --budget 0 measures networks only.

    Several devices are measured at once, each with a table of its own.

    Without a model, space or operators it measures the default space of edgeslim search, and
    writes a table where search finds it.

    Example: edgeslim profile --device android

    Example: edgeslim profile --device host --space light-nas-small --budget 100 --out host.jsonl

    Example: edgeslim profile --device android --like host.jsonl --budget 30 --out phone.jsonl
    """
    given = request.device if isinstance(request.device, DeviceChoice) else DeviceChoice()
    chosen = [
        replace(given, name=name, serial=number)
        for name, number in pair_devices(device or ["host"], serial or [])
    ]
    if len(chosen) > 1:
        _profile_all(chosen, request.out, as_json)
        return
    result = profile(replace(request, device=chosen[0]))
    if as_json:
        print_json(_document(result))
    else:
        _print(result)
    if result.failed:
        raise typer.Exit(GAPS)


def pair_devices(names: Sequence[str], serials: Sequence[str]) -> list[tuple[str, str | None]]:
    """Pairs profiles with serial numbers.

    Raises:
        UsageError: Their numbers do not fit together.
    """
    if not serials:
        return [(name, None) for name in dict.fromkeys(names)]
    if len(set(serials)) < len(serials):
        raise UsageError(f"each --serial is given once, not {', '.join(serials)}")
    if len(names) == 1:
        return [(names[0], number) for number in serials]
    if len(names) == len(serials):
        return list(zip(names, serials, strict=True))
    raise UsageError(
        f"{len(names)} times --device and {len(serials)} times --serial: give one --device for "
        "all, or one for each"
    )


def _profile_all(chosen: Sequence[DeviceChoice], out: Path | None, as_json: bool) -> None:
    """Runs this command once for each device, with all other options unchanged."""
    if out is not None:
        raise UsageError(f"--out {out} is one table; of several devices each has its own")
    devices = [
        (
            choice.serial or choice.name,
            [f"--device={choice.name}", *([f"--serial={choice.serial}"] if choice.serial else [])],
        )
        for choice in chosen
    ]
    finished = run_on_devices(without_options(sys.argv[1:], ("--device", "--serial")), devices)
    if as_json:
        print_json({"devices": [{"name": result.name, **result.document} for result in finished]})
    else:
        for result in finished:
            table = result.document.get("table", "failed")
            measured = result.document.get("measured", 0)
            print_lines(
                f"{result.name}: {table}, {format_count(measured, 'operator')} measured now"
            )
    worst = max(
        (result.code for result in finished), key=lambda code: (code not in {0, GAPS}, code)
    )
    if worst:
        raise typer.Exit(worst)


def _print(result: ProfileResult) -> None:
    print_lines(
        f"{result.table}: {format_count(result.operators, 'operator')} asked for, "
        f"{result.measured:,} measured now",
        f"{result.wall_s:.0f} s, of which the device was busy for {result.device_s:.0f} s and "
        f"disturbed for {result.waited_s:.0f} s",
    )
    if result.unsteady:
        unsteady = format_count(len(result.unsteady), "operator is", "operators are")
        print_lines(f"{unsteady} unsteady: every prediction says so")
    if result.unpredicted:
        unknown = format_count(len(result.unpredicted), "operator")
        print_lines(
            f"{unknown} cannot be predicted by those that were measured: give the same command a "
            "larger --budget, or more --time"
        )
    print_lines(*_transfer_lines(result))
    calibration = result.calibration
    if calibration.residuals:
        left_out = format_count(len(calibration.residuals), "whole network")
        print_lines(
            f"predictions of {left_out}, each left out of the fit: "
            f"{calibration.mean_error:.1%} off on average, {calibration.worst_error:.1%} at worst"
        )
    if calibration.refused:
        print_lines(
            "not used to check predictions, since they are sums of this table's rows: "
            f"{', '.join(calibration.refused)}"
        )
    for spec, reason in result.failed.items():
        print_lines(f"not measured: {spec}: {reason}")


def _transfer_lines(result: ProfileResult) -> Iterator[str]:
    """What other devices say about this one."""
    for name, weight in result.device_weights.items():
        yield f"estimated from {name}: {weight:.0%} of the weight"
    if result.device_weights and sum(result.device_weights.values()) < _HELPFUL:
        yield (
            "this device is unlike those that were given with --like: its operators are estimated "
            "from each other, and a larger --budget makes that better"
        )


def _document(result: ProfileResult) -> dict[str, object]:
    calibration = result.calibration
    return {
        "table": result.table,
        "operators": result.operators,
        "measured": result.measured,
        "failed": [{"operator": str(spec), "reason": why} for spec, why in result.failed.items()],
        "networks": result.networks,
        "left_out_error_percent": {
            name: 100 * error for name, error in calibration.residuals.items()
        },
        "refused_networks": calibration.refused,
        "mean_error_percent": _percent(calibration.mean_error),
        "wall_s": result.wall_s,
        "device_s": result.device_s,
        "waited_s": result.waited_s,
        "unsteady": [
            {"operator": str(spec), "reason": why} for spec, why in result.unsteady.items()
        ],
        "device_weights": result.device_weights,
        "unpredicted": [str(spec) for spec in result.unpredicted],
    }


def _percent(share: float) -> float | None:
    return None if math.isnan(share) else 100 * share
