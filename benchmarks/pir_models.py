"""Networks of `paddle.vision.models` saved by Paddle 3 in its own format: read, converted, right?

    nice .venv/bin/python benchmarks/pir_models.py                # all: some minutes
    .venv/bin/python benchmarks/pir_models.py resnet18 vgg11      # some
    .venv/bin/python benchmarks/pir_models.py --out pir.jsonl     # goes on where it was

Each is saved with random weights as ``inference.json``, at the smallest image that it takes,
translated, converted for arm and x86, and both are proved: what `opt` made is computed by the
meaning of its operators, and by the x86 runtime, beside Paddle running the ``.json``. The
translation (the program read, the parameters' file looked through, the old description made; that
file itself is copied as it is) is timed beside ``paddle.jit.load`` of the same files, one after the
other in one process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from machine import machine_line
from tabulate import tabulate

ROUNDS = 7
LIMIT = 1e-5

WIDTHS = {
    "mobilenet_v1": (0.25, 0.5, 0.75),
    "mobilenet_v2": (0.25, 0.5, 0.75),
    "mobilenet_v3_small": (0.35, 0.5, 0.75, 1.25),
    "mobilenet_v3_large": (0.35, 0.5, 0.75, 1.25),
}
WITH_BATCH_NORM = ("vgg11", "vgg13", "vgg16", "vgg19")

SIDES = {"inception_v3": 80, "alexnet": 64, "squeezenet1_0": 32, "squeezenet1_1": 32}
"""Of the smallest image, where 32 is too small or there is a reason for it."""


def networks() -> dict[str, dict[str, object]]:
    """Settings of each network by the name that it has here."""
    from paddle.vision import models

    plain = [name for name in models.__all__ if name[0].islower()]
    found: dict[str, dict[str, object]] = {name: {} for name in plain}
    for name, scales in WIDTHS.items():
        found |= {f"{name} x{scale}": {"scale": scale} for scale in scales}
    found |= {f"{name} bn": {"batch_norm": True} for name in WITH_BATCH_NORM}
    return found | {"LeNet": {}}


def save(name: str, folder: Path) -> tuple[int, ...]:
    """Saves a network in Paddle 3's format; returns the shape of its input."""
    import paddle
    from paddle.vision import models

    paddle.seed(0)
    kind = name.split(maxsplit=1)[0]
    net = getattr(models, kind)(**networks()[name])
    net.eval()
    channels, least = (1, 28) if kind == "LeNet" else (3, SIDES.get(kind, 32))
    for side in (least, *(each for each in (64, 96, 128, 224) if each > least)):
        try:
            net(paddle.zeros([1, channels, side, side]))
        except (ValueError, RuntimeError):
            continue
        break
    shape = (1, channels, side, side)
    spec = paddle.static.InputSpec([None, *shape[1:]], "float32", name="image")
    with paddle.pir_utils.IrGuard():
        paddle.jit.save(net, str(folder / "inference"), input_spec=[spec])
    return shape


def time_both(folder: Path) -> None:
    """Prints milliseconds of the translation and of ``paddle.jit.load``, each a median."""
    import paddle

    from edgeslim.paddle_io.pir.file_translation import old_description

    path = folder / "inference.json"
    times: dict[str, list[float]] = {"translation": [], "load": []}
    for number in range(ROUNDS + 1):
        begun = time.perf_counter()
        old_description(path, path.with_suffix(".pdiparams")).SerializeToString()
        between = time.perf_counter()
        paddle.jit.load(str(path.with_suffix("")))
        done = time.perf_counter()
        if number:  # the first of each loads what the others find
            times["translation"].append(between - begun)
            times["load"].append(done - between)
    print(json.dumps({key: 1e3 * statistics.median(each) for key, each in times.items()}))


def measured(name: str) -> dict[str, object]:
    """Everything of one network."""
    import edgeslim
    from edgeslim.execution import Target

    with TemporaryDirectory() as scratch:
        folder = Path(scratch, "model")
        shape = save(name, folder)
        environment = {**os.environ, "FLAGS_enable_pir_api": "1", "GLOG_minloglevel": "2"}
        command = [sys.executable, __file__, "--time", str(folder)]
        timed = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
        row: dict[str, object] = {"name": name, "side": shape[-1]}
        row |= json.loads(timed.stdout.splitlines()[-1])
        shapes = {"": shape}
        models = edgeslim.convert(
            str(folder), list(Target), out=Path(scratch), input_shapes=shapes
        ).models
        row["targets"] = [model.target.value for model in models]
        row["proved"] = sorted({proof for model in models for proof in model.outputs.proved_by})
        row["off"] = max(model.outputs.max_rel for model in models)
    return row


def tell_row(name: str) -> None:
    """Prints everything of one network, or why it failed."""
    from edgeslim.errors import EdgeslimError
    from edgeslim.paddle_io.importing import load_paddle

    load_paddle()
    try:
        row = measured(name)
    except EdgeslimError as error:
        row = {"name": name, "failed": str(error)}
    print(json.dumps(row))


def row_of(name: str) -> dict[str, float]:
    """Everything of one network, from a process of its own: Paddle keeps what it has computed."""
    # Paddle, which knows the names of networks, has set its own way of programs here.
    environment = {**os.environ, "FLAGS_enable_pir_api": "0"}
    command = [sys.executable, __file__, "--row", name]
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    row: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return row


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--time", type=Path, help="a folder, for a process of its own")
    parser.add_argument("--row", help="a network, likewise")
    options = parser.parse_args()
    if options.time:
        time_both(options.time)
        return
    if options.row:
        tell_row(options.row)
        return
    rows = {}
    if options.out and options.out.exists():
        rows = {row["name"]: row for row in map(json.loads, options.out.read_text().splitlines())}
    for name in options.names or networks():
        if name in rows:
            continue
        rows[name] = row_of(name)
        if options.out:
            with options.out.open("a") as stream:
                stream.write(json.dumps(rows[name]) + "\n")
        sys.stderr.write(f"{name} done\n")
    print_table(rows)


def print_table(rows: dict[str, dict[str, float]]) -> None:
    headers = ["network", "image", "off by", "translated", "jit.load", "share"]
    table = [
        [
            name,
            f"{row['side']}x{row['side']}",
            f"{row['off']:.1e}",
            f"{row['translation']:.1f} ms",
            f"{row['load']:.1f} ms",
            f"{row['translation'] / row['load']:.2f}",
        ]
        for name, row in rows.items()
        if "failed" not in row
    ]
    print(tabulate(table, headers=headers, tablefmt="github"))
    done = [row for row in rows.values() if "failed" not in row]
    for name, row in rows.items():
        if "failed" in row:
            print(f"{name}: {row['failed']}")
    shares = [row["translation"] / row["load"] for row in done]
    right = sum(row["off"] <= LIMIT for row in done)
    print(
        f"\n{len(done)} of {len(rows)} networks translated and converted for arm and x86, {right} "
        f"within {LIMIT}; "
        f"translation takes {statistics.median(shares):.2f} of paddle.jit.load (median), "
        f"{max(shares):.2f} at most"
    )
    print(machine_line())
    sys.exit(right < len(rows))


if __name__ == "__main__":
    main()
