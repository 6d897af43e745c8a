"""How many pictures a second `evaluate` shows to a device, beside the bare runtime in one loop.

    PYTHONPATH=. .venv/bin/python benchmarks/evaluate.py [--images N] [--rounds N]

MobileNetV1 for ten classes at 32x32, and Fashion-MNIST. In each round the bare runtime runs all
pictures in one loop in one process (write the input, run, read the output), then each transport
evaluates a tenth of them and all of them: this machine, a real ssh server and a real adb server on
it. What the tenth takes is taken off, so that the rate is that of further pictures, with sending
them and fetching outputs, and without the start of the runner, which takes the same for any number.
Prints the median over rounds of that rate over that of the bare loop in the same round, and beside
it the rate with the start. On a machine that others keep busy both say little; so the last line
has, for this machine, the processor time of a further picture in the bare loop over that of an
evaluation, here and in the runner. Reading pictures and running Paddle are in none of them. Needs
the packages that tests need (scripts/system_packages), and the repository's folder on PYTHONPATH.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

import numpy as np
from machine import machine_line
from tabulate import tabulate

from edgeslim.companion import lite_python
from edgeslim.conversion.model_source import find_model
from edgeslim.conversion.prepare import PreparedModel, prepare
from edgeslim.deployment.models_under_test import model_under_test
from edgeslim.evaluating.device_runs import run_on_device
from edgeslim.evaluating.evaluate_on_device import SubjectOnDevice, evaluate_on_device
from edgeslim.evaluating.task_pictures import TaskPictures
from edgeslim.execution import Precision
from edgeslim.measuring.device_session import open_device
from edgeslim.models import MODELS
from edgeslim.paddle_io.export import export_layer
from edgeslim.paddle_io.importing import load_paddle
from tests.devices.adb_daemon import AdbDaemon
from tests.devices.adb_server import adb_server
from tests.devices.profiles import linked_profile
from tests.devices.ssh_server import ssh_server

SIDE = 32
GOALS = {"local": 0.9, "ssh": 0.7, "adb": 0.7}

BARE = """
import os, sys, time
import numpy
import paddlelite.lite as lite
os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
pictures = numpy.load(sys.argv[2])
if int(sys.argv[3]) > 0:
    pictures = pictures[: int(sys.argv[3])]
config = lite.MobileConfig()
config.set_model_from_file(sys.argv[1])
predictor = lite.create_paddle_predictor(config)
given = predictor.get_input(0)
given.from_numpy(pictures[0])
predictor.run()
started = time.perf_counter()
for picture in pictures:
    given.from_numpy(picture)
    predictor.run()
    predictor.get_output(0).numpy()
