"""What is written to a table is what is read, whatever it is."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeslim.latency_rows import ROWS, Row, encode_row
from edgeslim.latency_table import LatencyTable, OperatorRow, TableContext
from edgeslim.measurement import Measurement
from edgeslim.opspec import OpSpec
from tests.laws.strategies import (
    contexts,
    failed_rows,
    measurements,
    network_rows,
    operator_rows,
    operators,
)

rows = st.one_of(operator_rows, network_rows, failed_rows)


@given(row=st.one_of(rows, contexts))
def test_a_row_is_one_line_and_is_read_as_it_was_written(row: Any) -> None:
    line = encode_row(row)
    assert b"\n" not in line
    read = ROWS.decode(Path("t"), 1, line)
    assert read == row
    assert encode_row(read) == line


@given(spec=operators)
def test_an_operator_that_was_read_is_the_same_key_with_the_same_types(spec: OpSpec) -> None:
    read = ROWS.decode(Path("t"), 1, encode_row(OperatorRow(operator=spec, measurements=HOT_ONE)))
    assert isinstance(read, OperatorRow)
    assert hash(read.operator) == hash(spec)
    assert {spec: 1}[read.operator] == 1
    assert repr(read.operator) == repr(spec)


HOT_ONE = (Measurement(samples_ns=(1,)),)


@given(context=contexts, added=st.lists(rows, max_size=6))
def test_a_table_in_memory_and_the_file_read_again_are_the_same(
    context: TableContext, added: list[Any]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "table.jsonl")
        table = LatencyTable.open(path, context)
        for row in added:
            table.add(row)
        read = LatencyTable.open(path, context)
        assert read.context == context
        assert list(read) == list(table)
        assert read.failures == table.failures
        assert read.networks == table.networks
        assert read.latencies_ms() == table.latencies_ms()
        assert read.network_latencies_ms() == table.network_latencies_ms()
        for spec in table:
            assert read.measurements(spec) == table.measurements(spec)


@given(added=st.lists(operator_rows, min_size=1, max_size=3), data=st.data())
@pytest.mark.slow
def test_a_file_cut_off_anywhere_loses_only_what_was_cut(
    added: list[OperatorRow], data: st.DataObject
) -> None:
    context = data.draw(contexts)
    rows: list[Row] = [context, *added]
    lines = [encode_row(row) + b"\n" for row in rows]
    content = b"".join(lines)
    end = data.draw(st.integers(len(lines[0]), len(content)))
    whole = [line for i, line in enumerate(lines) if len(b"".join(lines[: i + 1])) <= end]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "table.jsonl")
        path.write_bytes(content[:end])
        table = LatencyTable.read(path)
        assert set(table) == {row.operator for row in added[: len(whole) - 1]}
        assert table.truncated == (content[:end] != b"".join(whole))
        table.add(*added)
        assert path.read_bytes() == b"".join(whole + lines[1:])


@given(parts=st.lists(measurements(st.just(HOT_ONE[0].cache)), min_size=1, max_size=5))
def test_pooling_loses_no_sample_and_its_middle_lies_between_those_of_its_parts(
    parts: list[Measurement],
) -> None:
    pooled = Measurement.pool(parts)
    assert pooled.samples_ns == tuple(sample for part in parts for sample in part.samples_ns)
    middles = [part.latency_ms for part in parts]
    assert min(middles) * (1 - 1e-9) <= pooled.latency_ms <= max(middles) * (1 + 1e-9)
