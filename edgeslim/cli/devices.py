"""``edgeslim devices``: what edgeslim knows of."""

from __future__ import annotations

from edgeslim.cli.output import Json, print_json, print_table
from edgeslim.profiling.doctor import devices

__all__ = ["command"]


def command(as_json: Json = False) -> None:
    """List the devices that have a profile.

    Example: edgeslim devices
    """
    known = devices()
    if as_json:
        print_json(
            {
                "profiles": [
                    {
                        "name": each.name,
                        "summary": each.summary,
                        "transport": each.transport,
                        "target": each.target.value,
                        "threads": each.threads,
                        "power_mode": each.power_mode.value,
                    }
                    for each in known
                ]
            }
        )
        return
    print_table(
        ["device", "target", "threads", "reached by", ""],
        [
            [each.name, each.target.value, str(each.threads), each.transport, each.summary]
            for each in known
        ],
    )
