"""Targets that the native runner can be built for, with what each of them needs.

Compilers and flags are those of Paddle-Lite's own demos (``lite/demo/cxx``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

__all__ = ["BUILD_TARGETS", "LIBRARY", "RELEASE", "BuildTarget", "Kit"]

RELEASE = "v2.13-rc"
"""Release of Paddle-Lite that models are converted for; libraries of others refuse them."""

LIBRARY = "libpaddle_light_api_shared.so"
"""The shared library of every package for Android and Linux."""

_STATIC_LIBRARY = "libpaddle_api_light_bundled.a"


class Kit(str, Enum):
    """Where a target's compiler comes from."""

    NDK = "Android's NDK"
    GCC = "a distribution's g++"
    XCODE = "Xcode"
    WHEEL = "a distribution's g++, with the library of Python's wheel"


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildTarget:
    """One kind of device that the native runner is built for.

    Args:
        machine: Processor of the device, as printed by ``uname -m``.
        kit: Where its compiler comes from.
        compiler: Name of the compiler; for the NDK, the start of its name.
        install: Command that installs the compiler.
        package: Release package of Paddle-Lite with the headers and the library.
        library: Name of Paddle-Lite's library in it.
        elf_machine: Number of the processor in the library's header; 0 if it has no such header.
        flags: Options of the compiler for this target.
        libraries: Options for what is linked beside Paddle-Lite's library.
        one_thread: Whether its libraries run models with one thread only.
        note: What else the user has to do.
    """

    machine: str
    kit: Kit
    compiler: str
    package: str
    elf_machine: int
    install: str = ""
    library: str = LIBRARY
    flags: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    one_thread: bool = False
    note: str = ""


_ANDROID = ("-fPIE", "-pie", "-Wl,--gc-sections", "-fopenmp", "-static-openmp")
_ANDROID_LIBRARIES = ("-llog", "-latomic", "-ldl", "-lz", "-pthread", "-static-libstdc++")
_LINUX = (
    "-ldl",
    "-pthread",
    # Boards have older libraries of C++ than the machine that compiles; what is linked in
    # stays hidden, for Paddle-Lite's library uses the board's own.
    "-static-libstdc++",
    "-static-libgcc",
    "-Wl,--exclude-libs,ALL",
    # Code of it that nothing calls would need a newer system.
    "-Wl,--gc-sections",
    "-Wl,--allow-shlib-undefined",
)

BUILD_TARGETS: Mapping[str, BuildTarget] = {
    "android-armv8": BuildTarget(
        machine="aarch64",
        kit=Kit.NDK,
        compiler="aarch64-linux-android",
        package="inference_lite_lib.android.armv8.clang.c++_static.with_extra",
        elf_machine=183,
        flags=_ANDROID,
        libraries=_ANDROID_LIBRARIES,
    ),
    "android-armv7": BuildTarget(
        machine="armv7l",
        kit=Kit.NDK,
        compiler="armv7a-linux-androideabi",
        package="inference_lite_lib.android.armv7.clang.c++_static.with_extra",
        elf_machine=40,
        flags=("-march=armv7-a", "-mthumb", "-mfpu=neon", "-mfloat-abi=softfp", *_ANDROID),
        libraries=_ANDROID_LIBRARIES,
        # Paddle-Lite leaves OpenMP out when clang compiles it for armv7; gcc's packages have it.
        one_thread=True,
    ),
    "linux-armv7hf": BuildTarget(
        machine="armv7l",
        kit=Kit.GCC,
        compiler="arm-linux-gnueabihf-g++",
        install="apt install g++-arm-linux-gnueabihf",
        package="inference_lite_lib.armlinux.armv7hf.gcc.with_extra",
        elf_machine=40,
        flags=("-Wno-psabi",),  # g++ warns of a change in GCC 7.1, and everything here is newer
        libraries=_LINUX,
    ),
    "linux-armv8": BuildTarget(
        machine="aarch64",
        kit=Kit.GCC,
        compiler="aarch64-linux-gnu-g++",
        install="apt install g++-aarch64-linux-gnu",
        package="inference_lite_lib.armlinux.armv8.gcc.with_extra",
        elf_machine=183,
        libraries=_LINUX,
    ),
    "ios-arm64": BuildTarget(
        machine="arm64",
        kit=Kit.XCODE,
        compiler="clang++",
        package="inference_lite_lib.ios.armv8.with_extra.tiny_publish",
        library=_STATIC_LIBRARY,
        elf_machine=0,
        flags=("-arch", "arm64", "-miphoneos-version-min=9.0", "-DEDGESLIM_STATIC_LIGHT_API"),
        one_thread=True,
        note="an iPhone runs it once it is signed: ldid -S edgeslim_runner",
    ),
    "linux-x86-64": BuildTarget(
        machine="x86_64",
        kit=Kit.WHEEL,
        compiler="g++",
        install="apt install g++",
        package="the wheel paddlelite==2.13rc0",
        library="lite.so",
        elf_machine=62,
        flags=("-DEDGESLIM_OWN_LIGHT_API",),
        # The wheel's library is a module of Python's and wants the rest of it.
        libraries=("-ldl", "-pthread", "-Wl,--allow-shlib-undefined"),
    ),
}
"""All targets of ``edgeslim runner build``, by name."""
