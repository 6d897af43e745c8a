"""fp16 that a device has no kernels of is said before anything is converted for it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from edgeslim.companion import lite_python
from edgeslim.conversion.model_source import SavedModel
from edgeslim.conversion.prepare import PreparedModel, prepare
from edgeslim.deployment.variants import convert_variants
from edgeslim.device import Location, load_device
from edgeslim.device_state.facts import DeviceFacts, parse_facts
from edgeslim.errors import ProgramNotFoundError
from edgeslim.execution import Precision
from edgeslim.measuring.device_session import DeviceSession
from edgeslim.measuring.fp16_support import check_precision
from edgeslim.paddle_io.export import export_layer
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.runner.build import PROGRAM, BuiltRunner
from edgeslim.runner.build_targets import LIBRARY
from edgeslim.runner.runners import NativeRunner, PythonRunner, Runner
from edgeslim.transports import TRANSPORTS
from tests.device_state import said

BUILD = (
    "build Paddle-Lite v2.13-rc with --with_arm82_fp16=ON, and the runner with it: "
    "edgeslim runner build --target linux-armv8 --sdk DIR, or leave fp16 out"
)
WITH_HALVES = b"\0fp32_to_fp16\0"


def session(runner: Runner, facts: DeviceFacts) -> DeviceSession:
    profile = load_device("rk3288")
    return DeviceSession(
        profile=profile,
        execution=profile.execution(),
        runner=runner,
        facts=facts,
        library_version="v2.13-rc",
    )


def native(folder: Path, library: bytes) -> NativeRunner:
    """A runner whose library is of some bytes."""
    (folder / PROGRAM).write_bytes(b"")
    (folder / LIBRARY).write_bytes(library)
    built = BuiltRunner(
        target="linux-armv8", machine="aarch64", sha256="", files=(PROGRAM, LIBRARY)
    )
    transport = TRANSPORTS.get("local")(Location())
    return NativeRunner(transport=transport, folder=folder, built=built, threads=1)


def test_a_library_without_such_kernels_is_said_with_what_brings_them(tmp_path: Path) -> None:
    plain = session(native(tmp_path, b""), parse_facts(said.SERVER))
    expected = f"the library of Paddle-Lite for rk3288 has no fp16 kernels; {BUILD}"
    with pytest.raises(ProgramNotFoundError, match=re.escape(expected)):
        check_precision(plain, Precision.FP16)
    check_precision(plain, Precision.FP32)


def test_a_processor_that_does_not_compute_in_halves_is_said(tmp_path: Path) -> None:
    runner = native(tmp_path, WITH_HALVES)
    check_precision(session(runner, parse_facts(said.SERVER)), Precision.FP16)
    expected = "the processor of rk3288 does not compute in fp16, which Armv8.2 brings (asimdhp); "
    with pytest.raises(ProgramNotFoundError, match=re.escape(f"{expected}leave fp16 out")):
        check_precision(session(runner, parse_facts(said.RASPBERRY_PI)), Precision.FP16)


@pytest.mark.slow
def test_what_neither_tells_is_tried() -> None:
    """On this machine, which has no kernels for Arm at all."""
    runner = PythonRunner(
        transport=TRANSPORTS.get("local")(Location()), python=str(lite_python()), threads=1
    )
    unknown = session(runner, parse_facts(said.SERVER))
    expected = (
        r"rk3288 does not run an operator in fp16: .* does not support it \(.+\); leave fp16 out$"
    )
    with pytest.raises(ProgramNotFoundError, match=expected):
        check_precision(unknown, Precision.FP16)


@pytest.fixture
def model(tmp_path: Path) -> PreparedModel:
    nn = load_paddle().nn
    export_layer(nn.Sequential(nn.Conv2D(3, 4, 3), nn.ReLU()), [(1, 3, 8, 8)], tmp_path / "net")
    return prepare(SavedModel.at(tmp_path / "net", name="net"), tmp_path / "prepared")


@pytest.mark.slow
def test_other_precisions_are_had_without_it(model: PreparedModel, tmp_path: Path) -> None:
    plain = session(native(tmp_path, b""), parse_facts(said.SERVER))
    asked = (Precision.FP32, Precision.FP16)
    ways, failed = convert_variants(model, asked, [plain], tmp_path)
    assert [way.precision for way in ways] == [Precision.FP32]
    (only,) = failed
    assert only.precision is Precision.FP16
    assert only.reason.endswith(BUILD)
    with pytest.raises(ProgramNotFoundError, match="no fp16 kernels"):
        convert_variants(model, asked[1:], [plain], tmp_path)
    armed = session(native(tmp_path, WITH_HALVES), parse_facts(said.SERVER))
    ways, failed = convert_variants(model, asked, [armed], tmp_path)
    assert ([way.precision for way in ways], failed) == ([*asked], [])
