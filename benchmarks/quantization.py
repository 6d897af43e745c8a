"""What do 8 bits and fewer cost, calibrated and trained?

    .venv/bin/python benchmarks/quantization.py [--task digits] [--epochs 20] [--seeds 3]
        [--bits 8 4]

A quarter of MobileNetV1 is trained for each seed, then quantized by each method without
training, and trained on in short (a tenth of the epochs) with rounding. Weights have the bits
that are asked for, activations 8. In the end, the sizes of MobileNetV1 at ImageNet's
shape, converted for arm.
"""

from __future__ import annotations

import os

# Both are read when Paddle is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["FLAGS_enable_pir_api"] = "0"  # noqa: SIM112 - Paddle's own spelling

import argparse
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
import paddle
from machine import machine_line
from small_mobilenet import build
from tabulate import tabulate

from edgeslim.conversion.model_source import SavedModel
from edgeslim.conversion.optimized import optimize
from edgeslim.conversion.prepare import prepare, prepare_layer
from edgeslim.execution import Target
from edgeslim.files import temporary_folder
from edgeslim.models import MODELS
from edgeslim.training.evaluation import evaluate
from edgeslim.training.program_net import load_program_net
from edgeslim.training.quantization.calibrate import calibrate
from edgeslim.training.quantization.quantized_net import QuantizedNet
from edgeslim.training.quantization.settings import (
    ACTIVATION_TYPES,
    WEIGHT_TYPES,
    QuantizationSettings,
)
from edgeslim.training.quantization.thresholds import METHODS
from edgeslim.training.tasks import SPLIT_SEED, find_task
from edgeslim.training.trainer import TrainingSettings, train

SHAPE = (1, 3, 32, 32)
IMAGENET = (1, 3, 224, 224)
CALIBRATED = 512


def main(task: str, epochs: int, seeds: int, bits: list[int]) -> None:
    metrics: dict[tuple[str, ...], list[float]] = defaultdict(list)
    for seed in range(seeds):
        with temporary_folder() as folder:
            for name, value in judged(task, epochs, seed, bits, folder).items():
                metrics[name].append(value)
    rows = [
        (*name, f"{np.mean(values):.2%}", f"{np.min(values):.2%} … {np.max(values):.2%}")
        for name, values in metrics.items()
    ]
    print(tabulate(rows, headers=("weights", "scales", "how", "mean", "range"), tablefmt="github"))
    print(sizes())
    print(machine_line())


def judged(
    task: str, epochs: int, seed: int, bits: list[int], folder: Path
) -> dict[tuple[str, str, str], float]:
    """The metric of each way for one seed."""
    metrics = {}
    data = find_task(task).data(SHAPE, SPLIT_SEED)
    numbers = TrainingSettings(epochs=epochs, batch_size=64, learning_rate=0.1, seed=seed)
    paddle.seed(seed)
    net = load_program_net(prepare_layer(build(), SHAPE, folder / "net", name="net").prefix)
    trained = train(net, data, numbers)
    net.save(folder / "trained")
    metrics["floats", "", "trained"] = trained.metric
    short = replace(numbers, epochs=max(1, epochs // 10), learning_rate=0.01)
    more = load_program_net(folder / "trained")
    longer = train(more, data, short)
    metrics["floats", "", "trained as long as those below"] = longer.metric
    places = np.random.default_rng(seed).permutation(len(data.train))[:CALIBRATED]
    batches = [data.train.batch(part, None)[0] for part in np.array_split(places, 8)]
    for count in bits:
        for weight_type in WEIGHT_TYPES:
            name = f"{count} bits, {weight_type}"
            settings = QuantizationSettings(weight_bits=count, weight_type=weight_type)
            for method in METHODS:
                net = load_program_net(folder / "trained")
                found = calibrate(net, batches, settings, method)
                value = evaluate(found, data.validation, data.metric)
                metrics[name, method, "calibrated"] = value
            for kind in ACTIVATION_TYPES:
                settings = QuantizationSettings(
                    weight_bits=count, weight_type=weight_type, activation_type=kind
                )
                quantized = QuantizedNet(load_program_net(folder / "trained"), settings)
                result = train(quantized, data, short)
                metrics[name, kind, "trained"] = result.metric
    return metrics


def sizes() -> str:
    """Megabytes of MobileNetV1 for arm before and after."""
    with temporary_folder() as folder:
        net = MODELS.get("mobilenet-v1").build(1000)
        floats = prepare_layer(net, IMAGENET, folder / "floats", name="floats")
        image = np.random.default_rng(0).standard_normal(IMAGENET).astype(np.float32)
        program = load_program_net(floats.prefix)
        calibrate(program, [image], QuantizationSettings(), "abs_max").save(folder / "int8")
        quantized = prepare(SavedModel.at(folder / "int8"), folder / "prepared")
        both = [
            optimize(model, Target.ARM, folder / "arm").facts.size_bytes / 1e6
            for model in (floats, quantized)
        ]
    return "MobileNetV1 at 224x224 for arm: {:.2f} MB in floats, {:.2f} MB in int8".format(*both)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--task", default="digits")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--bits", type=int, nargs="+", default=[8, 4])
    given = parser.parse_args()
    main(given.task, given.epochs, given.seeds, given.bits)
