"""What a device says it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeslim.device import Location
from edgeslim.device_state.facts import DeviceFacts, device_facts, parse_facts
from edgeslim.device_state.processors import core_name
from edgeslim.targets import Kernels
from edgeslim.transports import TRANSPORTS
from tests.device_state import said


@pytest.mark.parametrize(
    ("text", "hardware", "target", "cores", "clusters", "unit"),
    [
        (
            said.PIXEL_4,
            "Google Pixel 4, SM8150, 8 cores",
            "android-armv8",
            8,
            (
                "4 x Kryo 4xx Silver at 1.79 GHz",
                "3 x Kryo 4xx Gold at 2.42 GHz",
                "1 x Kryo 4xx Gold at 2.84 GHz",
            ),
            "99161FFAZ0045K",
        ),
        (
            said.OLD_PHONE,
            "LGE Nexus 5, MSM8974, 4 cores",
            "android-armv7",
            4,
            ("2 x Krait at 2.27 GHz",),
            "0123456789abcdef",
        ),
        (
            said.TINKER_BOARD,
            "Rockchip RK3288 Asus Tinker Board, 4 cores",
            "linux-armv7hf",
            4,
            ("4 x Cortex-A17 at 1.80 GHz",),
            "6c3b9e7a41a0d2f5",
        ),
        (
            said.RASPBERRY_PI,
            "Raspberry Pi 4 Model B Rev 1.2, BCM2711, 4 cores",
            "linux-armv8",
            4,
            ("4 x Cortex-A72 at 1.50 GHz",),
            "10000000a1b2c3d4",
        ),
        (said.IPHONE_X, "Apple iPhone10,3, 6 cores", "ios-arm64", 6, (), ""),
        (said.WORKSTATION, "AMD EPYC 7763 64-Core Processor, 2 cores", "linux-x86-64", 2, (), ""),
        (said.SERVER, "Neoverse-N1, 2 cores", "linux-armv8", 2, ("2 x Neoverse-N1",), ""),
    ],
)
def test_devices_say_what_they_are(  # noqa: PLR0917 - one column each
    text: str, hardware: str, target: str, cores: int, clusters: tuple[str, ...], unit: str
) -> None:
    found = parse_facts(text)
    assert found.hardware == hardware
    assert found.runner_target == target
    assert (found.cores, found.clusters, found.unit) == (cores, clusters, unit)


def test_a_phone_says_its_android_and_memory() -> None:
    found = parse_facts(said.PIXEL_4)
    assert (found.model, found.android, found.api) == ("Google Pixel 4", "11", 30)
    assert found.memory_mb == 5596


def test_newer_phones_name_their_chip_themselves() -> None:
    text = said.PIXEL_4.replace("ro.board", "ro.soc.model=SM8150-AC\nro.board")
    assert parse_facts(text).hardware == "Google Pixel 4, SM8150-AC, 8 cores"


def test_a_maker_that_is_in_the_models_name_is_said_once() -> None:
    text = said.PIXEL_4.replace("=Google", "=xiaomi").replace("=Pixel 4", "=Xiaomi Pad 5")
    assert parse_facts(text).hardware.startswith("Xiaomi Pad 5, ")
    text = said.PIXEL_4.replace("=Google", "=samsung").replace("=Pixel 4", "=SM-G973F")
    assert parse_facts(text).hardware.startswith("Samsung SM-G973F, ")


def test_a_system_of_32_bits_on_a_kernel_of_64() -> None:
    text = said.RASPBERRY_PI.replace("bits=64", "bits=32\nhard_float=yes")
    assert parse_facts(text).runner_target == "linux-armv7hf"


@pytest.mark.parametrize(
    ("machine", "target"),
    [("armv7l", "linux-armv7"), ("armv6l", "linux-armv6l"), ("riscv64", "linux-riscv64")],
)
def test_other_processors(machine: str, target: str) -> None:
    assert parse_facts(f"machine={machine}\nkernel=Linux\n").runner_target == target


@pytest.mark.parametrize(
    ("text", "kernels"),
    [
        (said.PIXEL_4, {Kernels.ARMV8}),
        (said.OLD_PHONE, {Kernels.ARMV7}),
        (said.TINKER_BOARD, {Kernels.ARMV7}),
        (said.RASPBERRY_PI, {Kernels.ARMV8}),
        (said.RASPBERRY_PI.replace("bits=64", "bits=32\nhard_float=yes"), {Kernels.ARMV7}),
        (said.IPHONE_X, {Kernels.ARMV8}),
        (said.WORKSTATION, {Kernels.X86}),
        ("machine=riscv64\nkernel=Linux\n", set()),
    ],
)
def test_kernels_are_those_of_the_programs_that_it_runs(text: str, kernels: set[Kernels]) -> None:
    assert parse_facts(text).kernels == kernels


@pytest.mark.parametrize(
    ("text", "known"),
    [
        (said.PIXEL_4, True),
        (said.PIXEL_4.replace("asimdhp", "", 1), False),  # of one core
        (said.SERVER, True),
        (said.RASPBERRY_PI, False),
        (said.TINKER_BOARD, None),
        (said.RASPBERRY_PI.replace(said.ARMV8, "half thumb neon vfpv4"), None),
        (said.IPHONE_X, None),
        (said.WORKSTATION, None),
    ],
)
def test_halves_are_computed_with_where_every_core_says_so(text: str, known: bool | None) -> None:
    assert parse_facts(text).has_fp16 is known


def test_the_old_android_of_a_board_without_a_name() -> None:
    found = parse_facts("machine=armv7l\nandroid=yes\nro.board.platform=rk3288\n")
    assert found.hardware == "unknown phone, rk3288, 0 cores"


@given(st.text() | st.lists(st.sampled_from(said.PIXEL_4.splitlines())).map("\n".join))
def test_nothing_that_is_said_is_an_error(text: str) -> None:
    assert isinstance(parse_facts(text), DeviceFacts)


def test_cores_that_are_not_known_have_no_name() -> None:
    assert core_name("0x41", "0xd03") == "Cortex-A53"
    assert core_name("0x41", "0xfff") == ""
    assert core_name("?", "") == ""


def test_this_machine_says_what_it_is() -> None:
    found = device_facts(TRANSPORTS.get("local")(Location()))
    assert found.system == "linux"
    assert found.cores >= 1
    assert found.memory_mb > 0
    assert found.hardware.endswith(f", {found.cores} cores")
