"""What does calibration lose, each method alone and the best of several ways?

    CLOTHES=6000 .venv/bin/python benchmarks/calibration.py [--task benchmarks/fewer_clothes.py]
        [--epochs 6] [--seeds 3] [--bits 8 4] [--images 4000] [--nets FOLDER]

A quarter of MobileNetV1 is trained for each seed, then quantized without training: by each method
for scales alone, as ``quantize`` did before it equalised and corrected; as ``quantize`` does by
default; and with learned rounding too. The same networks are also given channels of very different
ranges, which they compute the same with. Trained networks stay in --nets and are trained once.
"""

from __future__ import annotations

import os

# Both are read when Paddle is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["FLAGS_enable_pir_api"] = "0"  # noqa: SIM112 - Paddle's own spelling

import argparse
from collections import defaultdict
from pathlib import Path

import numpy as np
import paddle
from machine import machine_line
from numpy.typing import NDArray
from paddle import nn
from small_mobilenet import build
from tabulate import tabulate

from edgeslim.conversion.prepare import prepare_layer
from edgeslim.files import temporary_folder
from edgeslim.training.evaluation import evaluate
from edgeslim.training.program_net import load_program_net
from edgeslim.training.quantization.calibration_images import CalibrationImages, draw_images
from edgeslim.training.quantization.equalization import find_scalable, scale_channels
from edgeslim.training.quantization.layerwise import LayerwiseCalibration
from edgeslim.training.quantization.quantized_net import QuantizedNet
from edgeslim.training.quantization.recipe import AUTO, Recipe, recipes_for
from edgeslim.training.quantization.settings import QuantizationSettings
from edgeslim.training.quantization.signal_to_noise import signal_to_noise_db
from edgeslim.training.quantization.thresholds import METHODS
from edgeslim.training.tasks import SPLIT_SEED, Examples, TaskData, draw_part, find_task
from edgeslim.training.trainer import TrainingSettings, train

SHAPE = (1, 3, 32, 32)
CALIBRATED = 512
FEW_BITS = 8
"""With fewer, rounding is learned as well."""
_DECADES = 1.5
"""Channels are made up to 10**1.5 = 32 times as small as they were."""


def main(given: argparse.Namespace) -> None:
    task = find_task(given.task)
    data = task.data(SHAPE, SPLIT_SEED)
    validation = draw_part(data.validation, min(1.0, given.images / len(data.validation)), 0)
    losses: dict[tuple[str, str], list[float]] = defaultdict(list)
    floats: dict[int, float] = {}
    kinds = [(f"{bits} bits", bits) for bits in given.bits]
    for name, bits in (*kinds[:1], ("8 bits, channels spread", 8), *kinds[1:]):
        for seed in range(given.seeds):
            images = draw_images(data.train, CALIBRATED, seed, classes=task.num_classes)
            with temporary_folder() as folder:
                prefix = trained(given, data, seed)
                if seed not in floats:
                    floats[seed] = evaluate(load_program_net(prefix), validation, data.metric)
                if "spread" in name:
                    prefix = spread(prefix, folder / "spread", seed)
                metrics = judged(prefix, images, bits, validation, data)
            for how, metric in metrics.items():
                losses[name, how].append(floats[seed] - metric)
                print(f"seed {seed}, {name}, {how}: {100 * losses[name, how][-1]:+.2f}")
    rows = [
        (*name, f"{100 * np.mean(values):+.2f}", f"{100 * max(values):+.2f}")
        for name, values in losses.items()
    ]
    print(tabulate(rows, headers=("weights", "calibrated", "mean", "worst"), tablefmt="github"))
    print(f"in floats: {', '.join(f'{value:.2%}' for value in floats.values())}")
    print(f"{len(validation)} examples")
    print(machine_line())


def judged(
    prefix: Path, images: CalibrationImages, bits: int, examples: Examples, data: TaskData
) -> dict[str, float]:
    """The metric of each way; what is chosen of several ways needs no evaluation of its own."""
    settings = QuantizationSettings(weight_bits=bits)
    calibration = LayerwiseCalibration(lambda: load_program_net(prefix), images.seen, settings)
    wanted = outputs(load_program_net(prefix), images.held_out)
    made: dict[Recipe, tuple[float, float]] = {}
    chosen = recipes_for(AUTO, learn=bits < FEW_BITS, scalable=calibration.has_scalable_activations)
    alone = {name: Recipe(method=name) for name in METHODS}
    # Learned rounding comes first: what it notes of the network serves the others too.
    for recipe in dict.fromkeys((*chosen[::-1], *alone.values())):
        net = calibration.quantize(recipe).net
        snr = signal_to_noise_db(wanted, outputs(net, images.held_out))
        made[recipe] = snr, evaluate(net, examples, data.metric)
    cheap = [recipe for recipe in chosen if not recipe.learn]
    found = {name: made[recipe][1] for name, recipe in alone.items()}
    found["as quantize does"] = max(made[recipe] for recipe in cheap)[1]
    if bits < FEW_BITS:
        found["and --learn-rounding"] = max(made[recipe] for recipe in chosen)[1]
    return found


def outputs(net: nn.Layer, given: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    net.eval()
    with paddle.no_grad():
        return [output.numpy() for output in net(paddle.to_tensor(given))]


def trained(given: argparse.Namespace, data: TaskData, seed: int) -> Path:
    """A trained network, kept in the folder of networks."""
    folder = given.nets / f"{Path(given.task).stem}-{given.epochs}-{seed}"
    if not (folder / "trained.pdmodel").exists():
        settings = TrainingSettings(
            epochs=given.epochs, batch_size=64, learning_rate=0.1, seed=seed
        )
        paddle.seed(seed)
        net = load_program_net(prepare_layer(build(), SHAPE, folder / "net", name="net").prefix)
        train(net, data, settings)
        net.save(folder / "trained")
    return folder / "trained"


def spread(prefix: Path, out: Path, seed: int) -> Path:
    """The same network with channels of very different ranges."""
    net = load_program_net(prefix)
    generator = np.random.default_rng(seed)
    for one in find_scalable(net.program, QuantizedNet(net, QuantizationSettings()).quantizable):
        tensors = net.tensors()
        channels = len(tensors[one.divided[0]])
        factors = 10.0 ** generator.uniform(0, _DECADES, channels)
        net.set_tensors(scale_channels(one, tensors, factors))
    net.save(out)
    return out


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--task", default="digits")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--bits", type=int, nargs="+", default=[8, 4])
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--nets", type=Path, default=Path("runs/nets"))
    main(parser.parse_args())
