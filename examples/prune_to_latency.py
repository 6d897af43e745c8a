"""Prunes a network to 70 % of its latency on this machine, and proves it by measurement.

    python examples/prune_to_latency.py [--share 0.7] [--budget 40]

Everything goes into runs/prune_to_latency; the same command continues there.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import edgeslim

RUNS = Path("runs/prune_to_latency")


def build() -> Any:  # noqa: ANN401 - a paddle.nn.Layer
    """The network: three convolutions and a classifier."""
    from paddle import nn  # not above: edgeslim first sets what Paddle-Lite needs of it

    layers = []
    c_in = 1
    for c_out, stride in ((32, 2), (64, 1), (96, 2)):
        layers += [
            nn.Conv2D(c_in, c_out, 3, stride=stride, padding=1, bias_attr=False),
            nn.BatchNorm2D(c_out),
            nn.ReLU(),
        ]
        c_in = c_out
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2D(1), nn.Flatten(), nn.Linear(c_in, 10))


def main() -> None:
    """Trains, measures, prunes and deploys."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=0.7, help="of the measured latency")
    parser.add_argument("--budget", type=int, default=40, help="operators to measure")
    given = parser.parse_args()
    net = str(RUNS / "net")
    trained = edgeslim.train(
        f"{__file__}:build", task="digits", input_shape=(1, 1, 32, 32), epochs=2, out=RUNS / "net"
    )
    print(f"accuracy: {trained.metrics['accuracy']:.1%}")

    # The operators that tell most about the network and its pruned versions; others are
    # interpolated. A larger budget makes better predictions.
    table = edgeslim.profile("host", model=net, budget=given.budget, out=RUNS / "host.jsonl").table
    (before,) = edgeslim.deploy(net, device="host", table=table, rounds=4).models
    print(f"before: measured {before.latency_ms:.3f} ms, predicted {before.predicted_ms:.3f} ms")

    pruned = edgeslim.prune(
        net,
        out=RUNS / "pruned",
        target_ms=given.share * before.latency_ms,
        table=table,
        device="host",
        task="digits",
        eval_share=0.25,
        epochs=1,
    )
    for group in pruned.groups:
        print(f"  {group.name}: {group.before} -> {group.after} channels")

    done = edgeslim.deploy(pruned.model, device="host", table=table, rounds=4)
    (model,) = done.models
    print(f"pruned: measured {model.latency_ms:.3f} ms")
    speedup = done.speedup(model)
    if speedup is not None:
        low, high = speedup.interval
        print(f"{speedup.ratio:.2f} times as fast as before ({low:.2f} to {high:.2f})")


if __name__ == "__main__":
    main()
