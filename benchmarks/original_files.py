"""Do the configuration files that PaddleSlim 1.x published run unchanged, and what comes of them?

    nice .venv/bin/python benchmarks/original_files.py FOLDER                       # 20 minutes
    .venv/bin/python benchmarks/original_files.py FOLDER --out originals.jsonl      # goes on

FOLDER holds the files, in folders and under names as they were: ``PaddleSlim/`` from the history of
https://github.com/PaddlePaddle/models, ``PaddleDetection/slim/`` from its branch release/1.6. A
revision may stand behind a dot: ``configs/quantization.4c8ab29f.yaml``.

Each is run by ``edgeslim compress`` in a process and an empty folder of its own, on a network that
has the weights that it names, at 32x32 on a tenth of the digits (detectors at 96x96 on drawn
pictures). Only this is overridden: epochs, whose order stays as it is (0, 120, 121, 141, 142 become
0 to 4), how many candidates a search has and how long they are trained, and names of feature maps,
which Paddle 1.x called otherwise.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import yaml
from machine import machine_line
from tabulate import tabulate

import edgeslim.cli.commands  # noqa: F401 - loaded once, for all
from edgeslim.cli.main import run as run_program
from edgeslim.paddle_io.importing import load_paddle

HERE = Path(__file__).resolve().parent
SMALL = f"{HERE / 'small_mobilenet.py'}:build"
LIMIT_S = 300

EPOCHS = ("start_epoch", "end_epoch")
COUNTS = {"retrain_epoch": 1, "search_steps": 2}
"""The most that is left of what says how long a search is."""

RATE = 1e-9
"""What is learned is not asked here, and what a teacher that has seen little gives is large."""

SCORES = "linear_0.tmp_0"
OF_ONE_SIZE = ["depthwise_conv2d_1.tmp_0", "conv2d_2.tmp_0"]
OF_DETECTOR = "conv2d_15.tmp_0"
"""Feature maps of our networks; student and teacher are of one kind."""

Row = dict[str, Any]


class Setting(NamedTuple):
    """What a file is run on.

    Args:
        network: What ``--model`` says.
        label: How the table calls it.
        task: What ``--task`` says.
        side: Of the images.
        batch: Examples of a step.
    """

    network: str
    label: str
    task: str = str(HERE / "few_digits.py")
    side: int = 32
    batch: int = 32

    def told(self) -> list[object]:
        """For the command line."""
        shape = f"1,3,{self.side},{self.side}"
        return ["--task", self.task, "--input-shape", shape, "--batch-size", self.batch]


def setting(file: Path, scratch: Path) -> Setting:
    """A network that has the weights that a file names, which they are told by."""
    place, text = file.as_posix(), file.read_text()
    for part, network in (("yolov3", "yolov3-mobilenet-v1"), ("/ssd/", "ssd-mobilenet-v1")):
        if part in place:
            return Setting(network, network, f"voc:{pictures(scratch)}", 96, 8)
    if "_sep_" in text or "pruned_params" not in text:
        return Setting(SMALL, "mobilenet-v1, a quarter as wide")
    network = "resnet18" if "branch" in text else "mobilenet-v2"
    return Setting(network, network)


def overrides(document: Row) -> Iterator[str]:
    """What is said otherwise than in the file."""
    strategies: Row = document.get("strategies") or {}
    common: Row = document.get("compressor") or {}
    said = {each[key] for each in strategies.values() for key in EPOCHS if key in each}
    epochs = sorted({*said, common.get("epoch", 1)} - {0})
    shorter, last = {0: 0}, 0
    for epoch in epochs:
        shorter[epoch] = shorter[last] + min(epoch - last, 2 if len(epochs) == 1 else 1)
        last = epoch
    if "epoch" in common:
        yield f"compressor.epoch={shorter[common['epoch']]}"
    for name, each in strategies.items():
        for key, value in each.items():
            if key in EPOCHS:
                yield f"strategies.{name}.{key}={shorter[value]}"
            elif key in COUNTS:
                yield f"strategies.{name}.{key}={min(COUNTS[key], value)}"
    for name, each in (document.get("distillers") or {}).items():
        for key, value in each.items():
            if key.endswith("_pairs"):
                yield f"distillers.{name}.{key}={json.dumps([OF_ONE_SIZE] * len(value))}"
            elif key.endswith("_feature_map"):
                ours = SCORES if re.search(r"fc(_\d)?\.", value) else OF_DETECTOR
                yield f"distillers.{name}.{key}={ours}"


@cache
def trained(asked: Setting, scratch: Path) -> Path:
    """A network that knows the examples a little: the originals began with pretrained ones."""
    folder = scratch / "trained" / asked.label
    told = [*asked.told(), "--epochs", 6, "--learning-rate", 0.01]
    code, _, said = call(["train", asked.network, *told, "--out", folder], scratch)
    assert not code, said
    return folder


@cache
def pictures(scratch: Path) -> Path:
    """Pictures with boxes, for detectors."""
    folder = scratch / "voc"
    command = [HERE / "small_voc.py", folder, "--train", 16, "--validation", 8, "--side", 96]
    subprocess.run([sys.executable, *map(str, command)], check=True)
    return folder


def row_of(file: Path, folder: Path, scratch: Path) -> Row:
    """What comes of a file."""
    asked, document = setting(file, scratch), yaml.safe_load(file.read_bytes())
    said, searches = list(overrides(document)), "LightNAS" in file.read_text()
    command = ["compress", file.resolve(), *asked.told(), "--learning-rate", RATE]
    command += [] if searches else ["--model", trained(asked, scratch)]
    command += ["--teacher", trained(asked, scratch)] if "distillers" in document else []
    command += ["--out", "result", "--json", *(["-o", *said] if said else [])]
    begin = time.monotonic()
    with TemporaryDirectory(dir=scratch) as empty:
        code, out, error = call(command, Path(empty))
    row = {
        "file": file.relative_to(folder).as_posix(),
        "network": "light-nas" if searches else asked.label,
        "overrides": said,
        "seconds": round(time.monotonic() - begin, 1),
        "code": code,
    }
    if code:
        message = error.strip().splitlines()[-1].removeprefix("edgeslim: ")
        return {**row, "refused": message.removeprefix(f"{file.resolve()}: ")}
    result = json.loads(out)
    return {
        **row,
        "epochs": len(result["history"]),
        "events": [event for each in result["history"] for event in each["events"]],
        "notes": result["notes"],
    }


def call(arguments: Sequence[object], folder: Path) -> tuple[int | None, str, str]:
    """A command in a process of its own, forked from this one, which has everything loaded."""
    streams = (folder / ".out", folder / ".error")
    child = multiprocessing.get_context("fork").Process(
        target=run_in, args=(folder, list(map(str, arguments)), streams)
    )
    child.start()
    child.join(LIMIT_S)
    if child.is_alive():
        child.kill()
        child.join()
        return 1, "", f"not done in {LIMIT_S} s"
    out, error = (each.read_text() for each in streams)
    return child.exitcode, out, error


def run_in(folder: Path, arguments: list[str], streams: Sequence[Path]) -> None:
    """The program, with its output in files."""
    os.chdir(folder)
    for number, path in enumerate(streams, start=1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), number)
    sys.argv = ["edgeslim", *arguments]
    run_program()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, help="rows, one a line; those there are not run again")
    given = parser.parse_args()
    load_paddle()
    rows: dict[str, Row] = {}
    if given.out and given.out.exists():
        rows = {row["file"]: row for row in map(json.loads, given.out.read_text().splitlines())}
    with TemporaryDirectory() as scratch:
        for file in sorted(each for each in given.folder.rglob("*.y*ml") if each.is_file()):
            name = file.relative_to(given.folder).as_posix()
            if name in rows:
                continue
            rows[name] = row = row_of(file, given.folder, Path(scratch))
            if given.out:
                with given.out.open("a") as stream:
                    stream.write(json.dumps(row) + "\n")
            sys.stderr.write(f"{name}: {row.get('refused', 'ran')}, {row['seconds']} s\n")
    print_table(list(rows.values()))


def print_table(rows: list[Row]) -> None:
    """A line for each file and what happens, with the revisions of which it is true."""
    lines: dict[tuple[str, str, str], list[str]] = {}
    for row in rows:
        path = Path(row["file"])
        stem, _, revision = path.stem.partition(".")
        name = path.with_name(stem + path.suffix).as_posix()
        lines.setdefault((name, row["network"], told(row)), []).append(revision)
    table = [[name, ", ".join(found), *more] for (name, *more), found in lines.items()]
    print(tabulate(table, ["file", "revisions", "run on", "what happens"], "github"))
    refused = sum("refused" in row for row in rows)
    print(f"\n{len(rows) - refused} of {len(rows)} files ran to their end; refused: {refused}")
    print(machine_line())


def told(row: Row) -> str:
    """What happened, in a few words."""
    if "refused" in row:
        return f"refused: {row['refused']}"
    said = [re.sub(r"^strategies\.\w+[.:] ?", "", each) for each in row["events"] + row["notes"]]
    idle = [each.partition(" has no effect")[0] for each in said if " has no effect" in each]
    does = [re.sub(r", (parameters|accuracy|mean_av).*", "", each) for each in said]
    does = [each.partition(";")[0] for each in does if " has no effect" not in each]
    done = "1 epoch" if row["epochs"] == 1 else f"{row['epochs']} epochs"
    taught = [each.split(".")[1] for each in row["overrides"] if each.startswith("distillers.")]
    if taught:
        done += f", taught by {' and '.join(dict.fromkeys(taught))}"
    return "; ".join([done, *does, *([f"without effect: {', '.join(idle)}"] if idle else [])])


if __name__ == "__main__":
    main()