print(len(pictures) / (time.perf_counter() - started))
"""
"""One loop over all pictures, in one process, with nothing else."""


@contextmanager
def devices(folder: Path) -> Iterator[None]:
    """Profiles of this machine behind both servers, which run meanwhile."""
    with ExitStack() as stack:
        (folder / "sshd").mkdir()
        (folder / "adb").mkdir()
        sshd = stack.enter_context(ssh_server(folder / "sshd"))
        port = stack.enter_context(adb_server(folder / "adb"))
        os.environ |= {"HOME": str(sshd.home), "ANDROID_ADB_SERVER_PORT": str(port)}
        os.environ.pop("SSH_AUTH_SOCK", None)
        daemon = stack.enter_context(AdbDaemon().listening())
        places = {
            "ssh": f'host = "127.0.0.1"\nport = {sshd.port}',
            "adb": f'serial = "{daemon.serial}"',
        }
        profiles = folder / "edgeslim" / "device_profiles"
        profiles.mkdir(parents=True)
        for name, place in places.items():
            text = linked_profile(name, name, place, folder / f"on {name}", lines="")
            (profiles / f"{name}.toml").write_text(text)
        os.environ["XDG_CONFIG_HOME"] = str(folder)
        yield


def subject_on(
    name: str, prepared: PreparedModel, folder: Path, stack: ExitStack
) -> SubjectOnDevice:
    """The model, converted and proved over a transport that stays open."""
    session = stack.enter_context(open_device("host" if name == "local" else name))
    scratch = folder / f"for {name}"
    scratch.mkdir()
    (variant,) = model_under_test(prepared, "net", [Precision.FP32], [session], scratch).variants
    return SubjectOnDevice(
        id=variant.id,
        model=prepared,
        file=variant.file,
        precision=variant.precision,
        session=session,
    )


def seconds_of(subject: SubjectOnDevice, images: int, folder: Path) -> float:
    """Seconds that a device takes for a number of pictures."""
    pictures = TaskPictures.of("fashion_mnist", subject.model, images)
    judged = evaluate_on_device(subject, pictures, folder / "run")
    judged.batches.remove()
    return judged.accuracy.device_s


def work_s(action: Callable[[], object]) -> float:
    """Seconds of processor time that something takes, here and in the programs that it starts."""
    before = os.times()
    action()
    return sum(os.times()[:4]) - sum(before[:4])


def work_ratio(subject: SubjectOnDevice, folder: Path) -> float:
    """Processor time of a further picture in the bare loop over that of an evaluation."""
    pictures = np.load(folder / "pictures.npy")
    few = len(pictures) // 10

    def run(count: int) -> None:
        graph = subject.model.graph
        run_on_device(subject.session, subject.file, graph, pictures[:count], 600.0)

    own = work_s(lambda: run(len(pictures))) - work_s(lambda: run(few))
    loop = work_s(lambda: bare(folder)) - work_s(lambda: bare(folder, few))
    return loop / own


def bare(folder: Path, count: int = -1) -> float:
    """Pictures a second of the bare runtime in one loop over the first of them, or over all."""
    files = [str(folder / "net.nb"), str(folder / "pictures.npy")]
    command = [str(lite_python()), "-c", BARE, *files, str(count)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return float(done.stdout.split()[-1])


def main(images: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        load_paddle()  # before the networks do, and with programs that Paddle-Lite reads
        export_layer(
            MODELS.get("mobilenet-v1").for_classes(10), [(1, 3, SIDE, SIDE)], folder / "net"
        )
        prepared = prepare(find_model(str(folder / "net")), folder / "model")
        pictures = TaskPictures.of("fashion_mnist", prepared, images)
        np.save(folder / "pictures.npy", pictures.as_runs(pictures.read(0, images)[0]))
        found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in GOALS}
        with devices(folder), ExitStack() as stack:
            subjects = {name: subject_on(name, prepared, folder, stack) for name in GOALS}
            (folder / "net.nb").write_bytes(subjects["local"].file.path.read_bytes())
            works = [work_ratio(subjects["local"], folder) for _ in range(3)]
            print("work", works, file=sys.stderr, flush=True)
            for _ in range(rounds):
                for name, subject in subjects.items():
                    before = bare(folder)
                    few_s, all_s = (seconds_of(subject, n, folder) for n in (images // 10, images))
                    loop = (before + bare(folder)) / 2
                    further = (images - images // 10) / (all_s - few_s)
                    found[name].append((further / loop, images / all_s / loop, loop))
                    print(name, *found[name][-1], file=sys.stderr, flush=True)
    rows = []
    for name, ratios in found.items():
        further, whole, loop = (median(values) for values in zip(*ratios, strict=True))
        met = "met" if further >= GOALS[name] else "**not met**"
        each = ", ".join(f"{ratio[0]:.2f}" for ratio in ratios)
        rows.append(
            [name, f"{loop:.0f}", f"{further:.2f}", each, f"{whole:.2f}", f"{GOALS[name]:g}: {met}"]
        )
    heads = ["over", "bare, pictures/s", "further pictures", "by rounds", "with the start", "goal"]
    print(tabulate(rows, heads, tablefmt="github", disable_numparse=True))
    print(f"\nprocessor time of the bare loop over that of an evaluation: {median(works):.2f}")
    print(f"{images} pictures, {rounds} rounds; {machine_line()}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    main(chosen.images, chosen.rounds)
