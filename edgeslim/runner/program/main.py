"""The runner's work: one entry after the other, each under its own deadline."""

from __future__ import annotations

import os
import platform
import signal
import sys
import time
from typing import Any, List, Tuple

from . import models
from .batch_file import PackedFiles, read_batch
from .fresh import FreshStarts
from .models import Tools
from .pace import Pace, Sweep
from .results import EntryError, Message, Results, refuse
from .sampling import measure_undisturbed
from .series import run_series

_NO_BIND = 3


class LiteRuntime:
    """Paddle-Lite's runtime; other engines are called in the same way (`.engine_models`)."""

    name = "python"

    def import_library(self, threads: int) -> Tuple[Any, Any]:  # noqa: ARG002 - OMP has them
        """Imports NumPy and the runtime."""
        return load()

    def load_model(self, entry: Message, tools: Tools) -> Any:
        """Loads a model and runs it once."""
        return models.load_model(entry, tools)


def main(batch_path: str, results_path: str, engine: Any = None) -> None:
    """Runs all entries of a batch in an engine, and writes the results."""
    engine = engine or LiteRuntime()
    manifest, files = read_batch(batch_path)
    if manifest["power_mode"] != _NO_BIND:
        refuse("Paddle-Lite's Python runtime binds no cores; use the power mode no-bind")
    pinned = pin(manifest["threads"])
    folder = os.path.dirname(os.path.abspath(results_path))
    start = {
        "event": "start",
        "runner": engine.name,
        "machine": platform.machine(),
        "pinned_cores": pinned,
        "threads": manifest["threads"],
        "power_mode": _NO_BIND,
    }
    entries = manifest["entries"]
    if entries and entries[0]["start"]:
        run_fresh(engine, manifest, files, folder, start, results_path)
        return
    numpy, library = engine.import_library(manifest["threads"])
    results = Results(results_path)  # first: native code may print
    tools = Tools(numpy, library, files, folder, Sweep(numpy))
    if manifest["reference"]:
        try:
            reference = engine.load_model(manifest["reference"], tools)
        except EntryError as failure:
            refuse(f"the reference model: {failure}")
        states = manifest["reference"]["states"]
        tools.pace = Pace(
            reference.run,
            manifest["baseline_ns"],
            manifest["patience_s"],
            core_time=any(state.get("core_time") for state in states),
        )
    results.say(start)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    for entry in entries:
        results.say({"event": "entry", "id": entry["id"]})
        # The default action ends the process even inside native code; the host goes on
        # with the next entry.
        signal.setitimer(signal.ITIMER_REAL, entry["timeout_s"] + max(0.0, tools.pace.patience_s))
        try:
            last = run_entry(engine, entry, tools, results)
        except EntryError as failure:
            last = {"event": "failed", "id": entry["id"], "reason": str(failure)}
        signal.setitimer(signal.ITIMER_REAL, 0)
        results.say(last)
    results.close()


def run_fresh(
    engine: Any, manifest: Message, files: PackedFiles, folder: str, start: Message, path: str
) -> None:
    """Runs a batch whose entries start in processes of their own; this one imports no engine."""
    results = Results(path)
    starts = FreshStarts(engine, manifest["threads"], files, folder)
    results.say(start)
    for entry in manifest["entries"]:
        results.say({"event": "entry", "id": entry["id"]})
        results.say(starts.run(entry))
    results.close()


def load() -> Tuple[Any, Any]:
    """Imports NumPy and the runtime, if their versions fit together."""
    try:
        import numpy
    except ImportError as error:
        refuse(f"NumPy does not load ({error}); {install('numpy<2')}")
    if int(numpy.__version__.split(".")[0]) >= 2:
        refuse(
            f"NumPy {numpy.__version__} corrupts the Paddle-Lite runtime in silence; "
            f"{install('numpy<2')}"
        )
    try:
        import paddlelite.lite as lite
    except ImportError as error:
        refuse(f"paddlelite does not load ({error}); {install('paddlelite==2.13rc0')}")
    return numpy, lite


def install(package: str) -> str:
    """The command that installs a package into the Python that runs this."""
    return f"{sys.executable} -m pip install '{package}'"


def pin(threads: int) -> List[int]:
    """Pins the process to as many cores as it has threads: the last ones allowed."""
    if not hasattr(os, "sched_setaffinity"):
        return []
    allowed = sorted(os.sched_getaffinity(0))
    if threads > len(allowed):
        refuse(
            f"{threads} threads do not fit on {len(allowed)} cores; "
            f"--threads {len(allowed)} is the most"
        )
    chosen = allowed[-threads:]
    os.sched_setaffinity(0, chosen)
    return chosen


def run_entry(engine: Any, entry: Message, tools: Tools, results: Results) -> Message:
    """Loads a model, checks that its outputs are finite, times it in each state, runs its series.

    Of a series, values that are not finite are results: those who read them judge.
    """
    started = loaded = time.perf_counter_ns()
    model = engine.load_model(entry, tools)
    outputs = model.outputs()
    series = entry.get("series")
    for index, output in enumerate(outputs):
        if not series and output.dtype.kind == "f" and not tools.numpy.isfinite(output).all():
            raise EntryError(f"output {index} has values that are not finite")
    for index, name in enumerate(entry["keep_outputs"]):
        tools.numpy.save(os.path.join(tools.folder, name), outputs[index])
    for state in entry["states"]:
        message = measure_undisturbed(state, model, tools)
        now, waited = time.perf_counter_ns(), tools.pace.waited_ns
        tools.pace.waited_ns = 0
        busy = {"busy_ns": now - loaded - waited, "waited_ns": waited}
        results.say({"event": "measured", "id": entry["id"], **message, **busy})
        loaded = now
    if series:
        model.start["series_ns"] = run_series(series, model, tools)
    return {
        "event": "finished",
        "id": entry["id"],
        "outputs": [list(output.shape) for output in outputs],
        "version": model.version,
        **model.start,
        "wall_ns": time.perf_counter_ns() - started,
    }
