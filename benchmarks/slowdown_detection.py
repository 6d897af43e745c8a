"""Is a model that takes 3 % longer found, and is nothing found where nothing changed?

    .venv/bin/python benchmarks/slowdown_detection.py OUT [TRIES [ROUNDS]]

The slow-down is real: MobileNetV1 at 128x128 computes convolutions of its input besides, of so
many channels that it takes about 3 % longer; how much it really is, is measured over all
deployments and printed. Each try deploys a model before and after beside the same baseline,
MobileNetV2, and compares the two records as ``edgeslim report --compare`` does. In half of all
tries the model after is the slowed one, in the others the very same again. OUT keeps what was
deployed, so that it may be stopped and gone on with.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from machine import machine_line
from tabulate import tabulate

import edgeslim
from edgeslim.cli.progress import terminal_progress
from edgeslim.deployment.compare_deployments import compare
from edgeslim.deployment.speedup import paired_rounds
from edgeslim.deployment.statistics import estimate
from edgeslim.runs.deployment_history import HISTORY, read_history
from edgeslim.runs.deployment_records import DeploymentRecord, ModelRole

BASELINE = "mobilenet-v2"
INPUT = (1, 3, 128, 128)
WANTED = 1.03
CHANNELS = (8, 16, 24, 32, 48, 64)

NETWORK = """\
import paddle
from paddle.vision.models import mobilenet_v1


class Net(paddle.nn.Layer):
    def __init__(self, channels):
        super().__init__()
        self.plain = mobilenet_v1()
        self.more = paddle.nn.Conv2D(3, channels, 3, stride=2, padding=1) if channels else None

    def forward(self, images):
        scores = self.plain(images)
        if self.more is None:
            return scores
        return scores + paddle.mean(self.more(images), axis=[1, 2, 3], keepdim=False)
"""


def main(out: Path, tries: int, rounds: int) -> None:
    channels = slowing(out, rounds)
    plain, slowed = out / "net0", out / f"net{channels}"
    for count in range(1, tries + 1):  # in turn, so that tries do not all share one drift
        before = deployed(out / "before", plain, count, rounds)
        after = deployed(out / "slowed", slowed, count, rounds)
        again = deployed(out / "again", plain, count, rounds)
    rows = []
    for name, others in (("slowed", after), ("the same again", again)):
        found = [
            next(
                each
                for each in compare([one], [other]).models
                if each.before.role is ModelRole.MODEL
            )
            for one, other in zip(before, others, strict=True)
        ]
        ratios = [each.difference.ratio for each in found]
        verdicts = [each.verdict for each in found]
        rows.append(
            [
                name,
                *(verdicts.count(each) for each in ("slower", "faster", "no difference")),
                f"{np.mean(ratios):.4f}",
                f"{np.std(ratios, ddof=1):.4f}",
                found[0].basis.value,
            ]
        )
    headers = ["after", "slower", "faster", "no difference", "mean ratio", "SD", "compared"]
    print(tabulate(rows, headers=headers, tablefmt="github"), "\n")
    real = estimate(logs(before) + logs(again)).value / estimate(logs(after)).value
    print(f"the slowed model takes {real - 1:.2%} longer, over all rounds of all deployments")
    print(f"{tries} tries of each, {rounds} rounds a deployment\n\n{machine_line()}")


def slowing(out: Path, rounds: int) -> int:
    """How many channels make the network take about 3 % longer."""
    kept = out / "channels.txt"
    if kept.exists():
        return int(kept.read_text())
    save(out, (0, *CHANNELS))
    ratios = {}
    for channels in CHANNELS:
        record = edgeslim.deploy(
            str(out / f"net{channels}"),
            baseline=str(out / "net0"),
            rounds=rounds,
            out=out / "choosing" / str(channels),
            progress=terminal_progress(),
        ).record
        assert record is not None
        ratios[channels] = 1 / record.speedups[0].ratio
        print(f"{channels} channels more: {ratios[channels]:.4f} times as long")
    chosen = min(ratios, key=lambda each: abs(ratios[each] - WANTED))
    kept.write_text(str(chosen))
    return chosen


def save(out: Path, widths: tuple[int, ...]) -> None:
    from edgeslim.paddle_io.export import export_layer

    source = out / "nets.py"
    out.mkdir(parents=True, exist_ok=True)
    source.write_text(NETWORK)
    sys.path.insert(0, str(out))
    from edgeslim.paddle_io.importing import load_paddle

    load_paddle().seed(0)
    from nets import Net

    for channels in widths:
        export_layer(Net(channels), [INPUT], out / f"net{channels}" / "model")


def deployed(folder: Path, model: Path, count: int, rounds: int) -> list[DeploymentRecord]:
    while True:
        known = list(read_history(folder)) if (folder / HISTORY).exists() else []
        if len(known) >= count:
            return known[:count]
        edgeslim.deploy(
            str(model),
            baseline=BASELINE,
            input_shapes={"": INPUT},
            rounds=rounds,
            out=folder,
            progress=terminal_progress(),
        )


def logs(records: list[DeploymentRecord]) -> list[float]:
    return [each for record in records for each in paired_rounds(*record.models)]


if __name__ == "__main__":
    numbers = [int(each) for each in sys.argv[2:]]
    main(Path(sys.argv[1]), numbers[0] if numbers else 20, numbers[1] if len(numbers) > 1 else 12)
