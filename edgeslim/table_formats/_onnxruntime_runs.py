"""The runs of a profile of ONNX Runtime: which operators each of them ran, and for how long.

A profile is a list of events in whole microseconds (seen in onnxruntime 1.23.2). Operators are
events of category ``Node``; ``model_run`` contains those of one run, on the same thread. A loop's
event contains those of its body. The first run allocates and is left out.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from edgeslim.errors import BadFileError
from edgeslim.opspec import Shape
from edgeslim.texts import decode_text

__all__ = ["ProfiledNode", "ProfiledRuns", "read_runs"]

_END = "_kernel_time"
_CONTAINERS = {"Loop", "If", "Scan"}
_HALF_US = 500
"""Durations are cut to whole microseconds; in the mean that is half of one."""


class _Event(msgspec.Struct, frozen=True):
    """An event, as far as it is read."""

    cat: str
    name: str
    ts: int
    dur: int
    tid: int
    args: dict[str, Any] = {}

    @property
    def end(self) -> int:
        return self.ts + self.dur


@dataclass(frozen=True, kw_only=True, slots=True)
class ProfiledNode:
    """An operator of all runs.

    Args:
        name: Name of the event, without what the runtime puts behind it.
        kind: Operator as the runtime calls it.
        provider: What ran it, such as ``CPUExecutionProvider``.
        inputs: Shapes of the tensors that it read; packed weights are left out.
        outputs: Shapes of the tensors that it wrote.
        samples_ns: How long it took in each run.
        activation: Activation that was joined to it, in edgeslim's word; empty if there is none.
    """

    name: str
    kind: str
    provider: str
    inputs: tuple[Shape, ...]
    outputs: tuple[Shape, ...]
    samples_ns: tuple[int, ...]
    activation: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ProfiledRuns:
    """The runs of a profile after the first one.

    Args:
        nodes: Operators in the order in which they end.
        whole_ns: How long each run took.
        threads: Whether operators ran on several threads.
    """

    nodes: tuple[ProfiledNode, ...]
    whole_ns: tuple[int, ...]
    threads: bool


def read_runs(path: Path, content: bytes) -> ProfiledRuns:
    """Reads the runs of a profile.

    Raises:
        BadFileError: It is not a profile, is cut off, or has too few runs.
    """
    events = _read_events(path, content)
    runs = [event for event in events if event.cat == "Session" and event.name == "model_run"]
    if len(runs) < 2:
        raise BadFileError(
            f"{path} has {len(runs)} run(s) of the model, and the first one is slow; profile at "
            "least ten, and end with end_profiling()"
        )
    # Older versions have events before and behind each operator too, which are no work.
    work = [event for event in events if event.cat == "Node" and event.name.endswith(_END)]
    parts = _assign(path, work, runs)
    rest = [(run, nodes) for run, nodes in zip(runs[1:], parts[1:], strict=True) if nodes]
    counts = Counter(tuple(map(_key, nodes)) for _, nodes in rest)
    if not counts:
        raise BadFileError(f"{path} has no operators in its runs: were they profiled?")
    (usual, _), *_ = counts.most_common(1)
    complete = [(run, nodes) for run, nodes in rest if tuple(map(_key, nodes)) == usual]
    return ProfiledRuns(
        nodes=tuple(
            _node(path, [nodes[place] for _, nodes in complete]) for place in range(len(usual))
        ),
        whole_ns=tuple(_nanoseconds(run) for run, _ in complete),
        threads=any(
            node.args.get("thread_scheduling_stats") for _, nodes in complete for node in nodes
        ),
    )


def _read_events(path: Path, content: bytes) -> list[_Event]:
    try:
        found = json.loads(decode_text(content))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise BadFileError(
            f"{path} is not JSON ({error}); a profile is complete after end_profiling(), and two "
            "sessions that begin in one second write over each other's file: give each its "
            "profile_file_prefix"
        ) from error
    try:
        return msgspec.convert(found, list[_Event])
    except msgspec.ValidationError as error:
        raise BadFileError(f"{path} is not a profile of ONNX Runtime: {error}") from error


def _assign(path: Path, nodes: Iterable[_Event], runs: Sequence[_Event]) -> list[list[_Event]]:
    """Operators by the run of their thread that they lie in, without those of loops' bodies."""
    by_thread: dict[int, list[tuple[int, int]]] = {}
    for index, run in enumerate(runs):
        by_thread.setdefault(run.tid, []).append((run.ts, index))
    parts: list[list[_Event]] = [[] for _ in runs]
    outside = total = 0
    for node in nodes:
        total += 1
        begins = by_thread.get(node.tid, [])
        place = bisect_right(begins, (node.ts, len(runs))) - 1
        number = begins[place][1] if place >= 0 else None
        if number is None or node.end > runs[number].end:
            outside += 1
        else:
            parts[number].append(node)
    if outside * 20 > total:
        raise BadFileError(
            f"{path}: {outside} of {total} operators ran beside the thread that ran the model, so "
            "their times overlap; profile with execution_mode ORT_SEQUENTIAL, and call run from "
            "one thread"
        )
    return [_without_bodies(part) for part in parts]


def _without_bodies(nodes: Sequence[_Event]) -> list[_Event]:
    outer = [node for node in nodes if node.args.get("op_name") in _CONTAINERS]
    return [
        node
        for node in nodes
        if not any(
            loop is not node and loop.ts <= node.ts and node.end <= loop.end for loop in outer
        )
    ]


def _key(event: _Event) -> tuple[str, str]:
    return event.name, str(event.args.get("node_index", ""))


def _node(path: Path, events: Sequence[_Event]) -> ProfiledNode:
    first = events[-1].args
    try:
        return ProfiledNode(
            name=events[-1].name.removesuffix(_END),
            kind=str(first["op_name"]),
            provider=str(first.get("provider", "")),
            inputs=_shapes(first["input_type_shape"]),
            outputs=_shapes(first["output_type_shape"]),
            samples_ns=tuple(map(_nanoseconds, events)),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BadFileError(
            f"{path}: the event {events[-1].name!r} says no shapes ({error}); profile with "
            "onnxruntime 1.10 or newer"
        ) from error


def _shapes(value: Sequence[Mapping[str, Sequence[int]]]) -> tuple[Shape, ...]:
    """Shapes of tensors; those without an extent are numbers, such as the limits of a clip."""
    shapes = (tuple(map(int, shape)) for entry in value for shape in entry.values())
    return tuple(shape for shape in shapes if shape)


def _nanoseconds(event: _Event) -> int:
    return event.dur * 1_000 + _HALF_US
