"""The line under every figure: on what machine, when, with what."""

from __future__ import annotations

import platform
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path

__all__ = ["machine_line"]


def machine_line() -> str:
    """Processor, cores, versions and date."""
    text = Path("/proc/cpuinfo").read_text()
    names = [line.partition(":")[2].strip() for line in text.splitlines() if "model name" in line]
    versions = ", ".join(
        f"{name} {metadata.version(name)}" for name in ("paddlepaddle", "paddlelite", "numpy")
    )
    day = datetime.now(timezone.utc).date().isoformat()
    return f"{names[0]}, {len(names)} cores; Python {platform.python_version()}, {versions}; {day}"
