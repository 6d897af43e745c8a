"""Tables of new devices on this machine, for `transfer.py`: threads, programs, runtimes."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
from prediction import built, measure

from edgeslim.cli.progress import terminal_progress
from edgeslim.conversion.prepare import prepare_layer
from edgeslim.device import DeviceChoice
from edgeslim.engines import ENGINES
from edgeslim.engines._conversion import convert_by_road
from edgeslim.latency_table import LatencyTable
from edgeslim.measuring.device_session import open_device
from edgeslim.runner.build import build_runner
from edgeslim.tables.import_table import TableOrigin, import_table

if TYPE_CHECKING:
    from network_families import Network

__all__ = ["NEW_DEVICES", "native_device"]

RUNS = 30
PROFILE_ONNX = Path(__file__).with_name("profile_onnx.py")
NATIVE = """\
name = "native"
summary = "this machine, with the runner in C++"
transport = "local"
target = "x86"
runner = "native"
swept_mb = [0, 8, 24, 64]
"""

Networks = Mapping[str, "Network"]


def measure_two_threads(path: Path, named: Networks) -> None:
    """Paddle-Lite with two threads."""
    _measure(path, named, DeviceChoice(name="host", threads=2))


def measure_native(path: Path, named: Networks) -> None:
    """Paddle-Lite, called by the program in C++ in place of the one in Python."""
    path = path.resolve()
    with TemporaryDirectory() as folder:
        _measure(path, named, native_device(Path(folder)))


def native_device(folder: Path) -> DeviceChoice:
    """This machine with the program in C++, which is built in a folder; commands run there then."""
    # Profiles and runners are looked for in the folder that commands run in, among others.
    folder.mkdir(parents=True, exist_ok=True)
    os.chdir(folder)
    Path("device_profiles").mkdir(exist_ok=True)
    Path("device_profiles/native.toml").write_text(NATIVE)
    if not Path("runners/linux-x86-64").exists():
        build_runner("linux-x86-64")
    return DeviceChoice(name="native")


def _measure(path: Path, named: Networks, choice: DeviceChoice) -> None:
    session = open_device(choice)
    with TemporaryDirectory() as scratch:
        measure(
            session, LatencyTable.open(path, session.context()), built(dict(named), Path(scratch))
        )


def measure_onnxruntime(path: Path, named: Networks) -> None:
    """ONNX Runtime with one thread, by its own profiler, as a stranger's device is imported."""
    python = os.environ["EDGESLIM_ONNXRUNTIME_PYTHON"]
    (road, *_) = ENGINES.get("onnxruntime").roads
    profiles, models, times = [], [], ["name,time,unit,spread,count"]
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        with terminal_progress().stage("networks profiled", len(named)) as stage:
            for name, network in named.items():
                shape = (1, 3, network.side, network.side)
                prepared = prepare_layer(network.build(), shape, folder / name / "m", name=name)
                output = folder / "onnx" / name / name
                made = convert_by_road(prepared, road, output, title="ONNX Runtime", extra="onnx")
                command = [python, str(PROFILE_ONNX), made.files[0], str(folder / name / "profile")]
                done = subprocess.run(
                    [*command, str(network.side), str(RUNS)],
                    check=True,
                    capture_output=True,
                    text=True,
                )
                found = json.loads(done.stdout.splitlines()[-1])
                samples_ns = np.array(found["samples_ns"])
                profiles.append(Path(found["profile"]))
                models.append(Path(made.files[0]))
                middle = np.median(samples_ns)
                times.append(f"{name},{middle:.0f},ns,{samples_ns.std():.0f},{RUNS}")
                stage.advance()
        network_times = folder / "times.csv"
        network_times.write_text("\n".join(times) + "\n")
        imported = import_table(
            profiles,
            "onnxruntime-profile",
            path,
            origin=TableOrigin(
                device="onnxruntime",
                threads=1,
                models=tuple(models),
                network_times=network_times,
                source="benchmarks/new_devices.py",
            ),
        )
    print(*imported.notes, sep="\n")


NEW_DEVICES: dict[str, Callable[[Path, Networks], None]] = {
    "two-threads": measure_two_threads,
    "native": measure_native,
    "onnxruntime": measure_onnxruntime,
}
"""How each new device is measured, by the name that `transfer.py` takes."""
