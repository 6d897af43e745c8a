"""The child process in which Paddle-Lite's optimizer runs.

The optimizer answers every mistake in a model with ``abort()`` or a bad memory access, so it never
runs in a process that has anything to lose. It takes jobs as JSON Lines and prints a line for
each; one process converts many models, since its start costs more than a conversion.

A file on its own, run as ``python -I worker.py JOBS``.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

__all__ = ["MARK", "REFUSED", "main"]

MARK = b"@edgeslim "
"""Starts each line that is ours; the optimizer prints its own in between."""

REFUSED = 3
"""Exit status when the optimizer cannot be loaded; standard error says why."""

_VERSION_START, _VERSION_BYTES = 2, 16


def main(jobs: Path) -> None:
    """Does each job of a file in turn."""
    try:
        from paddlelite import lite
    except ImportError as error:
        sys.stderr.write(
            f"paddlelite does not load ({error}); "
            f"{sys.executable} -m pip install 'paddlelite==2.13rc0'\n"
        )
        sys.exit(REFUSED)

    out = os.dup(1)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    _say(out, {"version": lite.Opt().version()})
    for line in jobs.read_text().splitlines():
        job = json.loads(line)
        _say(out, {"start": job["index"]})
        # The default action ends the process even inside native code.
        signal.setitimer(signal.ITIMER_REAL, job["timeout_s"])
        start = time.monotonic()
        if job["task"] == "optimize":
            _optimize(lite, job)
        else:
            _fuse(lite, job)
        signal.setitimer(signal.ITIMER_REAL, 0)
        _say(out, {"done": job["index"], "wall_s": time.monotonic() - start})


def _say(out: int, message: dict[str, Any]) -> None:
    sys.stdout.flush()
    os.write(out, b"\n" + MARK + json.dumps(message).encode() + b"\n")


def _optimize(lite: Any, job: dict[str, Any]) -> None:  # noqa: ANN401 - no types exist
    opt = lite.Opt()
    opt.set_model_file(job["model"])
    opt.set_param_file(job["parameters"])
    if job["precision"] == "fp16":
        opt.enable_fp16()  # set_valid_places looks at it, and not the other way round
    opt.set_valid_places(job["target"])
    bits = {"int8-weights": "QUANT_INT8", "int16-weights": "QUANT_INT16"}.get(job["precision"])
    if bits:
        opt.set_quant_model(True)
        opt.set_quant_type(bits)
    opt.set_model_type("naive_buffer")
    opt.set_optimize_out(job["output"])
    opt.run()
    _clear_unset(Path(job["output"] + ".nb"))


def _clear_unset(path: Path) -> None:
    """Zeroes bytes that the optimizer leaves uninitialized, so that a model always gives one file.

    The version is a field of 16 characters after a 16-bit number. The optimizer sets those that
    the version has (Paddle-Lite, ``model_parser.cc``) and writes all.
    """
    with path.open("r+b") as file:
        file.seek(_VERSION_START)
        version = file.read(_VERSION_BYTES).split(b"\0")[0]
        file.seek(_VERSION_START)
        file.write(version.ljust(_VERSION_BYTES, b"\0"))


def _fuse(lite: Any, job: dict[str, Any]) -> None:  # noqa: ANN401
    target = {"x86": lite.TargetType.X86, "arm": lite.TargetType.ARM}[job["target"]]
    config = lite.CxxConfig()
    config.set_model_file(job["model"])
    config.set_param_file(job["parameters"])
    config.set_valid_places([lite.Place(target, lite.PrecisionType.FP32)])
    # Reusing memory renames variables, and their shapes are wrong afterwards.
    config.add_discarded_pass("memory_optimize_pass")
    lite.create_paddle_predictor(config).save_optimized_pb_model(job["output"])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
