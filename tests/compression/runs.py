"""Compressions on the digits in processes of their own, that may be killed."""

from __future__ import annotations

import signal
from pathlib import Path

import numpy as np

from edgeslim.paddle_io.proto import read_program
from edgeslim.runs.checkpoint import newest_checkpoint, read_arrays
from tests.program import Ended, edgeslim, ended, fork
from tests.tools import PROJECT, wait_until

CONFIGS = PROJECT / "configs"

BATCH = 128

MAPS = ("linear_0.tmp_1", "relu_0.tmp_0", "batch_norm_3.tmp_2")
"""Of the small network of `tests.pruning.trained`: its scores, and two maps of one size."""

KILL = """
import importlib, os, signal
from edgeslim.paddle_io.importing import load_paddle

def killing(module, name, count, number=signal.SIGKILL):
    load_paddle()
    holder = importlib.import_module(module)
    *path, last = name.split(".")
    for each in path:
        holder = getattr(holder, each)
    inner, calls = getattr(holder, last), [0]

    def wrapped(*given, **named):
        calls[0] += 1
        if calls[0] == count:
            os.kill(os.getpid(), number)
        return inner(*given, **named)

    setattr(holder, last, wrapped)
"""


def killing(module: str, name: str, count: int, number: str = "signal.SIGKILL") -> str:
    """Python that ends its own process at a call of a function."""
    return f"{KILL}\nkilling({module!r}, {name!r}, {count}, {number})"


def command(config: Path | str, folder: Path, *more: str) -> tuple[object, ...]:
    """A compression of the small network, with checkpoints in a folder called ``ckpt``."""
    path = config if isinstance(config, Path) else CONFIGS / f"{config}.yaml"
    overrides = (*more, "compressor.checkpoint_path=ckpt", f"compressor.batch_size={BATCH}")
    given = [each for text in overrides for each in ("-o", text)]
    return ("compress", path, "--model", folder / "net", "--task", "digits", *given, "--json")


def run(folder: Path, *arguments: object, first: str = "") -> Ended:
    """Runs a command in a folder to its end."""
    return edgeslim(*arguments, folder=folder, first=first)


def killed(folder: Path, *arguments: object, first: str) -> None:
    """Runs a command that must end by SIGKILL."""
    done = run(folder, *arguments, first=first)
    assert done.code == -signal.SIGKILL, (done.code, done.err)


def killed_after(folder: Path, *arguments: object, epoch: int) -> None:
    """Runs a command and kills it as soon as a checkpoint is there."""
    process = fork(*arguments, folder=folder)
    try:
        assert wait_until((folder / "ckpt" / str(epoch)).exists, timeout_s=300)
    finally:
        process.send_signal(signal.SIGKILL)
        done = ended(process)
    assert done.code == -signal.SIGKILL


def weights(folder: Path) -> dict[str, np.ndarray]:
    """Everything that training has changed by the last checkpoint, and the model itself."""
    last, _ = newest_checkpoint(folder / "ckpt")
    assert last is not None
    found = read_arrays(last.state)
    for ending in ("pdmodel", "pdiparams"):
        content = (folder / "ckpt" / f"model.{ending}").read_bytes()
        assert content == last.eval_model.with_suffix(f".{ending}").read_bytes()
        found[ending] = np.frombuffer(content, np.uint8)
    read_program(folder / "ckpt" / "model.pdmodel")
    return found


def same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    """Whether two compressions ended with the same bits."""
    return one.keys() == other.keys() and all(
        one[name].tobytes() == other[name].tobytes() for name in one
    )
