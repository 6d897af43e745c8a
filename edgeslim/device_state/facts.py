"""Facts that a device reports of itself: system, processor, cores, serial number.

One script prints them all, since a round trip to a phone takes as long as a measurement. Later
readers of a table know the hardware by one line, which therefore stays the same as long as the
hardware does: it has no versions, frequencies or temperatures.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edgeslim.device_state.conditions import count_cores
from edgeslim.device_state.processors import core_name
from edgeslim.targets import Kernels
from edgeslim.transports import Transport

__all__ = ["DeviceFacts", "device_facts", "parse_facts"]

_TIMEOUT_S = 40
_PROPERTIES = (
    "ro.product.manufacturer",
    "ro.product.model",
    "ro.product.cpu.abi",
    "ro.soc.model",
    "ro.board.platform",
    "ro.build.version.release",
    "ro.build.version.sdk",
    "ro.serialno",
)
_CPUINFO = "cpuinfo:"
# Each fact is on a line of its own, and missing where it is not known. Texts of the device tree
# end with a zero byte.
_SCRIPT = f"""\
exec 2>/dev/null
say() {{ [ -n "$2" ] && echo "$1=$2"; }}
say machine "$(uname -m)"
say kernel "$(uname -s)"
c=/sys/devices/system/cpu
for f in $c/present $c/cpu[0-9]*/cpufreq/cpuinfo_max_freq
do v=; [ -r "$f" ] && read -r v <"$f"; say "$f" "$v"; done
d=/proc/device-tree
[ -r $d/model ] && say model "$(tr -d '\\000' <$d/model)"
[ -r $d/serial-number ] && say serial "$(tr -d '\\000' <$d/serial-number)"
[ -r $d/compatible ] && say compatible "$(tr '\\000' ' ' <$d/compatible)"
for f in /lib/ld-linux-armhf.so.3 /lib/ld-musl-armhf.so.1; do [ -e $f ] && say hard_float yes; done
[ -r /proc/meminfo ] && read -r name kilobytes unit </proc/meminfo && say memory "$kilobytes"
if command -v getprop >/dev/null
then say android yes; for p in {" ".join(_PROPERTIES)}; do say $p "$(getprop $p)"; done
else
b=$(getconf LONG_BIT)
# Small systems have no getconf; the fifth byte of any of their programs has it too.
[ -z "$b" ] && [ "$(head -c 5 /proc/self/exe | tail -c 1)" = "$(printf '\\001')" ] && b=32
say bits "$b"
say glibc "$(getconf GNU_LIBC_VERSION)"
say usable "$(unset OMP_NUM_THREADS OMP_THREAD_LIMIT; nproc)"
fi
if [ "$(uname -s)" = Darwin ]
then for n in hw.ncpu hw.memsize kern.osproductversion; do say $n "$(sysctl -n $n)"; done
fi
if [ -r /proc/cpuinfo ]
then echo {_CPUINFO}; cat /proc/cpuinfo
fi
exit 0
"""

_ANDROID_ABIS = {"arm64-v8a": "armv8", "armeabi-v7a": "armv7", "x86_64": "x86-64", "x86": "x86"}

_KERNELS = {
    "arm64": Kernels.ARMV8,
    "armv7": Kernels.ARMV7,
    "armv8": Kernels.ARMV8,
    "x86-64": Kernels.X86,
}
"""Kernels of Paddle-Lite by the start of a device's ABI."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DeviceFacts:
    """Facts that a device reports of itself; what it does not report is empty.

    Args:
        hardware: One line that is the same for all devices of its kind.
        system: ``android``, ``linux`` or ``ios``.
        machine: Its processor's architecture, as ``uname -m`` has it.
        abi: Kind of programs it runs: ``armv8``, ``armv7hf``, ``armv7``, ``x86-64``, ``arm64``.
        cores: Number of cores, those that are switched off too; 0 is not known.
        usable_cores: Number of cores that our programs may run on; 0 is not known.
        clusters: Texts of cores of one kind, such as ``4 x Cortex-A55 at 1.80 GHz``.
        unit: Serial number of the device.
        model: Name that it is sold under.
        android: Version of Android, such as ``12``.
        api: Level of Android's interface; 0 if it is no Android device.
        memory_mb: Memory in MB; 0 is not known.
        glibc: Version of its C library, if that is glibc.
        has_fp16: Whether all its cores compute in 16-bit floats; None is not known.
    """

    hardware: str
    system: str
    machine: str
    abi: str
    cores: int = 0
    usable_cores: int = 0
    clusters: tuple[str, ...] = ()
    unit: str = ""
    model: str = ""
    android: str = ""
    api: int = 0
    memory_mb: int = 0
    glibc: str = ""
    has_fp16: bool | None = None

    @property
    def kernels(self) -> frozenset[Kernels]:
        """Kernels of Paddle-Lite that its programs have; empty if its ABI is not known."""
        return frozenset(
            kernels for start, kernels in _KERNELS.items() if self.abi.startswith(start)
        )

    @property
    def runner_target(self) -> str:
        """Its name for ``edgeslim runner build --target``, such as ``android-armv8``."""
        return f"{self.system}-{self.abi}"


