"""What devices print, as far as we know it, for tests of what is made of it."""

from __future__ import annotations

CPU = "/sys/devices/system/cpu"


ARMV8 = "fp asimd evtstrm aes"
ARMV82 = f"{ARMV8} atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp"


def _cores(parts: list[tuple[str, str]], features: str = ARMV8) -> str:
    return "\n".join(
        f"processor\t: {number}\nBogoMIPS\t: 38.40\nFeatures\t: {features}\n"
        f"CPU implementer\t: {maker}\nCPU architecture: 8\nCPU variant\t: 0xd\n"
        f"CPU part\t: {part}\nCPU revision\t: 14\n"
        for number, (maker, part) in enumerate(parts)
    )


def _frequencies(kilohertz: list[int]) -> str:
    return "".join(
        f"{CPU}/cpu{core}/cpufreq/cpuinfo_max_freq={value}\n"
        for core, value in enumerate(kilohertz)
    )


PIXEL_4 = (
    f"machine=aarch64\nkernel=Linux\n{CPU}/present=0-7\n"
    + _frequencies([1785600] * 4 + [2419200] * 3 + [2841600])
    + """\
memory=5730612
android=yes
ro.product.manufacturer=Google
ro.product.model=Pixel 4
ro.product.cpu.abi=arm64-v8a
ro.board.platform=msmnile
ro.build.version.release=11
ro.build.version.sdk=30
ro.serialno=99161FFAZ0045K
cpuinfo:
Processor\t: AArch64 Processor rev 14 (aarch64)
"""
    + _cores([("0x51", "0x805")] * 4 + [("0x51", "0x804")] * 4, ARMV82)
    + "\nHardware\t: Qualcomm Technologies, Inc SM8150\n"
)

# Two of four cores are switched off, as such phones do when there is nothing to do.
OLD_PHONE = f"""\
machine=armv7l
kernel=Linux
{CPU}/present=0-3
{CPU}/cpu0/cpufreq/cpuinfo_max_freq=2265600
{CPU}/cpu1/cpufreq/cpuinfo_max_freq=2265600
memory=1898996
android=yes
ro.product.manufacturer=LGE
ro.product.model=Nexus 5
ro.product.cpu.abi=armeabi-v7a
ro.board.platform=msm8974
ro.build.version.release=6.0.1
ro.build.version.sdk=23
ro.serialno=0123456789abcdef
cpuinfo:
processor\t: 0
model name\t: ARMv7 Processor rev 0 (v7l)
BogoMIPS\t: 38.40
CPU implementer\t: 0x51
CPU architecture: 7
CPU variant\t: 0x2
CPU part\t: 0x06f
CPU revision\t: 0

processor\t: 1
model name\t: ARMv7 Processor rev 0 (v7l)
BogoMIPS\t: 38.40
CPU implementer\t: 0x51
CPU architecture: 7
CPU variant\t: 0x2
CPU part\t: 0x06f
CPU revision\t: 0

Hardware\t: Qualcomm MSM 8974 HAMMERHEAD (Flattened Device Tree)
Revision\t: 000b
Serial\t\t: 0000000000000000
"""

TINKER_BOARD = (
    f"""\
machine=armv7l
kernel=Linux
{CPU}/present=0-3
{CPU}/cpu0/cpufreq/cpuinfo_max_freq=1800000
{CPU}/cpu1/cpufreq/cpuinfo_max_freq=1800000
{CPU}/cpu2/cpufreq/cpuinfo_max_freq=1800000
{CPU}/cpu3/cpufreq/cpuinfo_max_freq=1800000
model=Rockchip RK3288 Asus Tinker Board
compatible=asus,rk3288-tinker rockchip,rk3288
hard_float=yes
memory=2042552
bits=32
cpuinfo:
"""
    + "\n".join(
        f"processor\t: {core}\nmodel name\t: ARMv7 Processor rev 1 (v7l)\nBogoMIPS\t: 48.00\n"
        "CPU implementer\t: 0x41\nCPU architecture: 7\nCPU variant\t: 0x0\nCPU part\t: 0xc0d\n"
        "CPU revision\t: 1\n"
        for core in range(4)
    )
    + """
Hardware\t: Rockchip (Device Tree)
Revision\t: 0000
Serial\t\t: 6c3b9e7a41a0d2f5
"""
)

RASPBERRY_PI = (
    f"machine=aarch64\nkernel=Linux\n{CPU}/present=0-3\n"
    + _frequencies([1500000] * 4)
    + """\
model=Raspberry Pi 4 Model B Rev 1.2
serial=10000000a1b2c3d4
compatible=raspberrypi,4-model-b brcm,bcm2711
memory=3884360
bits=64
cpuinfo:
"""
    + _cores([("0x41", "0xd08")] * 4)
    + "\nRevision\t: c03112\nSerial\t\t: 10000000a1b2c3d4\n"
)

IPHONE_X = """\
machine=iPhone10,3
kernel=Darwin
hw.ncpu=6
hw.memsize=3113353216
kern.osproductversion=14.2
"""

WORKSTATION = f"""\
machine=x86_64
kernel=Linux
{CPU}/present=0-1
memory=8039876
bits=64
cpuinfo:
""" + "\n".join(
    f"processor\t: {core}\nvendor_id\t: AuthenticAMD\ncpu family\t: 25\n"
    "model name\t: AMD EPYC 7763 64-Core Processor\ncpu MHz\t\t: 2445.424\n"
    for core in range(2)
)

SERVER = f"machine=aarch64\nkernel=Linux\n{CPU}/present=0-1\nbits=64\ncpuinfo:\n" + _cores(
    [("0x41", "0xd0c")] * 2, ARMV82
)
