"""The runner: times models with the Paddle-Lite runtime, on the device, in its own process.

A file on its own that imports nothing of edgeslim and never Paddle (which would share its
thread pools and caches with the measurement). It reads a manifest, and writes one JSON
line for each thing that happens to a results file and to standard output, each with a
sequence number; the last line has their count and a checksum.

    python program.py MANIFEST RESULTS

See `edgeslim.runner.protocol` for both documents. Boards have old Pythons: this file needs
3.7 and nothing newer.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import signal
import sys
import time
from typing import Any, Callable, Dict, List, NoReturn

Message = Dict[str, Any]
"""A part of the manifest or of the results, as JSON has it."""

REFUSED = 3
"""Exit status when the runner will not run at all; standard error says why."""

OWN_TARGETS = {"x86_64": {1, 2}, "aarch64": {1, 4}, "armv7l": {1, 4}}
"""Kernels that this processor really has; others are empty shells that return at once."""


class Results:
    """The results file, flushed line by line, echoed for progress."""

    def __init__(self, path: str) -> None:
        # Standard output is ours alone: what native code prints goes with the errors.
        self._echo = os.dup(1)
        os.dup2(2, 1)
        self._file = open(path, "wb")
        self._count = 0
        self._digest = hashlib.sha256()

    def say(self, message: Message) -> None:
        """Writes one line."""
        line = json.dumps({"sequence": self._count, **message}).encode() + b"\n"
        self._file.write(line)
        self._file.flush()
        self._digest.update(line)
        self._count += 1
        while line:
            line = line[os.write(self._echo, line) :]

    def close(self) -> None:
        """Writes the end mark."""
        count, checksum = self._count, self._digest.hexdigest()
        self.say({"event": "end", "count": count, "sha256": checksum})
        os.fsync(self._file.fileno())
        self._file.close()


def main(manifest_path: str, results_path: str) -> None:
    """Does what a manifest says."""
    with open(manifest_path) as stream:
        manifest = json.load(stream)
    if manifest["protocol"] != 1:
        refuse(f"the manifest has protocol {manifest['protocol']}; this runner speaks 1")
    pinned = pin(manifest["threads"])
    numpy, lite = load()
    folder = os.path.dirname(os.path.abspath(manifest_path))
    results = Results(results_path)
    results.say(
        {
            "event": "start",
            "numpy": numpy.__version__,
            "machine": platform.machine(),
            "pinned_cores": pinned,
        }
    )
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    sweep = Sweep(numpy)
    for entry in manifest["entries"]:
        results.say({"event": "entry", "id": entry["id"]})
        # The default action ends the process even inside native code; the host goes on
        # with the next entry.
        signal.setitimer(signal.ITIMER_REAL, entry["timeout_s"])
        try:
            last = run_entry(entry, folder, numpy, lite, sweep, results)
        except EntryError as failure:
            last = {"event": "failed", "id": entry["id"], "reason": str(failure)}
        signal.setitimer(signal.ITIMER_REAL, 0)
        results.say(last)
    results.close()


class EntryError(Exception):
    """One entry cannot be measured; the others can."""


def refuse(reason: str) -> NoReturn:
    """Ends the runner before it has run anything."""
    sys.stderr.write(reason + "\n")
    sys.exit(REFUSED)


def load() -> tuple[Any, Any]:
    """NumPy and the runtime, if they fit together."""
    try:
        import numpy
    except ImportError as error:
        refuse(f"NumPy does not load ({error}); pip install 'numpy<2'")
    if int(numpy.__version__.split(".")[0]) >= 2:
        refuse(
            f"NumPy {numpy.__version__} corrupts the Paddle-Lite runtime in silence; "
            "pip install 'numpy<2'"
        )
    try:
        import paddlelite.lite as lite
    except ImportError as error:
        refuse(f"paddlelite does not load ({error}); pip install 'paddlelite==2.13rc0'")
    return numpy, lite


def pin(threads: int) -> list[int]:
    """Keeps the process on as many cores as it has threads: the last ones allowed."""
    if not hasattr(os, "sched_setaffinity"):
        return []
    allowed = sorted(os.sched_getaffinity(0))
    if threads > len(allowed):
        refuse(f"{threads} threads do not fit on {len(allowed)} cores")
    chosen = allowed[-threads:]
    os.sched_setaffinity(0, chosen)
    return chosen


class Sweep:
    """Memory that is touched to push other things out of the caches.

    Half of it is written and half only read, as in a network, where activations are
    written and weights are not: what is pushed out of a cache costs more if it was written.
    """

    def __init__(self, numpy: Any) -> None:  # noqa: ANN401 - a module
        self._numpy = numpy
        self._memory = numpy.ones(0, numpy.uint64)

    def __call__(self, size: int) -> None:
        count = size // 8
        if self._memory.size < count:
            self._memory = self._numpy.ones(count, self._numpy.uint64)
        written = self._memory[: count // 2]
        self._numpy.add(written, 1, out=written)
        self._memory[count // 2 : count].max()


class Model:
    """A loaded model: ``run`` runs it, ``feed`` writes its inputs anew."""

    def __init__(self, run: Callable[[], None], feed: Callable[[], None]) -> None:
        self.run = run
        self.feed = feed


def run_entry(
    entry: Message,
    folder: str,
    numpy: Any,  # noqa: ANN401 - a module
    lite: Any,  # noqa: ANN401 - a module
    sweep: Sweep,
    results: Results,
) -> Message:
    """Loads a model, proves that its outputs are numbers, and times it in each state."""
    busy = time.perf_counter_ns()
    check_targets(entry)
    path = os.path.join(folder, entry["model"])
    config = lite.MobileConfig()
    config.set_model_from_file(path)
    predictor = lite.create_paddle_predictor(config)
    version = predictor.get_version()
    for wanted in (entry["library_version"], version_in(path)):
        # The runtime itself would take it without a word.
        if wanted != version:
            raise EntryError(
                f"the model is for Paddle-Lite {wanted} and this runtime is {version}; "
                "convert it again"
            )
    arrays = [make_input(each, folder, numpy) for each in entry["inputs"]]
    tensors = [predictor.get_input(index) for index in range(len(arrays))]

    def feed() -> None:
        for tensor, array in zip(tensors, arrays):
            tensor.from_numpy(array)

    feed()
    predictor.run()
    outputs = [
        predictor.get_output(index).numpy() for index in range(len(predictor.get_output_names()))
    ]
    for index, output in enumerate(outputs):
        if output.dtype.kind == "f" and not numpy.isfinite(output).all():
            raise EntryError(f"output {index} has values that are not finite")
    for index, name in enumerate(entry["keep_outputs"]):
        numpy.save(os.path.join(folder, name), outputs[index])
    loaded = time.perf_counter_ns()
    for state in entry["states"]:
        measure(entry, state, Model(predictor.run, feed), sweep, results, loaded)
        loaded = time.perf_counter_ns()
    return {
        "event": "finished",
        "id": entry["id"],
        "outputs": [list(output.shape) for output in outputs],
        "version": version,
        "wall_ns": time.perf_counter_ns() - busy,
    }


def version_in(model: str) -> str:
    """The version that an optimized model was made by, from its header."""
    with open(model, "rb") as stream:
        return stream.read(18)[2:].split(b"\0")[0].decode(errors="replace")


def check_targets(entry: Message) -> None:
    """Refuses a model whose kernels this processor does not have."""
    own = OWN_TARGETS.get(platform.machine())
    foreign = sorted(set(entry["kernel_targets"]) - (own or set(entry["kernel_targets"])))
    if foreign:
        raise EntryError(
            f"the model's kernels are for another processor (targets {foreign}), and would "
            "seem to run in no time; convert it for this one"
        )


def make_input(description: Message, folder: str, numpy: Any) -> Any:  # noqa: ANN401 - an array
    """An input from a file, or noise from a seed."""
    if description["file"]:
        return numpy.load(os.path.join(folder, description["file"]), allow_pickle=False)
    generator = numpy.random.default_rng(description["seed"])
    array = generator.standard_normal(description["shape"], dtype=numpy.float32)
    if description["positive"]:
        array = numpy.abs(array) + numpy.float32(0.1)
    return numpy.ascontiguousarray(array.astype(description["dtype"]))


def measure(
    entry: Message,
    state: Message,
    model: Model,
    sweep: Sweep,
    results: Results,
    since: int,
) -> None:
    """Repeats until there are enough samples, enough time and a small enough spread."""
    swept = state["swept_bytes"]
    clock, worked = time.perf_counter_ns, time.thread_time_ns
    for _ in range(state["warmup"]):
        model.run()
    started = clock()
    samples: List[int] = []
    interrupted = 0
    run = model.run
    while True:
        if swept:
            sweep(swept)
            model.feed()
        work = worked()
        before = clock()
        run()
        samples.append(clock() - before)
        # A short run fits between two interruptions and its median is right; a long one
        # waits for other programs every time, which no median can mend.
        interrupted += worked() - work < 0.95 * samples[-1]
        spent = (clock() - started) / 1e9
        if len(samples) >= state["maximum_samples"]:
            break
        if spent >= state["maximum_s"] and len(samples) >= 3:
            break
        if len(samples) < state["minimum_samples"] or spent < state["minimum_s"]:
            continue
        if relative_error(samples) <= state["relative_error"]:
            break
    results.say(
        {
            "event": "measured",
            "id": entry["id"],
            "swept_bytes": swept,
            "warmup": state["warmup"],
            "samples_ns": samples,
            "interrupted": interrupted,
            "busy_ns": clock() - since,
        }
    )


def relative_error(samples: list[int]) -> float:
    """Standard error of the median over the median, from the middle half of the samples."""
    ordered = sorted(samples)
    count = len(ordered)
    half = (ordered[(3 * count) // 4] - ordered[count // 4]) / 2.0
    return float(1.858 * half / ordered[count // 2] / count**0.5)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