def device_facts(transport: Transport) -> DeviceFacts:
    """Reads the facts of a device in one round trip.

    Raises:
        LinkError: The device is not reachable.
        ProgramError: It has no shell, or does not answer.
    """
    output = transport.run(["sh", "-c", _SCRIPT], timeout_s=_TIMEOUT_S).output
    return parse_facts(output.decode(errors="replace"))


def parse_facts(text: str) -> DeviceFacts:
    """The facts from lines of ``name=value``, followed by ``/proc/cpuinfo``."""
    head, _, processors = text.partition(f"{_CPUINFO}\n")
    said = {
        name: " ".join(value.split())
        for name, found, value in (line.partition("=") for line in head.splitlines())
        if found
    }
    info = _cpuinfo(processors)
    if said.get("android"):
        return _android(said, info)
    if said.get("kernel") == "Darwin":
        return _ios(said)
    return _linux(said, info)


def _cpuinfo(text: str) -> dict[str, list[str]]:
    """Values of each field of ``/proc/cpuinfo``, one for each core."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        name, _, value = line.partition(":")
        found.setdefault(name.strip(), []).append(value.strip())
    return found


def _android(said: Mapping[str, str], info: Mapping[str, Sequence[str]]) -> DeviceFacts:
    maker, sold_as = said.get("ro.product.manufacturer", ""), said.get("ro.product.model", "")
    if not sold_as.lower().startswith(maker.lower()):
        sold_as = f"{maker[:1].upper()}{maker[1:]} {sold_as}"
    sold_as = sold_as.strip()
    chip = said.get("ro.soc.model") or _chip(info) or said.get("ro.board.platform")
    cores = _cores(said, info)
    abi = said.get("ro.product.cpu.abi", "")
    return DeviceFacts(
        hardware=_line(sold_as or "unknown phone", chip, cores),
        system="android",
        machine=said.get("machine", ""),
        abi=_ANDROID_ABIS.get(abi, abi),
        cores=cores,
        clusters=_clusters(said, info),
        unit=said.get("ro.serialno", ""),
        model=sold_as,
        android=said.get("ro.build.version.release", ""),
        api=_number(said.get("ro.build.version.sdk")),
        has_fp16=_has_fp16(info),
        memory_mb=_number(said.get("memory")) // 1024,
    )


def _chip(info: Mapping[str, Sequence[str]]) -> str:
    """The chip in cpuinfo, such as SM8150; before Android 12 nothing else names it."""
    match = re.search(r"([A-Za-z]+) ?(\d{3}\w*)", " ".join(info.get("Hardware", [])[:1]))
    return match[1] + match[2] if match else ""


def _ios(said: Mapping[str, str]) -> DeviceFacts:
    """Facts of an iPhone, which has neither /proc nor properties; its machine names its kind."""
    machine, cores = said.get("machine", ""), _number(said.get("hw.ncpu"))
    return DeviceFacts(
        hardware=_line(f"Apple {machine}", None, cores),
        system="ios",
        machine=machine,
        abi="arm64",
        cores=cores,
        model=machine,
        memory_mb=_number(said.get("hw.memsize")) // 2**20,
    )


def _linux(said: Mapping[str, str], info: Mapping[str, Sequence[str]]) -> DeviceFacts:
    machine = said.get("machine", "")
    names = dict.fromkeys(
        value for field in ("model name", "Hardware") for value in info.get(field, [])
    )
    board = said.get("model", "")
    if _is_arm(machine):
        cores = _cores(said, info)
        # The last name of the tree is the chip's: "asus,rk3288-tinker rockchip,rk3288".
        chip = said.get("compatible", "").split(" ")[-1].partition(",")[2].upper()
        kinds = dict.fromkeys(filter(None, _core_names(info)))
        hardware = _line(board or ", ".join(kinds or names) or "unknown processor", chip, cores)
    else:
        cores = len(info.get("processor", []))
        hardware = _line(", ".join(names) or "unknown processor", None, cores)
    return DeviceFacts(
        hardware=hardware,
        system="linux",
        machine=machine,
        abi=_linux_abi(said),
        cores=cores,
        usable_cores=_number(said.get("usable")),
        clusters=_clusters(said, info),
        unit=said.get("serial") or (info.get("Serial") or [""])[0],
        model=board,
        memory_mb=_number(said.get("memory")) // 1024,
        has_fp16=_has_fp16(info),
        glibc=said.get("glibc", "").removeprefix("glibc "),
    )


def _linux_abi(said: Mapping[str, str]) -> str:
    """ABI of a Linux system; boards often run a system of 32 bits on a kernel of 64."""
    machine = said.get("machine", "")
    if machine == "x86_64":
        return "x86-64"
    if machine == "aarch64" and said.get("bits") != "32":
        return "armv8"
    if machine.startswith("armv6") or not _is_arm(machine):
        return machine
    return "armv7hf" if said.get("hard_float") else "armv7"


def _is_arm(machine: str) -> bool:
    return machine.startswith(("arm", "aarch64"))


def _line(name: str, chip: str | None, cores: int) -> str:
    said = [name]
    if chip and chip.lower() not in name.lower():
        said.append(chip)
    return ", ".join([*said, f"{cores} cores"])


def _number(text: str | None) -> int:
    return int(text) if text and re.fullmatch(r"\d{1,18}", text) else 0


def _has_fp16(info: Mapping[str, Sequence[str]]) -> bool | None:
    """Whether all cores compute with vectors of 16-bit floats, which Armv8.2 may have.

    None if that is not known: a system of 32 bits shows ``neon`` whatever the processor has.
    """
    features = [set(text.split()) for text in info.get("Features", [])]
    if features and all("asimdhp" in core for core in features):
        return True
    return False if any("asimd" in core for core in features) else None


def _cores(said: Mapping[str, str], info: Mapping[str, Sequence[str]]) -> int:
    """Number of cores; cpuinfo leaves out those that a phone has switched off."""
    return count_cores(said.get("/sys/devices/system/cpu/present", "")) or len(
        info.get("processor", [])
    )


def _core_names(info: Mapping[str, Sequence[str]]) -> list[str]:
    """Names of the cores in the order of ``/proc/cpuinfo``; empty where one is not known."""
    return [
        core_name(maker, part)
        for maker, part in zip(
            info.get("CPU implementer", []), info.get("CPU part", []), strict=False
        )
    ]


def _clusters(said: Mapping[str, str], info: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Texts of cores of the same kind and frequency, in their order."""
    full = {
        int(match[1]): _number(value)
        for match, value in (
            (re.fullmatch(r"/sys/devices/system/cpu/cpu(\d+)/cpufreq/cpuinfo_max_freq", name), v)
            for name, v in said.items()
        )
        if match
    }
    numbers = [_number(text) for text in info.get("processor", [])]
    names = dict(zip(numbers, _core_names(info), strict=False))
    counts: dict[str, int] = {}
    for core in sorted({*full, *names}):
        speed = f"{full[core] / 1e6:.2f} GHz" if full.get(core) else ""
        kind = " at ".join(filter(None, [names.get(core, ""), speed]))
        counts[kind] = counts.get(kind, 0) + 1
    return tuple(f"{count} x {kind}" for kind, count in counts.items() if kind)
