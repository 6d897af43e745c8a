"""Profiles of devices that stand for others: this machine, over a link."""

from __future__ import annotations

from pathlib import Path

from edgeslim.companion import lite_python

__all__ = ["HASTY", "linked_profile"]

HASTY = """
patience_s = 0
operator_s = 0.02
network_s = 0.05
"""
"""Lines of a profile that measures no better than tests need it that assert no latency."""


def linked_profile(
    name: str,
    transport: str,
    place: str,
    folder: Path | str,
    *,
    lines: str = f"swept_mb = [0, 1]{HASTY}",
) -> str:
    """The profile of this machine over a link, with the Python runner.

    Args:
        name: Name of the device.
        transport: Transport that reaches it.
        place: Lines that say where it is.
        folder: Folder of ours there.
        lines: Further lines of the profile.
    """
    return f"""
name = "{name}"
summary = "this machine, reached by {transport}"
transport = "{transport}"
target = "x86"
runner = "python"
python = "{lite_python()}"
{lines}
[location]
{place}
folder = "{folder}"
"""
