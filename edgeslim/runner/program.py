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

SLOW = 1.06
"""A device whose reference takes this much longer than at its best is disturbed."""

INTERRUPTED = 0.4
"""Share of samples that waited for a core from which on their median is not to be trusted."""

ATTEMPTS = 3
"""How often a model is timed in one cache state while something disturbs it."""

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
    results = Results(results_path)  # first: native code may print
    tools = Tools(numpy, lite, folder, Sweep(numpy))
    if manifest["reference"]:
        try:
            reference = load_model(manifest["reference"], tools)
        except EntryError as failure:
            refuse(f"the reference model: {failure}")
        tools.pace = Pace(reference.run, manifest["baseline_ns"], manifest["patience_s"])
    results.say(
        {
            "event": "start",
            "numpy": numpy.__version__,
            "machine": platform.machine(),
            "pinned_cores": pinned,
        }
    )
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    for entry in manifest["entries"]:
        results.say({"event": "entry", "id": entry["id"]})
        # The default action ends the process even inside native code; the host goes on
        # with the next entry.
        signal.setitimer(signal.ITIMER_REAL, entry["timeout_s"] + max(0.0, tools.pace.patience_s))
        try:
            last = run_entry(entry, tools, results)
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


class Pace:
    """How fast the device is meanwhile, by a reference model that is run between all else.

    What neighbours on a shared machine, other programs or heat take from a device comes in
    bursts of seconds. They show in the reference; what is timed next to a slow one is not
    kept as long as there is patience to wait for a better moment.
    """

    def __init__(self, run: Callable[[], None] | None, baseline_ns: int, patience_s: float) -> None:
        self._run = run
        self._baseline_ns = baseline_ns
        self.patience_s = patience_s
        self.waited_ns = 0
        for _ in range(3 if run else 0):
            self.now()

    def now(self) -> int:
        """Nanoseconds that the reference takes now; 0 without one."""
        if self._run is None:
            return 0
        self._run()  # whatever ran before has its data in the caches
        times = []
        for _ in range(5):
            before = time.perf_counter_ns()
            self._run()
            times.append(time.perf_counter_ns() - before)
        taken = sorted(times)[2]
        self._baseline_ns = min(self._baseline_ns or taken, taken)
        return taken

    def slow(self, taken_ns: int) -> bool:
        """Whether the device is disturbed when its reference takes this long."""
        return taken_ns > SLOW * self._baseline_ns

    def settled(self) -> int:
        """Waits until the device is as fast as at its best, or patience is at its end."""
        started = time.perf_counter_ns()
        taken = self.now()
        while self.slow(taken) and self.patience_s > 0:
            time.sleep(0.05)
            taken = self.now()
            waited = time.perf_counter_ns() - started
            self.patience_s -= waited / 1e9
            self.waited_ns += waited
            started += waited
        return taken


class Tools:
    """What every entry needs."""

    def __init__(self, numpy: Any, lite: Any, folder: str, sweep: Sweep) -> None:  # noqa: ANN401
        self.numpy = numpy
        self.lite = lite
        self.folder = folder
        self.sweep = sweep
        self.pace = Pace(None, 0, 0.0)


class Model:
    """A loaded model: ``run`` runs it, ``feed`` writes its inputs anew."""

    def __init__(self, predictor: Any, arrays: List[Any]) -> None:  # noqa: ANN401
        self.run: Callable[[], None] = predictor.run
        self.version: str = predictor.get_version()
        self._predictor = predictor
        self._inputs = [(predictor.get_input(i), array) for i, array in enumerate(arrays)]

    def feed(self) -> None:
        """Writes the inputs, as the operators before would."""
        for tensor, array in self._inputs:
            tensor.from_numpy(array)

    def outputs(self) -> List[Any]:
        """What the last run gave."""
        count = len(self._predictor.get_output_names())
        return [self._predictor.get_output(index).numpy() for index in range(count)]


def load_model(entry: Message, tools: Tools) -> Model:
    """A model that is proved to be of this processor and library, run once."""
    check_targets(entry)
    path = os.path.join(tools.folder, entry["model"])
    config = tools.lite.MobileConfig()
    config.set_model_from_file(path)
    arrays = [make_input(each, tools.folder, tools.numpy) for each in entry["inputs"]]
    model = Model(tools.lite.create_paddle_predictor(config), arrays)
    for wanted in (entry["library_version"], version_in(path)):
        # The runtime itself would take it without a word.
        if wanted != model.version:
            raise EntryError(
                f"the model is for Paddle-Lite {wanted} and this runtime is {model.version}; "
                "convert it again"
            )
    model.feed()
    model.run()
    return model


def run_entry(entry: Message, tools: Tools, results: Results) -> Message:
    """Loads a model, proves that its outputs are numbers, and times it in each state."""
    started = loaded = time.perf_counter_ns()
    model = load_model(entry, tools)
    outputs = model.outputs()
    for index, output in enumerate(outputs):
        if output.dtype.kind == "f" and not tools.numpy.isfinite(output).all():
            raise EntryError(f"output {index} has values that are not finite")
    for index, name in enumerate(entry["keep_outputs"]):
        tools.numpy.save(os.path.join(tools.folder, name), outputs[index])
    for state in entry["states"]:
        message = undisturbed(state, model, tools)
        now, waited = time.perf_counter_ns(), tools.pace.waited_ns
        tools.pace.waited_ns = 0
        busy = {"busy_ns": now - loaded - waited, "waited_ns": waited}
        results.say({"event": "measured", "id": entry["id"], **message, **busy})
        loaded = now
    return {
        "event": "finished",
        "id": entry["id"],
        "outputs": [list(output.shape) for output in outputs],
        "version": model.version,
        "wall_ns": time.perf_counter_ns() - started,
    }


def undisturbed(state: Message, model: Model, tools: Tools) -> Message:
    """Times a model in one cache state, again while the device is disturbed meanwhile."""
    best: Message = {}
    for _ in range(ATTEMPTS):
        before = tools.pace.settled()
        message = measure(state, model, tools.sweep)
        after = tools.pace.now()
        share = message.pop("interrupted") / len(message["samples_ns"])
        message["reference_ns"] = [before, after]
        message["disturbed"] = ""
        if tools.pace.slow(max(before, after)):
            message["disturbed"] = "the device was slow"
        elif share > INTERRUPTED:
            # A short reference runs between the other programs and sees nothing.
            message["disturbed"] = f"other programs interrupted {share:.0%} of the runs"
        if not best or max(before, after) < max(best["reference_ns"]):
            best = message
        if not message["disturbed"]:
            return message
    return best


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


def measure(state: Message, model: Model, sweep: Sweep) -> Message:
    """Repeats until there are enough samples, enough time and a small enough spread."""
    swept = state["swept_bytes"]
    clock, worked = time.perf_counter_ns, time.thread_time_ns
    run = model.run
    for _ in range(state["warmup"]):
        run()
    started = clock()
    samples: List[int] = []
    interrupted = 0
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
    return {
        "swept_bytes": swept,
        "warmup": state["warmup"],
        "samples_ns": samples,
        "interrupted": interrupted,
    }


def relative_error(samples: list[int]) -> float:
    """Standard error of the median over the median, from the middle half of the samples."""
    ordered = sorted(samples)
    count = len(ordered)
    half = (ordered[(3 * count) // 4] - ordered[count // 4]) / 2.0
    return float(1.858 * half / ordered[count // 2] / count**0.5)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
