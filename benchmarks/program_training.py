"""What does it cost to train a saved program rather than the network that it was saved from?

    .venv/bin/python benchmarks/program_training.py [STEPS]

Steps of both are taken in turn on the same random images with one thread, and the medians of
the processor's time compared, which neighbours disturb least; with them the largest
difference between their gradients, relative to the largest gradient of the parameter.
"""

from __future__ import annotations

import os

# Both are read when Paddle is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["FLAGS_enable_pir_api"] = "0"  # noqa: SIM112 - Paddle's own spelling

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import paddle
from machine import machine_line
from paddle import Tensor, nn
from paddle.vision import models
from tabulate import tabulate

from edgeslim.conversion.prepare import prepare_layer
from edgeslim.files import temporary_folder
from edgeslim.training._depthwise import fast_depthwise
from edgeslim.training.program_net import ProgramNet, load_program_net

STEPS = 15
WARM_UP = 2
NETWORKS: dict[str, tuple[Callable[[], Any], int, int]] = {
    # What is built, side of the images, images a step.
    "MobileNetV1 x0.25": (lambda: models.mobilenet_v1(scale=0.25, num_classes=10), 32, 32),
    "MobileNetV2 x0.25": (lambda: models.mobilenet_v2(scale=0.25, num_classes=10), 32, 32),
    "MobileNetV2": (lambda: models.mobilenet_v2(num_classes=10), 32, 16),
    "MobileNetV3 small x0.5": (
        lambda: models.mobilenet_v3_small(scale=0.5, num_classes=10),
        32,
        32,
    ),
    "ShuffleNetV2 x0.25": (lambda: models.shufflenet_v2_x0_25(num_classes=10), 32, 32),
    "ResNet18": (lambda: models.resnet18(num_classes=10), 32, 8),
}
HEADERS = ("network", "images", "layer ms", "program ms", "ratio", "gradients differ by")


def main(steps: int) -> None:
    rows = [row(name, steps) for name in NETWORKS]
    print(
        tabulate(rows, headers=HEADERS, tablefmt="github", floatfmt=("", "", ".1f", ".1f", ".3f"))
    )
    print(machine_line())


def row(name: str, steps: int) -> tuple[Any, ...]:
    build, side, count = NETWORKS[name]
    paddle.seed(0)
    net = build()
    generator = np.random.default_rng(0)
    images = paddle.to_tensor(generator.normal(size=(count, 3, side, side)).astype(np.float32))
    labels = paddle.to_tensor(generator.integers(0, 10, count))
    with temporary_folder() as folder:
        prefix: Path = prepare_layer(net, (1, 3, side, side), folder / "net", name="net").prefix
        program = load_program_net(prefix)
    both = (net, program)
    optimizers = [paddle.optimizer.Momentum(0.01, parameters=each.parameters()) for each in both]
    times: list[list[float]] = [[], []]
    worst = 0.0
    for number in range(WARM_UP + steps):
        for each, taken in zip(both, times, strict=True):
            each.train()
            start = time.process_time()
            gradient(each, images, labels)
            taken.append(time.process_time() - start)
        if number == 0:
            worst = difference(net, program)
        for optimizer, taken in zip(optimizers, times, strict=True):
            start = time.process_time()
            optimizer.step()
            optimizer.clear_grad()
            taken[-1] += time.process_time() - start
    layer, ours = (1e3 * float(np.median(each[WARM_UP:])) for each in times)
    return name, f"{count}x3x{side}x{side}", layer, ours, ours / layer, f"{worst:.1e}"


def gradient(net: nn.Layer, images: Tensor, labels: Tensor) -> None:
    paddle.seed(1)  # of what dropout drops
    with fast_depthwise(net):
        outputs = net(images)
    scores = outputs[0] if isinstance(outputs, list) else outputs
    nn.functional.cross_entropy(scores, labels).backward()


def difference(net: nn.Layer, program: ProgramNet) -> float:
    ours = program.gradients()
    learned = [each for each in net.parameters() if not each.stop_gradient]
    assert set(ours) == {each.name for each in learned}
    return max(
        float(np.abs(ours[each.name] - each.grad.numpy()).max() / np.abs(each.grad.numpy()).max())
        for each in learned
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else STEPS)
