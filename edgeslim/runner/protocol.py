"""The batch protocol: the documents that a runner reads and writes.

    RUNNER BATCH RESULTS

``BATCH`` is one file: a line of JSON, the manifest, and after it the bytes of all files that
it names, in its order. It names models, inputs and how each model is to be timed. The runner
verifies the checksum of the bytes before it does anything.

The runner writes JSON Lines to ``RESULTS``, each as it happens, and the same to standard
output for those who watch; the file is what counts. They are numbered from 0: ``start``, then
for each entry ``entry``, one ``measured`` for each cache state and ``finished`` or ``failed``,
at last ``end`` with the count of lines before it and the SHA-256 of them. An entry counts once
its ``finished`` or ``failed`` is there; what lacks the end is a batch that was cut off.

An entry with a ``start`` is not timed: it is loaded and run once in a process of its own, as an
app does it, and its ``finished`` says how long that took and what memory the process had. A runner
that was built before there were such entries says nothing of it.

Noise for inputs is the same from every runner, to the bit. Element ``i`` of seed ``s`` is made
of ``z = splitmix64(s << 32 | i)``: the four 16-bit pieces of ``z`` are added, 131070 is taken
off, and the result is divided by 37837.227, their standard deviation, in double precision and
rounded to the element's type. (splitmix64 is Steele, Lea and Flood, "Fast splittable
pseudorandom number generators", OOPSLA 2014: its state after one step is ``x +
0x9E3779B97F4A7C15``.) Positive noise is the absolute value plus 0.1, in single precision. Whole
numbers below ``n``, for what chooses rows that are there, are the remainders of ``z`` by ``n``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec

from edgeslim.errors import BadFileError
from edgeslim.measurement import CacheState
from edgeslim.opspec import Shape

__all__ = [
    "PROTOCOL",
    "Entry",
    "Event",
    "Input",
    "Manifest",
    "PackedFile",
    "Sampling",
    "Series",
    "check_complete",
    "parse_event",
    "whole_events",
]

PROTOCOL = 3
"""1: files beside the manifest. 2: one file for all; noise of our own (both 2026-11). 3: whole
numbers below a bound (2026-11)."""


class Input(msgspec.Struct, frozen=True, kw_only=True):
    """One input of a model: a file of NumPy's, or noise from a seed.

    Args:
        shape: Extents of the input.
        dtype: NumPy's name of the type of its elements.
        file: File with its elements, in the batch.
        seed: Seed of the noise if there is no file.
        positive: Whether the noise is kept above zero.
        below: If not 0, the noise is integers from 0 to below this.
    """

    shape: Shape
    dtype: str = "float32"
    file: str = ""
    seed: int = 0
    positive: bool = False
    below: int = 0


class Sampling(msgspec.Struct, frozen=True, kw_only=True):
    """How often a model is timed in one cache state.

    Sampling continues until there are ``minimum_samples`` and ``minimum_s`` has passed, and
    then until the standard error of the median is ``relative_error`` or one of the maxima
    is reached.

    With ``core_time``, a run that other programs interrupted counts with the time that it had a
    core, without the time that it waited for one. That is only right for models that run in the
    thread that calls them. A runner that was built before there was this field counts all of it.
    """

    swept_bytes: int = 0
    warmup: int = 3
    minimum_samples: int = 10
    maximum_samples: int = 400
    minimum_s: float = 0.03
    maximum_s: float = 1.0
    relative_error: float = 0.01
    core_time: bool = False

    @property
    def cache(self) -> CacheState:
        """The cache state that the sweep brings about."""
        return CacheState(swept_bytes=self.swept_bytes)


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """Inputs that a model is run on one after the other, and where its outputs go.

    Args:
        count: How many runs there are.
        files: A file of NumPy's for each input of the model, in the batch, with the values of all
            runs: ``(count, *shape of the input)``.
        tables: For each of them a file of NumPy's with ``(channels, 256)`` of float32, or nothing.
            With a table, the file has codes of one byte, and an element of a channel (the
            input's second axis) is ``table[channel, code]``.
        output: File for the outputs, beside the results: arrays in NumPy's format one behind the
            other, those of the first run in order, then those of the second. Values that are not
            finite are written as they are.
    """

    count: int
    files: tuple[str, ...]
    output: str
    tables: tuple[str, ...] = ()


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One model of a batch.

    Args:
        id: Name of the entry in the results.
        model: File of the optimized model, in the batch.
        library_version: Version of Paddle-Lite that it was converted for; others refuse it.
        kernel_targets: Numbers of its kernels' targets; a processor without them refuses it.
        inputs: Its inputs in order.
        states: Sampling in each cache state, in order.
        keep_outputs: NumPy files for its outputs, beside the results, if they are kept.
        series: Further inputs that it is run on after it was timed, if any. A runner that was
            built before there was this field leaves them out, and says no ``series_ns``.
        timeout_s: Seconds after which the runner is ended and the entry has failed.
        start: ``warm`` or ``cold``: the model is loaded from a file, in a process that has nothing
            else in it, and run once; cold, the page cache has dropped the file before. It has no
            states then, and a batch has such entries only or none. Empty is any other entry. With
            no model, an engine alone is imported.
        soak: Runs that follow the first one of such an entry, each with other inputs, while the
            memory of the process is read 50 times.
    """

    id: str
    model: str
    library_version: str
    kernel_targets: tuple[int, ...]
    inputs: tuple[Input, ...]
    states: tuple[Sampling, ...]
    keep_outputs: tuple[str, ...] = ()
    series: Series | None = None
    timeout_s: float = 120.0
    start: str = ""
    soak: int = 0


class PackedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that travels with the manifest: its name there, and its size in bytes."""

    name: str
    size: int


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that one run of the runner does.

    Args:
        entries: The models to time, in order.
        files: Files that follow the manifest, in order.
        sha256: Checksum of everything that follows.
        threads: Threads that models run with.
        power_mode: Number of Paddle-Lite's power mode. Without binding (3) the runner keeps
            itself on as many of the last cores allowed as it has threads.
        reference: Model that is run between all others, to see whether something disturbs the
            device; its states do not matter.
        baseline_ns: Usual best latency of the reference so far; 0 is not known.
        patience_s: Seconds to wait, over all entries, for a disturbed device.
    """

    entries: tuple[Entry, ...]
    files: tuple[PackedFile, ...] = ()
    sha256: str = ""
    threads: int = 1
    power_mode: int = 3
    reference: Entry | None = None
    baseline_ns: int = 0
    patience_s: float = 0.0
    protocol: int = PROTOCOL


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One line of results; which fields are set depends on the event.

    Args:
        signal: In ``failed``, the signal that ended the model's process; 0 is none.
        runner: In ``start``, the program that measures: "python" or "native".
        threads: In ``start``, the threads that models really have.
        power_mode: In ``start``, the power mode that is really in force.
        reference_ns: Latency of the reference before and after; empty or 0 without one.
        disturbed: What disturbed the device in every attempt; empty if nothing did.
        busy_ns: Time that the state took, the first one with loading.
        waited_ns: Time that the runner waited for a disturbed device.
        load_ns: In ``finished``, the time of loading; 0 is not known.
        first_run_ns: In ``finished``, the time of the first run.
        memory_kb: In ``finished``, how much the process grew until it had run once, at most.
        series_ns: In ``finished``, the time that all runs of a series took, with writing inputs and
            reading outputs; 0 without one.
        interrupted: In ``measured``, which of the samples other programs interrupted.
        own_kb: Of an entry with a start, memory of the process before it had an engine; this and
            what follows are 0 where the device does not say.
        loaded_kb, ran_kb: Memory of the process when the model was loaded, and after its first run.
        peak_kb: Largest memory of the process.
        start_waited_ns: Time that its thread had no core while it was loaded and first run.
        kept: Of a cold start, why the page cache has not dropped the file; empty if it has.
        soak_runs: Runs of a soak that were done.
        soak_kb: Memory of the process during the soak, evenly over its runs.
        soak_peak_kb: Largest memory of the process until the end of the soak.
    """

    sequence: int
    event: str
    id: str = ""
    reason: str = ""
    signal: int = 0
    runner: str = ""
    threads: int = 0
    power_mode: int = 3
    version: str = ""
    machine: str = ""
    pinned_cores: tuple[int, ...] = ()
    outputs: tuple[Shape, ...] = ()
    swept_bytes: int = 0
    warmup: int = 0
    samples_ns: tuple[int, ...] = ()
    reference_ns: tuple[int, ...] = ()
    disturbed: str = ""
    busy_ns: int = 0
    waited_ns: int = 0
    load_ns: int = 0
    first_run_ns: int = 0
    memory_kb: int = 0
    series_ns: int = 0
    interrupted: tuple[int, ...] = ()
    own_kb: int = 0
    loaded_kb: int = 0
    ran_kb: int = 0
    peak_kb: int = 0
    start_waited_ns: int = 0
    kept: str = ""
    soak_runs: int = 0
    soak_kb: tuple[int, ...] = ()
    soak_peak_kb: int = 0
    count: int = 0
    sha256: str = ""


def parse_event(line: bytes) -> Event:
    """Parses one line of results.

    Raises:
        BadFileError: The line is no result.
    """
    try:
        return msgspec.json.decode(line, type=Event)
    except msgspec.DecodeError as error:
        shown = line[:80].decode(errors="replace")
        raise BadFileError(f"the runner's line {shown!r} is no result: {error}") from error


def whole_events(content: bytes) -> list[Event]:
    """The events of a results file that may have been cut off: its whole lines, in order.

    Raises:
        BadFileError: A line is missing, doubled or changed.
    """
    *lines, _ = content.split(b"\n")
    events = [parse_event(line) for line in lines]
    for expected, event in enumerate(events):
        if event.sequence != expected:
            raise BadFileError(f"result {expected} is missing; {event.sequence} is in its place")
    return events


def check_complete(lines: Sequence[bytes]) -> list[Event]:
    """The events of a whole results file, with numbers, count and checksum verified.

    Raises:
        BadFileError: A line is missing, doubled or changed, or the end is missing.
    """
    events = whole_events(b"".join(line + b"\n" for line in lines))
    if not events or events[-1].event != "end":
        raise BadFileError(f"the results end after {len(events)} lines, before their end mark")
    end = events[-1]
    digest = hashlib.sha256(b"".join(line + b"\n" for line in lines[:-1])).hexdigest()
    if end.count != len(events) - 1 or end.sha256 != digest:
        raise BadFileError("the results are not what the runner wrote: their checksum differs")
    return events
