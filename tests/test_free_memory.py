"""Tests of how much memory a process can still take."""

from __future__ import annotations

from pathlib import Path

from edgeslim.free_memory import free_memory_bytes

_MACHINE = "MemTotal: 8000 kB\nMemAvailable: 3000 kB\nSwapTotal: 900 kB\nSwapFree: 500 kB\n"


def _files(folder: Path, machine: str, group: str, limits: dict[str, str]) -> tuple[Path, ...]:
    (folder / "meminfo").write_text(machine)
    (folder / "cgroup").write_text(group)
    for name, text in limits.items():
        file = folder / "groups" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder / "meminfo", folder / "cgroup", folder / "groups"


def test_swap_counts(tmp_path: Path) -> None:
    assert free_memory_bytes(*_files(tmp_path, _MACHINE, "", {})) == 3500 * 1024


def test_limit_of_a_container_counts_without_pages_of_files(tmp_path: Path) -> None:
    limits = {
        "memory.max": "max\n",
        "memory.current": "7000\n",
        "a/memory.max": "1000000\n",
        "a/memory.current": "400000\n",
        "a/memory.stat": "anon 300000\ninactive_file 60000\nactive_file 40000\n",
        "a/b/memory.max": "max\n",
        "a/b/memory.current": "400000\n",
    }
    assert free_memory_bytes(*_files(tmp_path, _MACHINE, "0::/a/b\n", limits)) == 700_000


def test_limit_of_the_first_version_counts(tmp_path: Path) -> None:
    limits = {
        "memory/memory.limit_in_bytes": "500000\n",
        "memory/memory.usage_in_bytes": "600000\n",
    }
    assert free_memory_bytes(*_files(tmp_path, _MACHINE, "4:memory:/x\n", limits)) == 0


def test_system_that_says_nothing_is_unknown(tmp_path: Path) -> None:
    assert free_memory_bytes(tmp_path / "none", tmp_path / "none", tmp_path) is None


def test_this_machine_has_some() -> None:
    free = free_memory_bytes()
    assert free is None or free > 0
