"""What do rewritings cost on x86? Networks of `paddle.vision` as written before and now.

    .venv/bin/python benchmarks/rewritten_latency.py --before 61e0da6

``--before`` is a commit of this project, whose own code prepares each network from the same saved
model. Where `opt` leaves the same operators of both, with weights of the same shapes, there is
nothing to time: in which order it writes independent ones differs from conversion to conversion.
The others are timed on this machine, in turns in one run, beside a copy of the file from before:
how far that seems to be from the file itself says how far the machine can be believed.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import subprocess
import sys
import tarfile
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from machine import machine_line
from tabulate import tabulate

from edgeslim.conversion.optimized import OptimizedFile, fused_graph
from edgeslim.conversion.prepare import PreparedModel, prepare_layer
from edgeslim.deployment.statistics import Estimate, estimate, log_shortest, paired_logs
from edgeslim.execution import Target
from edgeslim.lite.converter import Conversion, convert
from edgeslim.lite.optimized_model import read_optimized_model
from edgeslim.lite.optimized_program import read_optimized_program
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


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Latencies relative to the file from before, of the file from now and of a copy."""

    now: Estimate
    copy: Estimate

    @property
    def verdict(self) -> str:
        low, high = self.now.interval
        if high - 1 <= GOAL:
            return "within the goal"
        return "slower" if low - 1 > GOAL else "not told apart"


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
                change = _changed_operators(before, now[1])
                if not change:
                    same += 1
                    rows.append([name, "the same", "", "", ""])
                    continue
                cost = _timed(before, *now, given.rounds)
            slower += [name] if cost.verdict == "slower" else []
            rows.append([name, change, _percent(cost.now), _percent(cost.copy), cost.verdict])
            sys.stderr.write(f"{name} timed\n")
    titles = ["model", "operators", "now against before", "a copy against before", "verdict"]
    print(tabulate(rows, titles, tablefmt="github"))
    print(f"\n{same} of {len(given.networks)} have the same operators as at {given.before}.")
    print(f"Slower by more than {GOAL:.0%}: {', '.join(slower) or 'none'}.")
    print(machine_line())
    sys.exit(1 if slower else 0)


def _percent(found: Estimate) -> str:
    low, high = (end - 1 for end in found.interval)
    return f"{found.value - 1:+.1%} ({low:+.1%} to {high:+.1%})"


def _changed_operators(before: OptimizedFile, now: OptimizedFile) -> str:
    """How many operators of each kind are there now and not before, and the reverse."""
    old, new = _operators(before.path), _operators(now.path)
    kinds = {
        sign: Counter(kind for kind, *_ in counts.elements())
        for sign, counts in (("-", old - new), ("+", new - old))
    }
    return ", ".join(
        f"{sign}{count} {kind}" for sign, found in kinds.items() for kind, count in found.items()
    )


def _operators(path: Path) -> Counter[tuple[str, ...]]:
    program = read_optimized_program(path)
    return Counter(
        (
            call.kind,
            call.kernel,
            str(sorted(call.attributes.items())),
            str(
                [
                    (slot, [getattr(program.weights.get(name), "shape", ()) for name in names])
                    for slot, names in sorted(call.inputs.items())
                ]
            ),
        )
        for call in program.calls
    )


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
                model=written_model.program,
                parameters=written_model.parameters,
                target=Target.X86,
                output=folder / f"{name}.{when}",
            )
            for when, written_model in written.items()
        ]
    )
    before, now = (_file(result.conversion.result) for result in done)
    return before, (model, now)


def _file(path: Path) -> OptimizedFile:
    return OptimizedFile(path=path, facts=read_optimized_model(path))


def _timed(before: OptimizedFile, model: PreparedModel, now: OptimizedFile, rounds: int) -> Cost:
    """Latencies relative to the file from before; in every round all files have two turns."""
    copy = before.path.with_name("copy.nb")
    shutil.copyfile(before.path, copy)
    files = {"before": before, "now": now, "copy": replace(before, path=copy)}
    graph = fused_graph(model, Target.X86)
    networks = [OptimizedNetwork(name=name, file=file, graph=graph) for name, file in files.items()]
    with open_device("host") as session:
        watch = DriftWatch(session, patience_s=10)
        measured = measure_side_by_side([(watch, networks)], rounds=rounds, paired=True)
    logs = {
        name: {timed.round: log_shortest(timed.samples_ns) for timed in measured.rounds_of[name]}
        for name in files
    }
    return Cost(
        now=estimate(paired_logs(logs["now"], logs["before"])),
        copy=estimate(paired_logs(logs["copy"], logs["before"])),
    )


if __name__ == "__main__":
    main()
