"""How much memory a process can still take here, and refusals of work that needs more."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from edgeslim.errors import TooLargeError

__all__ = ["free_memory_bytes", "require_memory"]

_MEMORY = Path("/proc/meminfo")
_GROUPS = Path("/sys/fs/cgroup")
_GROUP = Path("/proc/self/cgroup")
_KIB = 1024
_GB = 1e9


def free_memory_bytes(
    memory: Path = _MEMORY, group: Path = _GROUP, groups: Path = _GROUPS
) -> int | None:
    """Bytes that are free or can be freed, swap included, within the limits of control groups.

    Args:
        memory: The kernel's file of the machine's memory.
        group: The kernel's file that says which control groups the process belongs to.
        groups: Folder of the control groups.

    Returns:
        None if the system does not say it.
    """
    facts = _facts(memory)
    if "MemAvailable" not in facts:
        return None
    free = (facts["MemAvailable"] + facts.get("SwapFree", 0)) * _KIB
    return min([free, *_rests(group, groups)])


def require_memory(needed: int, work: str, mend: str) -> None:
    """Refuses work for which there is not enough memory on this machine.

    Args:
        needed: Bytes that it needs at least.
        work: What it is, as ``training net``.
        mend: What the user can do.

    Raises:
        TooLargeError: There is not enough.
    """
    free = free_memory_bytes()
    if free is not None and needed > free:
        raise TooLargeError(
            f"{work} needs at least {needed / _GB:,.1f} GB of memory, and {free / _GB:,.1f} GB "
            f"are free on this machine; {mend}"
        )


def _facts(path: Path) -> dict[str, int]:
    """Numbers of a file with a name and a number in each line."""
    found = {}
    with suppress(OSError):
        for line in path.read_text().splitlines():
            name, number, *_ = [*line.replace(":", " ").split(), "", ""]
            if number.isdecimal():
                found[name] = int(number)
    return found


def _rests(group: Path, groups: Path) -> list[int]:
    """What is left of the limit of each control group above the process, where there is one."""
    place = ""
    with suppress(OSError):
        for line in group.read_text().splitlines():
            place = line.removeprefix("0::") if line.startswith("0::") else place
    own = groups / place.strip("/")
    candidates = [own, *(folder for folder in own.parents if folder.is_relative_to(groups))]
    rests = [_rest(folder, "memory.max", "memory.current") for folder in candidates]
    rests.append(_rest(groups / "memory", "memory.limit_in_bytes", "memory.usage_in_bytes"))
    return [rest for rest in rests if rest is not None]


def _rest(folder: Path, limit: str, used: str) -> int | None:
    with suppress(OSError, ValueError):
        most, taken = int((folder / limit).read_text()), int((folder / used).read_text())
        # Pages of files count as used, and are given back where memory is needed.
        statistics = _facts(folder / "memory.stat")
        files = statistics.get("inactive_file", 0) + statistics.get("active_file", 0)
        return max(0, most - taken + files)
    return None
