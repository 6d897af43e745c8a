"""Is the sum of what operators take inside a network what the network takes?

    .venv/bin/python benchmarks/inside_times.py [SECONDS]

Deploys a dozen networks with ``--operators``, so many seconds for each (60 unless told otherwise).
Prints for each how far the sum is from the whole, and how closely operators are known: half of the
interval's width, as the median over the operators, weighted by their time. The last two networks
are equal layers one after the other, which have to take equal times: the spread of those times
(standard deviation over mean) says how true single operators are, and is not known to the method.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from machine import machine_line
from paddle import nn
from paddle.vision import models as vision
from tabulate import tabulate

import edgeslim
from edgeslim.models import MODELS
from edgeslim.paddle_io.export import export_layer
from edgeslim.runs.inside_record import InsideRecord


def equal(channels: int, count: int) -> nn.Layer:
    layers: list[nn.Layer] = [nn.Conv2D(3, channels, 3, padding=1), nn.ReLU()]
    for _ in range(count):
        layers += [nn.Conv2D(channels, channels, 3, padding=1), nn.ReLU()]
    return nn.Sequential(*layers)


NETWORKS: dict[str, tuple[Callable[[], nn.Layer], int]] = {
    "mobilenet_v1": (lambda: MODELS.get("mobilenet-v1").for_classes(10), 64),
    "mobilenet_v2": (lambda: MODELS.get("mobilenet-v2").for_classes(10), 64),
    "light_nas": (lambda: MODELS.get("light-nas").for_classes(10), 64),
    "resnet18": (lambda: MODELS.get("resnet18").for_classes(10), 32),
    "resnet50": (lambda: MODELS.get("resnet50").for_classes(10), 32),
    "mobilenet_v3_small": (lambda: vision.MobileNetV3Small(0.5, num_classes=10), 64),
    "mobilenet_v3_large": (lambda: vision.MobileNetV3Large(0.5, num_classes=10), 64),
    "shufflenet_v2": (lambda: vision.ShuffleNetV2(0.5, num_classes=10), 64),
    "squeezenet": (lambda: vision.SqueezeNet("1.1", num_classes=10), 64),
    "vgg11_64": (lambda: nn.Sequential(vision.vgg11().features), 32),
    "equal32": (lambda: equal(32, 16), 16),
    "equal128": (lambda: equal(128, 12), 8),
}


def main(seconds: float) -> None:
    rows = []
    for name, (build, side) in NETWORKS.items():
        with tempfile.TemporaryDirectory() as folder:
            prefix = Path(folder) / name
            export_layer(build(), [(1, 3, side, side)], prefix)
            (model,) = edgeslim.deploy(
                str(prefix),
                out=Path(folder) / "out",
                operators=True,
                operators_s=seconds,
            ).models
        inside = model.inside
        assert inside is not None
        rows.append(
            [
                name,
                str(len(inside.operators)),
                f"{inside.whole_ms:.3f} ms",
                f"{100 * inside.sum_difference:+.1f} %",
                "yes" if inside.sum_is_whole else "NO",
                f"{100 * half_width(inside):.0f} %",
                f"{100 * spread(inside):.1f} %" if name.startswith("equal") else "",
                str(inside.rounds),
                f"{100 * inside.disturbed:.0f} %",
            ]
        )
        print(rows[-1], file=sys.stderr)
    headers = ["network", "operators", "whole", "sum less whole", "within 2 %", "interval, ±",
               "equal layers", "rounds", "turns interrupted"]  # fmt: skip
    print(tabulate(rows, headers=headers, tablefmt="github"), "\n")
    print(machine_line())


def half_width(inside: InsideRecord) -> float:
    """Half of the relative width of the intervals, as the median by time."""
    own = [one for one in inside.operators if one.latency_ms > 0]
    widths = np.array([(one.interval_ms[1] - one.latency_ms) / one.latency_ms for one in own])
    order = np.argsort(widths)
    passed = np.cumsum([own[place].latency_ms for place in order])
    return float(widths[order][np.searchsorted(passed, passed[-1] / 2)])


def spread(inside: InsideRecord) -> float:
    """Standard deviation over mean of all layers but the first."""
    times = np.array([one.latency_ms for one in inside.operators[1:]])
    return float(times.std(ddof=1) / times.mean())


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 60.0)
