"""What a table's check finds, and what it leaves alone."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from edgeslim.errors import BadFileError
from edgeslim.latency_rows import SCHEMA, encode_row
from edgeslim.latency_table import LatencyTable, NetworkRow, OperatorRow
from edgeslim.measurement import CacheState, Measurement
from edgeslim.tables.check import TableCheck, check_table
from edgeslim.tables.sums import is_sum_of_rows, networks_that_are_sums
from tests.tables.test_families import pointwise
from tests.values import CONTEXT, MB, chain, convolution, relu, row, table_at, timed

HOT, COLD = CacheState(), CacheState(swept_bytes=8 * MB)
SPECS = (convolution(3, 8), relu(8, 8), convolution(8, 8))


def kinds(done: TableCheck) -> list[str]:
    return [each.kind for each in done.findings]


def test_a_table_with_nothing_wrong(tmp_path: Path) -> None:
    table = table_at(
        tmp_path / "t.jsonl", row(relu(8), 1.0, 2.0), row(relu(8), 1.04), row(relu(16), 2)
    )
    assert check_table(table.path) == TableCheck(
        operators=2, networks=0, findings=(), suspicions=()
    )


def test_rows_of_one_operator_that_do_not_agree(tmp_path: Path) -> None:
    table = table_at(tmp_path / "t.jsonl", row(relu(8), 1.0, 2.0), row(relu(8), 1.2, 2.0))
    (finding,) = check_table(table.path).findings
    assert (finding.kind, finding.text) == (
        "contradiction",
        "relu 1x8x4x4 -> 1x8x4x4 takes 1.00 ms in one row and 1.20 ms in another (hot)",
    )


def test_rows_agree_within_their_own_noise_and_at_one_speed_of_the_device(tmp_path: Path) -> None:
    noisy = [
        OperatorRow(
            operator=relu(8),
            measurements=(Measurement(samples_ns=tuple(n * 1000 for n in samples)),),
        )
        for samples in ((900, 1000, 1100), (1000, 1100, 1200))
    ]
    at_speeds = (row(relu(16), 1.0, reference_ms=0.5), row(relu(16), 2.0, reference_ms=1.0))
    table = table_at(tmp_path / "t.jsonl", *noisy, *at_speeds)
    assert "contradiction" not in kinds(check_table(table.path))


def test_operators_whose_median_cannot_be_quoted(tmp_path: Path) -> None:
    shaky = Measurement(samples_ns=(1_000_000, 2_000_000, 4_000_000))
    table = table_at(
        tmp_path / "t.jsonl", OperatorRow(operator=relu(8), measurements=(shaky, timed(2.0, 8)))
    )
    (finding,) = check_table(table.path).findings
    assert finding.kind == "unstable"
    assert finding.text.endswith("spreads by more than it may (hot: 38%)")


def test_files_put_together_from_different_contexts(tmp_path: Path) -> None:
    table = table_at(tmp_path / "t.jsonl", row(relu(8), 1.0))
    other = msgspec.structs.replace(CONTEXT, device="board")
    with table.path.open("ab") as stream:
        # Another device is another time: no contradiction.
        stream.write(encode_row(CONTEXT) + b"\n" + encode_row(other) + b"\n")
        stream.write(encode_row(row(relu(8), 5.0)) + b"\n")
    done = check_table(table.path)
    assert [each.text for each in done.findings] == [
        "from line 4 on, another device: host, not board"
    ]
    assert done.operators == 2
    with pytest.raises(BadFileError, match="another context"):
        LatencyTable.read(table.path)


def test_a_last_line_that_is_cut_off(tmp_path: Path) -> None:
    table = table_at(tmp_path / "t.jsonl", row(relu(8), 1.0), row(relu(16), 1.0))
    table.path.write_bytes(table.path.read_bytes()[:-20])
    done = check_table(table.path)
    assert done.operators == 1
    assert [each.text for each in done.findings] == [
        "the line after line 2 is cut off and left out"
    ]


def test_what_is_no_table_is_an_error_with_the_line(tmp_path: Path) -> None:
    table = table_at(tmp_path / "t.jsonl", row(relu(8), 1.0))
    good = table.path.read_bytes()
    for content, message in (
        (b"", "has no complete line"),
        (b"{}\n", r"t\.jsonl:1: this is not a latency table"),
        (good + b"nonsense\n" + good, r"t\.jsonl:3: "),
        (good.split(b"\n")[1] + b"\n", r"t\.jsonl:1: a latency table starts with its context"),
        (good.replace(b'"schema":%d' % SCHEMA, b'"schema":9'), "schema 9 is newer"),
    ):
        table.path.write_bytes(content)
        with pytest.raises(BadFileError, match=message):
            check_table(table.path)


def test_more_channels_in_less_time_are_a_suspicion_and_no_finding(tmp_path: Path) -> None:
    latencies = {8: 1.0, 12: 2.0, 16: 1.6, 24: 1.55}
    table = table_at(
        tmp_path / "t.jsonl", *(row(pointwise(8, width), ms) for width, ms in latencies.items())
    )
    done = check_table(table.path)
    assert done.findings == ()
    assert [each.text for each in done.suspicions] == [
        "conv2d 1x1, 20x20, 8 channels read: 16 written take 1.60 ms, 12 take 2.00 ms"
    ]


OPERATORS = ({HOT: 1.0, COLD: 2.0}, {HOT: 0.5, COLD: 0.75}, {HOT: 0.25, COLD: 3.0})


@pytest.mark.parametrize(
    ("latency_ms", "overhead_ms", "expected"),
    [
        (1.75, 0.0, True),
        (5.75, 0.0, True),
        (1.75 * (1 + 2e-5), 0.0, True),
        (1.75 * (1 + 5e-5), 0.0, False),
        (1.75 * (1 + 5e-4), 0.0, False),
        (1.72, 0.0, False),
        (1.72, -0.01, True),
        (3.0, 0.0, False),
    ],
)
def test_a_sum_is_one_in_any_single_cache_state(
    latency_ms: float, overhead_ms: float, expected: bool
) -> None:
    assert is_sum_of_rows(latency_ms, OPERATORS, overhead_ms=overhead_ms) is expected


def test_states_that_some_operator_lacks_and_networks_of_nothing_are_no_sums() -> None:
    assert is_sum_of_rows(1.5, [{HOT: 1.0, COLD: 1.0}, {HOT: 0.5}])
    assert not is_sum_of_rows(2.0, [{HOT: 1.0, COLD: 1.0}, {HOT: 0.5}])
    assert not is_sum_of_rows(2.0, [{COLD: 1.0}, {HOT: 1.0}])
    assert not is_sum_of_rows(1.0, [])


def network(name: str, milliseconds: float, *specs: object) -> NetworkRow:
    return NetworkRow(name=name, graph=chain(*specs), measurements=(timed(milliseconds),))  # type: ignore[arg-type]


def test_a_truth_that_is_a_sum_of_the_tables_rows_is_recognised(tmp_path: Path) -> None:
    rows = [row(spec, 2.0**i, 9.0 + i) for i, spec in enumerate(SPECS)]
    table = table_at(
        tmp_path / "t.jsonl",
        *rows,
        network("hot", 1.0 + 2.0, *SPECS[:2]),
        network("cold", 9.0 + 11.0, SPECS[0], SPECS[2]),
        network("measured", 7.2, *SPECS),
        network("of others", 1.0, relu(64)),
    )
    assert networks_that_are_sums(table) == ("hot", "cold")
    assert kinds(check_table(table.path)) == ["sum", "sum"]


def test_a_constant_added_for_each_operator_does_not_hide_a_sum(tmp_path: Path) -> None:
    rows = [row(spec, 2.0**i) for i, spec in enumerate(SPECS)]
    made_up = [
        network("one", 1.0 - 0.01, SPECS[0]),
        network("two", 3.0 - 0.02, *SPECS[:2]),
        network("three", 7.0 - 0.03, *SPECS),
        network("four", 8.0 - 0.02, SPECS[2], SPECS[2]),
    ]
    table = table_at(tmp_path / "t.jsonl", *rows, *made_up)
    assert set(networks_that_are_sums(table)) == {"one", "two", "three", "four"}
    # A constant that two agree about is any two networks' own.
    fewer = table_at(tmp_path / "u.jsonl", *rows, *made_up[:2])
    assert networks_that_are_sums(fewer) == ()
