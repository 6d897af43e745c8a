"""``edgeslim doctor``: walk the whole way to a device and say what is missing."""

from __future__ import annotations

from typing import Annotated

import typer

from edgeslim.cli.output import Json, print_json, print_table
from edgeslim.profiling.doctor import doctor

__all__ = ["command"]


def command(
    device: Annotated[str, typer.Option(help="Name of the device's profile.")] = "host",
    as_json: Json = False,
) -> None:
    """Say whether a device can be measured, and for each thing missing what mends it.

    Example: edgeslim doctor --device host
    """
    checks = doctor(device)
    ready = all(check.ok for check in checks)
    if as_json:
        listed = [
            {"name": each.name, "ok": each.ok, "found": each.found, "mend": each.mend}
            for each in checks
        ]
        print_json({"device": device, "ready": ready, "checks": listed})
    else:
        print_table(
            ["", "what", "found", "mend"],
            [
                ["ok" if each.ok else "!!", each.name, each.found, "" if each.ok else each.mend]
                for each in checks
            ],
        )
    if not ready:
        raise typer.Exit(1)
