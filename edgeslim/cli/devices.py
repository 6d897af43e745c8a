"""``edgeslim devices``: lists the known devices, and says which are ready."""

from __future__ import annotations

from edgeslim.cli.output import Json, print_json, print_lines, print_table
from edgeslim.measuring.list_devices import KnownDevice, devices

__all__ = ["command"]


def command(as_json: Json = False) -> None:
    """List the devices that have a profile or are attached, and say which are ready.

    Example: edgeslim devices
    """
    known = devices()
    if as_json:
        print_json({"profiles": [_document(device) for device in known]})
        return
    print_table(
        ["device", "serial or host", "hardware", "ABI", "clusters", "ready"],
        [_row(device) for device in known],
    )
    for device in known:
        if device.trouble:
            print_lines(f"{device.profile.name}: {device.trouble}")


def _row(device: KnownDevice) -> list[str]:
    facts = device.facts
    return [
        device.profile.name,
        device.profile.location.serial or device.profile.location.host,
        "" if facts is None else facts.hardware,
        "" if facts is None else facts.abi,
        "" if facts is None else " + ".join(facts.clusters),
        "yes" if device.ready else "no",
    ]


def _document(device: KnownDevice) -> dict[str, object]:
    profile, facts = device.profile, device.facts
    return {
        "name": profile.name,
        "summary": profile.summary,
        "transport": profile.transport,
        "serial": profile.location.serial,
        "host": profile.location.host,
        "target": profile.target.value,
        "threads": profile.threads,
        "power_mode": profile.power_mode.value,
        "ready": device.ready,
        "trouble": device.trouble,
        "hardware": None if facts is None else facts.hardware,
        "abi": None if facts is None else facts.abi,
        "cores": None if facts is None else facts.cores,
        "clusters": None if facts is None else facts.clusters,
    }
