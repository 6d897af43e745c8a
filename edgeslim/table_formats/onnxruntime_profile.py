"""The profile that ONNX Runtime writes: ``SessionOptions.enable_profiling``, as JSON.

The operators are those of the optimized session. Their names lead to the nodes of the model that
the session was given (``--model``), which has what the profile lacks: strides, activations that
were fused, and channels before they were padded to the processor's blocks. What ONNX Runtime adds
(layout changes) or computes in other pieces has no counterpart and is listed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from edgeslim.latency_rows import Convention
from edgeslim.measurement import Measurement
from edgeslim.opspec import OpSpec
from edgeslim.table_formats._format import (
    ForeignNetwork,
    ForeignRow,
    ForeignTable,
    Latency,
    LatencyUnit,
    ReadOptions,
    Refusal,
    RowRefusedError,
    TableFormat,
)
from edgeslim.table_formats._onnx_chains import BLOCKED, OnnxChains
from edgeslim.table_formats._onnx_file import OnnxModel, read_onnx
from edgeslim.table_formats._onnx_operators import RanOperator, operator_that_ran
from edgeslim.table_formats._onnxruntime_runs import ProfiledNode, ProfiledRuns, read_runs
from edgeslim.table_formats._runtime_operators import plain_operator

__all__ = ["FORMAT"]

_STAMP = re.compile(r"_[0-9]{4}-[0-9]{2}-[0-9]{2}_[0-9]{2}-[0-9]{2}-[0-9]{2}\Z")
_STEP_NS = 5_000.0
"""Operators of a microsecond or two differ by as much as the profiler itself takes."""
_AGREE_WITHIN = 1.0
"""The same operator in another network may find its caches otherwise, and take twice as long."""


@dataclass(kw_only=True, slots=True)
class _Found:
    """What became of the operators of a profile."""

    rows: list[ForeignRow] = field(default_factory=list)
    operators: list[OpSpec] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)
    other_ns: Counter[tuple[str, str]] = field(default_factory=Counter)
    with_sums: int = 0


def _read(path: Path, content: bytes, options: ReadOptions) -> ForeignTable:
    runs = read_runs(path, content)
    model = read_onnx(options.model) if options.model is not None else None
    found = _sort(runs, model)
    whole = Measurement(samples_ns=runs.whole_ns, warmup=1)
    name = options.model.stem if options.model else _STAMP.sub("", path.stem)
    network = ForeignNetwork(
        place="model_run",
        name=name,
        operators=tuple(found.operators),
        measurement=whole,
        others=found.others,
    )
    return ForeignTable(
        rows=tuple(_prefer_plain(found.rows)),
        networks=(network,) if found.operators else (),
        refused=tuple(
            Refusal(
                place=f"{count} {kind}" if (count := _count(runs, kind)) > 1 else kind,
                reason=f"{reason} ({nanoseconds / whole.latency_ms / 1e6:.1%} of a run)",
            )
            for (kind, reason), nanoseconds in found.other_ns.most_common()
        ),
        notes=tuple(_notes(runs, found)),
        unit=LatencyUnit.US,
        convention=Convention.FUSED,
    )


def _count(runs: ProfiledRuns, kind: str) -> int:
    return sum(node.kind == kind for node in runs.nodes)


def _sort(runs: ProfiledRuns, model: OnnxModel | None) -> _Found:
    """Operators with a counterpart, in order, and those without."""
    chains = OnnxChains(model, [node.name for node in runs.nodes]) if model is not None else None
    found = _Found()
    nodes = list(_join_swishes(runs.nodes, model))
    for node in nodes:
        adds_sum = node.kind.endswith("Conv") and len(node.inputs) > 3
        chain = chains.find(node.name, node.kind, adds_sum=adds_sum) if chains else None
        ran = RanOperator(
            name=node.name,
            kind=node.kind,
            inputs=node.inputs,
            outputs=node.outputs,
            chain=chain,
            model=model,
        )
        try:
            spec = _swish(node) if node.kind == "HardSwish" else operator_that_ran(ran)
        except RowRefusedError as error:
            found.others[node.kind] += 1
            found.other_ns[node.kind, str(error)] += round(
                Measurement(samples_ns=node.samples_ns).latency_ms * 1e6
            )
            continue
        found.with_sums += adds_sum
        found.operators.append(spec)
        found.rows.append(_row(node, spec, adds_sum=adds_sum))
    return found


def _join_swishes(nodes: Sequence[ProfiledNode], model: OnnxModel | None) -> Iterator[ProfiledNode]:
    """The operators, with the two that ONNX Runtime makes of a hard swish as one again.

    It multiplies a tensor with its hard sigmoid, one directly behind the other.
    """
    known = {node.name: node for node in model.nodes} if model is not None else {}
    before: ProfiledNode | None = None
    for node in nodes:
        if before is not None:
            first, second = known.get(before.name), known.get(node.name)
            same = node.kind == "Mul" and node.inputs == before.outputs * 2
            of_one = first is None and second is None
            if first is not None and second is not None:
                of_one = {*second.inputs} == {first.inputs[0], first.outputs[0]}
            if same and of_one:
                samples = zip(before.samples_ns, node.samples_ns, strict=True)
                yield ProfiledNode(
                    name=node.name,
                    kind="HardSwish",
                    provider=node.provider,
                    inputs=before.inputs,
                    outputs=node.outputs,
                    samples_ns=tuple(map(sum, samples)),
                )
                before = None
                continue
            yield before
        before = node if node.kind == "HardSigmoid" else None
        if before is None:
            yield node
    if before is not None:
        yield before


def _swish(node: ProfiledNode) -> OpSpec:
    return plain_operator("hard_swish", node.inputs[:1], node.outputs)


def _row(node: ProfiledNode, spec: OpSpec, *, adds_sum: bool) -> ForeignRow:
    measurement = Measurement(samples_ns=node.samples_ns, warmup=1)
    latency = Latency(nanoseconds=round(measurement.latency_ms * 1e6), step_ns=_STEP_NS)
    kernel = f"{node.kind} {'nchwc' if node.name.endswith(BLOCKED) else 'nchw'}"
    return ForeignRow(
        place=node.name,
        operator=spec,
        latency=latency,
        measurement=measurement,
        kernel=f"{kernel} with a sum" if adds_sum else kernel,
    )


def _prefer_plain(rows: Sequence[ForeignRow]) -> Iterator[ForeignRow]:
    """One row for each operator, of all its places; with a sum in it only if there is no other."""
    plain = {row.operator for row in rows if not row.kernel.endswith("with a sum")}
    groups: dict[OpSpec, list[ForeignRow]] = {}
    for row in rows:
        if row.operator not in plain or not row.kernel.endswith("with a sum"):
            groups.setdefault(row.operator, []).append(row)
    for spec, group in groups.items():
        pooled = Measurement.pool([row.full_measurement for row in group])
        yield ForeignRow(
            place=group[0].place,
            operator=spec,
            latency=Latency(nanoseconds=round(pooled.latency_ms * 1e6), step_ns=_STEP_NS),
            measurement=pooled,
            kernel=group[0].kernel,
        )


def _notes(runs: ProfiledRuns, found: _Found) -> Iterator[str]:
    yield (
        f"{len(runs.whole_ns)} runs after the first; the profiler takes some microseconds an "
        "operator, which are in the whole run and not in its operators"
    )
    if found.with_sums:
        yield (
            f"{found.with_sums} convolutions add another tensor to their result, which is in their "
            "time"
        )
    if runs.threads:
        yield "operators ran on several threads; say how many by --threads"
    foreign = {node.provider for node in runs.nodes} - {"CPUExecutionProvider"}
    if foreign:
        yield (
            f"some operators ran on {', '.join(sorted(foreign))}, which may work on after the time "
            "that the profile says"
        )


FORMAT = TableFormat(
    summary="ONNX Runtime's profile (JSON of enable_profiling), with the model by --model",
    suffix=".json",
    read=_read,
    repeats_agree_within=_AGREE_WITHIN,
    target_word="onnxruntime",
)
