"""The profile that ONNX Runtime writes: ``SessionOptions.enable_profiling``, as JSON.

The operators are those of the optimized session. Their names lead to the nodes of the model that
the session was given (``--model``), which has what the profile lacks: strides, activations that
were fused, and channels before they were padded to the processor's blocks. What ONNX Runtime adds
(layout changes) or computes in other pieces has no counterpart and is listed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from edgeslim.latency_rows import Convention
from edgeslim.measurement import Measurement
from edgeslim.opspec import OpSpec
from edgeslim.table_formats._format import (
    ForeignRow,
    ForeignTable,
    Latency,
    LatencyUnit,
    ReadOptions,
    TableFormat,
)
from edgeslim.table_formats._onnx_chains import BLOCKED, OnnxChains
from edgeslim.table_formats._onnx_file import OnnxModel, read_onnx
from edgeslim.table_formats._onnx_operators import RanOperator, operator_that_ran
from edgeslim.table_formats._onnxruntime_joins import join_pieces
from edgeslim.table_formats._onnxruntime_runs import ProfiledNode, ProfiledRuns, read_runs
from edgeslim.table_formats._runtime_rows import (
    LEAST_KNOWN,
    PROFILES_AGREE_WITHIN,
    RUNTIME_STEP_NS,
    WITH_SUM,
    ProfiledOperators,
    pool_places,
    text_on_left_out,
)

__all__ = ["FORMAT"]

_STAMP = re.compile(r"_[0-9]{4}-[0-9]{2}-[0-9]{2}_[0-9]{2}-[0-9]{2}-[0-9]{2}\Z")


def _read(path: Path, content: bytes, options: ReadOptions) -> ForeignTable:
    runs = read_runs(path, content)
    model = read_onnx(options.model) if options.model is not None else None
    found = _sort(runs, model)
    whole = Measurement(samples_ns=runs.whole_ns, warmup=1)
    name = options.model.stem if options.model else _STAMP.sub("", path.stem)
    is_known = found.known_share >= LEAST_KNOWN
    return ForeignTable(
        rows=tuple(pool_places(found.rows)),
        networks=(found.network("model_run", name, whole),) if is_known else (),
        refused=found.refusals(whole.latency_ms * 1e6, "a run"),
        notes=(*_notes(runs, found), *([] if is_known else [text_on_left_out(found.known_share)])),
        unit=LatencyUnit.US,
        convention=Convention.FUSED_FURTHER if _fuses_further(runs) else Convention.FUSED,
    )


def _fuses_further(runs: ProfiledRuns) -> bool:
    """Whether the level of optimization takes sums and gates into convolutions."""
    return any(node.kind.startswith("Fused") or node.name.endswith(BLOCKED) for node in runs.nodes)


def _sort(runs: ProfiledRuns, model: OnnxModel | None) -> ProfiledOperators:
    """Operators with a counterpart, in order, and those without."""
    chains = OnnxChains(model, [node.name for node in runs.nodes]) if model is not None else None
    found = ProfiledOperators()
    for node in join_pieces(runs.nodes, model, fuses=_fuses_further(runs)):
        adds_sum = node.kind.endswith("Conv") and len(node.inputs) > 3
        chain = chains.find(node.name, node.kind, adds_sum=adds_sum) if chains else None
        ran = RanOperator(
            name=node.name,
            kind=node.kind,
            inputs=node.inputs,
            outputs=node.outputs,
            chain=chain,
            model=model,
            activation=node.activation,
        )
        try:
            spec = operator_that_ran(ran)
        except (ValueError, IndexError, OverflowError) as error:
            measured = Measurement(samples_ns=node.samples_ns)
            found.leave_out(node.kind, error, round(measured.latency_ms * 1e6))
            continue
        found.rows.append(_row(node, spec, adds_sum=adds_sum))
    return found


def _row(node: ProfiledNode, spec: OpSpec, *, adds_sum: bool) -> ForeignRow:
    measurement = Measurement(samples_ns=node.samples_ns, warmup=1)
    latency = Latency(nanoseconds=round(measurement.latency_ms * 1e6), step_ns=RUNTIME_STEP_NS)
    kernel = f"{node.kind} {'nchwc' if node.name.endswith(BLOCKED) else 'nchw'}"
    return ForeignRow(
        place=node.name,
        operator=spec,
        latency=latency,
        measurement=measurement,
        kernel=kernel + WITH_SUM if adds_sum else kernel,
    )


def _notes(runs: ProfiledRuns, found: ProfiledOperators) -> Iterator[str]:
    yield (
        f"{len(runs.whole_ns)} runs after the first; the profiler takes some microseconds an "
        "operator, which are in the whole run and not in its operators"
    )
    with_sums = sum(row.kernel.endswith(WITH_SUM) for row in found.rows)
    if with_sums:
        yield (
            f"{with_sums} convolutions add another tensor to their result, which is in their time"
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
    repeats_agree_within=PROFILES_AGREE_WITHIN,
    target_word="onnxruntime",
)
