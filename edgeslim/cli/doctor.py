"""``edgeslim doctor``: checks what measuring a device needs, and names what is missing."""

from __future__ import annotations

from typing import Annotated

import typer

from edgeslim.cli.output import Json, print_json, print_table
from edgeslim.cli.request_options import with_options
from edgeslim.device import REACHED_AND_RUN, DeviceChoice
from edgeslim.measuring.doctor import doctor
from edgeslim.options import OptionsOf

__all__ = ["command"]


@with_options
def command(
    device: Annotated[DeviceChoice, OptionsOf(DeviceChoice, REACHED_AND_RUN)],
    as_json: Json = False,
) -> None:
    """Say whether a device can be measured, and for each thing missing what mends it.

    Example: edgeslim doctor --device host
    """
    checks = doctor(device)
    ready = all(check.ok for check in checks if check.needed)
    if as_json:
        listed = [
            {"name": check.name, "ok": check.ok, "found": check.found, "mend": check.mend}
            for check in checks
        ]
        print_json({"device": device.name or "host", "ready": ready, "checks": listed})
    else:
        print_table(
            ["", "what", "found", "mend"],
            [
                [
                    "ok" if check.ok else "!!",
                    check.name,
                    check.found,
                    "" if check.ok else check.mend,
                ]
                for check in checks
            ],
        )
    if not ready:
        raise typer.Exit(1)
