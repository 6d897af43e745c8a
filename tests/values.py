"""Small values that tests are about."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgeslim.execution import Execution, PowerMode, Target
from edgeslim.graph import Graph, Names, Node
from edgeslim.latency_table import LatencyTable, OperatorRow, TableContext
from edgeslim.measurement import HOT, CacheState, Measurement
from edgeslim.opspec import Attributes, OpSpec, Shapes

MB = 2**20


def relu(channels: int, extent: int = 4) -> OpSpec:
    """An operator without weights."""
    shape = ((1, channels, extent, extent),)
    return OpSpec(kind="relu", inputs=Shapes(X=shape), outputs=Shapes(Out=shape))


def convolution(c_in: int, c_out: int, extent: int = 8, kernel: int = 3) -> OpSpec:
    """An operator with weights."""
    side = kernel // 2
    return OpSpec(
        kind="conv2d",
        inputs=Shapes(Input=((1, c_in, extent, extent),)),
        weights=Shapes(Filter=((c_out, c_in, kernel, kernel),), Bias=((c_out,),)),
        outputs=Shapes(Output=((1, c_out, extent, extent),)),
        attributes=Attributes(strides=(1, 1), paddings=(side,) * 4, dilations=(1, 1), groups=1),
    )


def chain(*specs: OpSpec) -> Graph:
    """A network of operators one after the other."""
    nodes = tuple(
        Node(
            spec=spec,
            inputs=Names(dict.fromkeys(spec.inputs, (f"v{index}",))),
            outputs=Names(dict.fromkeys(spec.outputs, (f"v{index + 1}",))),
            weights=Names({slot: (f"w{index}_{slot}",) for slot in spec.weights}),
        )
        for index, spec in enumerate(specs)
    )
    parameters = {
        name: node.spec.weights[slot][0]
        for node in nodes
        for slot, names in node.weights.items()
        for name in names
    }
    feeds = {"v0": specs[0].input_shape} if specs else {}
    return Graph(nodes=nodes, feeds=feeds, fetches=(f"v{len(specs)}",), parameters=parameters)


def timed(milliseconds: float, swept_mb: float = 0, *, samples: int = 5) -> Measurement:
    """A steady measurement."""
    cache = CacheState(swept_bytes=int(swept_mb * MB)) if swept_mb else HOT
    return Measurement(samples_ns=(round(milliseconds * 1e6),) * samples, cache=cache)


def row(spec: OpSpec, *milliseconds: float, **fields: Any) -> OperatorRow:
    """An operator measured hot, and with 8, 16 … MB swept for each further number."""
    return OperatorRow(
        operator=spec,
        measurements=tuple(timed(each, 8 * i) for i, each in enumerate(milliseconds)),
        **fields,
    )


CONTEXT = TableContext(
    device="host",
    hardware="a processor, 2 cores",
    execution=Execution(target=Target.X86, threads=1, power_mode=PowerMode.NO_BIND),
    library_version="v2.13-rc",
    runner="python",
    created="2026-11-22T00:00:00+00:00",
    edgeslim="0.1.0",
)


def table_at(path: Path, *rows: Any) -> LatencyTable:
    """A table with rows."""
    table = LatencyTable.open(path, CONTEXT)
    table.add(*rows)
    return table
