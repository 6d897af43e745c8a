"""Any value of the kinds that tables hold."""

from __future__ import annotations

from hypothesis import strategies as st

from edgeslim.execution import Execution, PowerMode, Precision, Target
from edgeslim.latency_table import FailedRow, NetworkRow, OperatorRow, TableContext
from edgeslim.measurement import CacheState, Measurement
from edgeslim.opspec import Attributes, OpSpec, Shapes
from tests.values import chain

# Half a surrogate pair is no text and cannot be written in UTF-8.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
names = st.text("abcXYZ_é", min_size=1, max_size=6)
shapes = st.lists(st.integers(1, 2**20), max_size=4).map(tuple)
slots = st.dictionaries(names, st.lists(shapes, min_size=1, max_size=3).map(tuple), max_size=3)
integers = st.integers(-(2**53), 2**53)
floats = st.floats(allow_nan=False, allow_infinity=False)
attributes = st.one_of(
    st.booleans(),
    integers,
    floats,
    texts,
    st.lists(integers).map(tuple),
    st.lists(floats).map(tuple),
)
operators = st.builds(
    OpSpec,
    kind=names,
    inputs=slots.map(Shapes),
    weights=slots.map(Shapes),
    outputs=slots.map(Shapes),
    attributes=st.dictionaries(names, attributes, max_size=4).map(Attributes),
)
states = st.builds(CacheState, swept_bytes=st.integers(0, 2**40))


def measurements(caches: st.SearchStrategy[CacheState] = states) -> st.SearchStrategy[Measurement]:
    """Any measurement in some of the cache states."""
    samples = st.lists(st.integers(1, 2**50), min_size=1, max_size=8).map(tuple)
    return st.builds(Measurement, samples_ns=samples, cache=caches, warmup=st.integers(0, 9))


several = st.lists(measurements(), min_size=1, max_size=4).map(tuple)
speeds = st.floats(0, 1e9)
operator_rows = st.builds(
    OperatorRow, operator=operators, measurements=several, reference_ms=speeds, measured=texts
)
network_rows = st.builds(
    NetworkRow,
    name=texts,
    graph=st.lists(operators, max_size=3).map(lambda specs: chain(*specs)),
    measurements=st.lists(measurements(st.just(CacheState())), min_size=1, max_size=2).map(tuple),
    reference_ms=speeds,
)
failed_rows = st.builds(FailedRow, operator=operators, reason=texts, measured=texts)
contexts = st.builds(
    TableContext,
    device=texts,
    hardware=texts,
    execution=st.builds(
        Execution,
        target=st.sampled_from(Target),
        precision=st.sampled_from(Precision),
        threads=st.integers(1, 64),
        power_mode=st.sampled_from(PowerMode),
    ),
    library_version=texts,
    runner=texts,
    created=texts,
)
