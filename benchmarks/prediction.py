"""How far are predictions from whole networks on this machine that the fit has not seen?

    .venv/bin/python benchmarks/prediction.py [TABLE]

Profiles the light-NAS space at 224x224 and the operators of three other networks, fits the
cache model on other networks of the space, measures nine networks in rounds before and
after that, and compares. A table given, and there, is gone on with. Says also how much of
the profile's time the device was busy.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from machine import machine_line
from tabulate import tabulate

import edgeslim
from edgeslim.cli.progress import terminal_progress
from edgeslim.conversion.model_source import find_model
from edgeslim.conversion.prepare import prepare
from edgeslim.execution import Target
from edgeslim.latency_table import LatencyTable
from edgeslim.models._published_tokens import PUBLISHED_TOKENS
from edgeslim.opspec import encode_hook
from edgeslim.prediction.predictor import Predictor
from edgeslim.profiling.device_session import open_device
from edgeslim.profiling.drift import DriftWatch
from edgeslim.profiling.networks import OptimizedNetwork, measure_networks
from edgeslim.profiling.work import network_name, optimized_networks, space_networks
from edgeslim.spaces import SPACES

VISION = Path(__file__).with_name("vision_models.py")
OTHERS = {
    "MobileNetV1": "mobilenet-v1",
    "MobileNetV2 (paddle.vision)": f"{VISION}:mobilenet_v2",
    "ResNet18": "resnet18",
}
SPACE = SPACES.get("light-nas").space()


def main(table: Path) -> None:
    progress = terminal_progress()
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        judged = judged_networks(folder)
        operators = folder / "operators.jsonl"
        encode = msgspec.json.Encoder(enc_hook=encode_hook).encode
        operators.write_bytes(
            b"\n".join(encode(spec) for network in judged.values() for spec in network.graph.specs)
        )
        watch = DriftWatch(open_device("host"))
        before = measure_networks(watch, list(judged.values()), rounds=2, progress=progress)
        profiled = edgeslim.profile(space=SPACE.name, out=table, networks=10, progress=progress)
        edgeslim.profile(operators=operators, out=table, progress=progress)
        after = measure_networks(watch, list(judged.values()), rounds=2, progress=progress)
    seen = {network_name(SPACE, tokens) for tokens in PUBLISHED_TOKENS.values()}
    known = LatencyTable.read(table)
    predictor = Predictor(known, without=seen)
    # All at one speed of the machine, which changes from hour to hour.
    speeds = [known.reference_ms / part.reference_ms for part in (before, after)]
    rows, errors = [], []
    for name, network in judged.items():
        prediction = predictor.predict(network.graph.specs)
        assert not prediction.missing
        latency_ms = sum(
            part.measurements[network.name].latency_ms * speed / 2
            for part, speed in zip((before, after), speeds, strict=True)
        )
        errors.append(prediction.total_ms / latency_ms - 1)
        low, high = prediction.interval_ms
        inside = low <= latency_ms <= high
        rows.append(
            [
                name,
                f"{prediction.total_ms:.2f} ms",
                f"{latency_ms:.2f} ms",
                f"{100 * errors[-1]:+.1f} %",
                "yes" if inside else "no",
            ]
        )
    headers = ["network, 224x224, 1 thread", "predicted", "measured", "error", "in 90 % interval"]
    print(tabulate(rows, headers=headers, tablefmt="github"))
    mean = sum(map(abs, errors)) / len(errors)
    worst = max(map(abs, errors))
    print(f"\nmean error {mean:.1%} (limit 5 %), worst {worst:.1%} (limit 10 %)")
    print(f"fitted on {len(predictor.calibration.residuals)} other networks of the space")
    print(
        "machine's speed over that of the table, divided out: "
        f"{speeds[0]:.3f} before, {speeds[1]:.3f} after"
    )
    if profiled.measured:
        ratio = profiled.wall_s / profiled.device_s
        print(
            f"profile: {profiled.measured} operators in {profiled.wall_s:.0f} s, device busy "
            f"{profiled.device_s:.0f} s, ratio {ratio:.2f} (limit 2)"
        )
    print(machine_line())
    sys.exit(not (mean <= 0.05 and worst <= 0.10))


def judged_networks(folder: Path) -> dict[str, OptimizedNetwork]:
    """The nine networks, ready for this machine."""
    prepared = [
        prepare(find_model(model), folder / str(index), input_shapes={"": (1, 3, 224, 224)})
        for index, model in enumerate(OTHERS.values())
    ]
    others = optimized_networks(prepared, Target.X86, folder)
    published = space_networks(SPACE, list(PUBLISHED_TOKENS.values()), Target.X86, folder)
    names = [*OTHERS, *(f"light-NAS {name}" for name in PUBLISHED_TOKENS)]
    return dict(zip(names, [*others, *published], strict=True))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("runs/benchmark-prediction.jsonl"))
