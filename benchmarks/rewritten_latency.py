"""What do rewritings cost on x86? Networks of `paddle.vision` as written before and now.

    .venv/bin/python benchmarks/rewritten_latency.py --before 61e0da6

``--before`` is a commit of this project, whose own code prepares each network from the same saved
model. Where `opt` makes the same file of both there is nothing to time; others are timed on this
machine, in turns in one run.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import subprocess
import sys
import tarfile
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from machine import machine_line
from tabulate import tabulate

from edgeslim.conversion.optimized import OptimizedFile, fused_graph
from edgeslim.conversion.prepare import PreparedModel, prepare_layer
from edgeslim.execution import Target
from edgeslim.lite.converter import Conversion, convert
from edgeslim.lite.optimized_model import read_optimized_model
from edgeslim.measuring.device_session import open_device
from edgeslim.measuring.drift import DriftWatch
from edgeslim.measuring.networks import OptimizedNetwork, measure_side_by_side
from edgeslim.paddle_io.importing import load_paddle

GOAL = 0.01
SHAPE = (1, 3, 224, 224)
NETWORKS = (
    *("alexnet", "densenet121", "googlenet", "inception_v3", "mobilenet_v1", "mobilenet_v2"),
    *("mobilenet_v3_large", "mobilenet_v3_small", "resnet18", "resnet50", "resnext50_32x4d"),
    *("shufflenet_v2_swish", "shufflenet_v2_x1_0", "squeezenet1_0", "squeezenet1_1", "vgg11"),
    "wide_resnet50_2",
)
"""One or two of each kind; others differ in their widths and depths alone."""

PREPARE = """
import sys
from pathlib import Path
from edgeslim.conversion.model_source import SavedModel
from edgeslim.conversion.prepare import prepare

model = prepare(SavedModel.at(Path(sys.argv[1])), Path(sys.argv[2]))
print(model.program, model.parameters, sep="\\n")
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--before", default="61e0da6")
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--networks", nargs="+", default=list(NETWORKS), help="Some of them.")
    given = parser.parse_args()
    rows, same, slower = [], 0, []
    with TemporaryDirectory() as folder:
        old = _code(given.before, Path(folder) / "code")
        for name in given.networks:
            with TemporaryDirectory() as scratch:
                before, now = _files(name, old, Path(scratch))
                if before.path.read_bytes() == now[1].path.read_bytes():
                    same += 1
                    rows.append([name, "the same file", "", ""])
                    continue
                times = _timed(before, *now, given.rounds)
            change = times[1] / times[0] - 1
            slower += [name] if change > GOAL else []
            rows.append([name, f"{times[0]:.2f} ms", f"{times[1]:.2f} ms", f"{change:+.1%}"])
            sys.stderr.write(f"{name} timed\n")
    print(tabulate(rows, ["model", "before", "now", "change"], tablefmt="github"))
    print(f"\n{same} of {len(given.networks)} are the same file as at {given.before}.")
    print(f"Slower by more than {GOAL:.0%}: {', '.join(slower) or 'none'}.")
    print(machine_line())
    sys.exit(1 if slower else 0)


def _code(commit: str, folder: Path) -> Path:
    """The project as it was."""
    packed = subprocess.run(
        [shutil.which("git") or "git", "archive", commit],
        check=True,
        capture_output=True,
        cwd=Path(__file__).parent.parent,
    )
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder


def _files(
    name: str, old: Path, folder: Path
) -> tuple[OptimizedFile, tuple[PreparedModel, OptimizedFile]]:
    """What `opt` makes for x86 of a network as it was written, and as it is."""
    paddle = load_paddle()
    paddle.seed(0)
    net = getattr(paddle.vision.models, name)()
    net.eval()
    model = prepare_layer(net, SHAPE, folder / "now", name=name)
    said = subprocess.run(
        [sys.executable, "-c", PREPARE, str(model.prefix), str(folder / "before")],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(old)},
        cwd=old,
    )
    program, parameters = map(Path, said.stdout.splitlines()[-2:])
    written = {"before": replace(model, program=program, parameters=parameters), "now": model}
    done = convert(
        [
            Conversion(
                model=each.program,
                parameters=each.parameters,
                target=Target.X86,
                output=folder / f"{name}.{when}",
            )
            for when, each in written.items()
        ]
    )
    before, now = (_file(each.conversion.result) for each in done)
    return before, (model, now)


def _file(path: Path) -> OptimizedFile:
    return OptimizedFile(path=path, facts=read_optimized_model(path))


def _timed(
    before: OptimizedFile, model: PreparedModel, now: OptimizedFile, rounds: int
) -> tuple[float, float]:
    """Milliseconds of both, each in every round."""
    graph = fused_graph(model, Target.X86)
    networks = [
        OptimizedNetwork(name=name, file=file, graph=graph)
        for name, file in (("before", before), ("now", now))
    ]
    with open_device("host") as session:
        watch = DriftWatch(session, patience_s=10)
        measured = measure_side_by_side([(watch, networks)], rounds=rounds, paired=True)
    return tuple(measured.measurements[each.name].latency_ms for each in networks)  # type: ignore[return-value]


if __name__ == "__main__":
    main()
