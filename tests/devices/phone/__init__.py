"""A phone made of files: Android's commands, frequencies and sensors, whose state one sees.

``environment`` and ``wrapper`` put it under any command of this machine, and so under a
device daemon: the commands come first on the path, and the folders of ``/sys`` are mounted
for the command alone.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.tools import missing, program

__all__ = ["FakePhone", "require_mounts"]

_BIN = Path(__file__).parent / "bin"
_MOUNT = """\
mount --bind "$1" /sys/devices/system/cpu && mount --bind "$2" /sys/class || exit 125
[ "$3" = rw ] || mount -o remount,bind,ro /sys/devices/system/cpu || exit 125
shift 3
exec "$@"
"""
_PROPERTIES = {
    "ro.product.manufacturer": "Example",
    "ro.product.model": "Phone 1",
    "ro.product.cpu.abi": "arm64-v8a",
    "ro.board.platform": "example",
    "ro.build.version.release": "11",
    "ro.build.version.sdk": "30",
    "ro.serialno": "made-up-1",
}
_STEPS = (300000, 576000, 998400, 1209600, 1785600)
_BATTERY = """\
Current Battery Service state:
  AC powered: false
  USB powered: true
  Wireless powered: false
  level: {percent}
  scale: 100
  temperature: {tenths}
"""


def _unshare() -> list[str]:
    own = [] if os.geteuid() == 0 else ["-r"]
    return [program("unshare"), *own, "-m", "sh", "-c"]


def require_mounts() -> None:
    """Proves that folders can be mounted for one command alone, which a phone needs."""
    argv = [*_unshare(), "mount --bind /tmp /sys/class"]
    if subprocess.run(argv, check=False, capture_output=True).returncode != 0:
        missing("nothing can be mounted here")


@dataclass(frozen=True, kw_only=True, slots=True)
class FakePhone:
    """A phone.

    Args:
        state: Folder of everything it knows, made by `make`.
        frequencies_writable: Whether anybody may set frequencies.
    """

    state: Path
    frequencies_writable: bool = True

    @classmethod
    def make(
        cls,
        state: Path,
        *,
        cores: int | None = None,
        frequencies_writable: bool = True,
        properties: Mapping[str, str] | None = None,
    ) -> FakePhone:
        """A cool phone at rest; its cores are as many as this machine's if nothing is said."""
        phone = cls(state=state, frequencies_writable=frequencies_writable)
        said = {**_PROPERTIES, **(properties or {})}
        phone._write("properties", "".join(f"{n}={v}\n" for n, v in said.items()))
        phone._write("user", "0\n")
        count = cores or os.cpu_count() or 1
        for name in ("online", "present", "possible"):
            phone._write(f"cpu/{name}", f"0-{count - 1}\n")
        for core in range(count):
            phone._policy(core)
        phone.heats_to(celsius=38.0, battery_c=31.0, status=0)
        return phone

    def _policy(self, core: int) -> None:
        """Each core is a policy of its own, and has its files under both names."""
        files = {
            "scaling_governor": "schedutil",
            "scaling_available_governors": "schedutil performance powersave",
            "scaling_min_freq": str(_STEPS[0]),
            "scaling_max_freq": str(_STEPS[-1]),
            "scaling_available_frequencies": " ".join(map(str, _STEPS)),
            "cpuinfo_min_freq": str(_STEPS[0]),
            "cpuinfo_max_freq": str(_STEPS[-1]),
        }
        for name, text in files.items():
            self._write(f"cpu/cpufreq/policy{core}/{name}", f"{text}\n")
        policy = self.state / f"cpu/cpufreq/policy{core}"
        # It always runs as fast as it may.
        (policy / "scaling_cur_freq").symlink_to("scaling_max_freq")
        (self.state / f"cpu/cpu{core}").mkdir()
        (self.state / f"cpu/cpu{core}/cpufreq").symlink_to(f"../cpufreq/policy{core}")

    def heats_to(self, *, celsius: float, battery_c: float, status: int) -> None:
        """Sets what the sensors say."""
        self._write("class/thermal/thermal_zone0/type", "cpu-0-0-usr\n")
        self._write("class/thermal/thermal_zone0/temp", f"{celsius * 1000:.0f}\n")
        self._write("thermalservice", f"IsStatusOverride: false\nThermal Status: {status}\n")
        self._write("battery", _BATTERY.format(percent=85, tenths=round(battery_c * 10)))

    def refuses(self, what: str) -> None:
        """From now on: ``settings-put``, ``settings-get``, ``fixed-performance``."""
        self._write(f"refuses/{what}", "")

    def obeys(self, what: str) -> None:
        """No longer refuses it."""
        (self.state / "refuses" / what).unlink()

    def put(self, setting: str, value: str) -> None:
        """Sets one of its global settings."""
        self._write(f"settings/global/{setting}", f"{value}\n")

    def changeable(self) -> dict[str, str]:
        """Everything that settings change, by file."""
        policies = self.state / "cpu/cpufreq"
        files = [
            *(policies.glob("*/scaling_governor")),
            *(policies.glob("*/scaling_m??_freq")),
            *(self.state.glob("settings/*/*")),
            *(self.state.glob("fixed_performance")),
        ]
        found = {str(file.relative_to(self.state)): file.read_text().strip() for file in files}
        # Never set, and set to off, are the same.
        return {name: text for name, text in sorted(found.items()) if text != "false"}

    @property
    def environment(self) -> Mapping[str, str]:
        """Variables that its commands need."""
        return {"PHONE_STATE": str(self.state), "PATH": f"{_BIN}:{os.environ['PATH']}"}

    @property
    def wrapper(self) -> Sequence[str]:
        """Program and arguments in front of a command that runs on it."""
        mode = "rw" if self.frequencies_writable else "ro"
        folders = [str(self.state / "cpu"), str(self.state / "class")]
        return [*_unshare(), _MOUNT, "sh", *folders, mode]

    def _write(self, name: str, text: str) -> None:
        path = self.state / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
