"""``edgeslim doctor``: checks what measuring a device needs, and names what is missing."""

from __future__ import annotations

import typer

from edgeslim.cli.options import Device, Host, Port, Power, Serial, Threads, device_choice
from edgeslim.cli.output import Json, print_json, print_table
from edgeslim.measuring.doctor import doctor

__all__ = ["command"]


def command(
    device: Device = "host",
    serial: Serial = None,
    host: Host = None,
    port: Port = None,
    threads: Threads = None,
    power_mode: Power = None,
    as_json: Json = False,
) -> None:
    """Say whether a device can be measured, and for each thing missing what mends it.

    Example: edgeslim doctor --device host
    """
    checks = doctor(device_choice(device, serial, host, port, threads, power_mode))
    ready = all(check.ok for check in checks if check.needed)
    if as_json:
        listed = [
            {"name": check.name, "ok": check.ok, "found": check.found, "mend": check.mend}
            for check in checks
        ]
        print_json({"device": device, "ready": ready, "checks": listed})
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
