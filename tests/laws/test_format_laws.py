"""A table goes to another format and comes back as it was, but for what is listed."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeslim.latency_rows import Convention
from edgeslim.opspec import OpSpec
from edgeslim.table_formats import FORMATS, LatencyUnit, ReadOptions
from edgeslim.table_formats._operators import activation, batch_norm, convolution, operator, pooling
from edgeslim.table_keys import table_key
from tests.laws.strategies import operators as any_operators
from tests.values import CONTEXT

WRITTEN = [name for name in FORMATS.names() if FORMATS.get(name).write is not None]

widths = st.integers(1, 64)
extents = st.integers(8, 64)
shapes = st.tuples(st.just(1), widths, extents, extents)
square = st.integers(1, 7)
relu_or_not: st.SearchStrategy[dict[str, Any] | None] = st.sampled_from(
    [
        None,
        {"act_type": "relu", "with_act": True},
        {"act_type": "relu6", "with_act": True},
        {"act_type": "hard_swish", "with_act": True},
    ]
)


@st.composite
def convolutions(draw: st.DrawFn) -> OpSpec:
    shape = draw(shapes)
    depthwise = draw(st.booleans())
    kernel, stride, pad = draw(square), draw(st.integers(1, 3)), draw(st.integers(0, 3))
    wide = draw(st.booleans())
    return convolution(
        shape,
        shape[1] if depthwise else draw(widths),
        kernel=(kernel, kernel),
        strides=(stride, stride),
        paddings=(pad, pad, pad + wide, pad),
        groups=shape[1] if depthwise else 1,
        bias=draw(st.booleans()),
        activation=draw(relu_or_not),
    )


poolings = st.builds(
    pooling,
    shapes,
    average=st.booleans(),
    covers_all=st.booleans(),
    kernel=square,
    stride=square,
    padding=st.integers(0, 2),
    ceil=st.booleans(),
    exclusive=st.booleans(),
)
others = st.one_of(
    shapes.map(batch_norm),
    st.builds(activation, st.sampled_from(["relu", "relu6", "sigmoid", "hard_swish"]), shapes),
    shapes.map(lambda s: operator("elementwise_add", {"X": (s,), "Y": (s,)}, s)),
    shapes.map(lambda s: operator("softmax", {"X": (s[:2],)}, s[:2], attributes={"axis": -1})),
)
tables = st.dictionaries(
    st.one_of(convolutions(), poolings, others, any_operators), st.integers(1, 10**12), max_size=8
)


@pytest.mark.parametrize("name", WRITTEN)
@given(latencies_ns=tables)
@pytest.mark.slow
def test_what_a_format_can_say_comes_back_the_same_and_the_rest_is_listed(
    name: str, latencies_ns: dict[OpSpec, int]
) -> None:
    chosen = FORMATS.get(name)
    assert chosen.write is not None
    written = chosen.write(CONTEXT, latencies_ns)
    assert len(written.operators) + len(written.refused) == len(latencies_ns)
    if not written.operators:
        return
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, f"table{chosen.suffix}")
        unit = LatencyUnit.MS if name == "paddleslim-1" else None
        read = chosen.read(file, written.content, ReadOptions(unit=unit))
    assert read.refused == ()
    assert tuple(row.operator for row in read.rows) == written.operators
    convention = Convention.UNNAMED_ACTIVATIONS
    unnamed = read.convention is convention
    for row in read.rows:
        same = [
            nanoseconds
            for spec, nanoseconds in latencies_ns.items()
            if row.operator in {spec, table_key(spec, convention) if unnamed else spec}
        ]
        assert row.latency.nanoseconds in same


@pytest.mark.parametrize("name", WRITTEN)
@given(spec=convolutions())
def test_plain_convolutions_can_be_said_in_every_format(name: str, spec: OpSpec) -> None:
    plain = spec.attributes["paddings"] in {(pad,) * 4 for pad in range(4)}
    bare = table_key(spec, Convention.BARE_CONVOLUTIONS)
    assert bare is not None
    write = FORMATS.get(name).write
    assert write is not None
    if plain:
        assert write(CONTEXT, {bare: 1000}).operators == (bare,)
