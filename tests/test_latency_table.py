"""Tables that are added to, cut off, mixed up and damaged."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edgeslim.errors import BadFileError, ContextMismatchError, UnwritableError
from edgeslim.execution import Execution, PowerMode, Target
from edgeslim.latency_rows import SCHEMA, SCHEMA_WITH_STARTS, Convention, encode_row
from edgeslim.latency_table import FailedRow, LatencyTable, NetworkRow, OperatorRow, TableContext
from edgeslim.measurement import HOT, CacheState
from tests.tools import run_python
from tests.values import CONTEXT, MB, chain, convolution, relu, row, table_at, timed


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tables" / "host.jsonl"


def changed(**changes: Any) -> TableContext:
    return msgspec.structs.replace(CONTEXT, **changes)


def test_a_table_is_read_as_it_was_written(path: Path) -> None:
    conv, net = convolution(3, 8), chain(convolution(3, 8), relu(8, 8))
    written = table_at(
        path,
        row(conv, 1.0, 2.0, reference_ms=0.5, measured="2026-11-22T01:02:03+00:00"),
        FailedRow(operator=relu(3), reason="it aborted"),
        NetworkRow(name="net", graph=net, measurements=(timed(3.0),)),
    )
    read = LatencyTable.read(path)
    assert not read.truncated
    assert read.context == written.context == CONTEXT
    assert list(read) == [conv]
    assert conv in read
    assert relu(3) not in read
    assert len(read) == 1
    assert read.measurements(conv) == written.measurements(conv)
    assert read.measurements(conv)[CacheState(swept_bytes=8 * MB)].latency_ms == 2.0
    assert read.measurements(relu(99)) == {}
    assert read.failures == {relu(3): "it aborted"}
    assert read.networks["net"].graph == net
    assert read.networks["net"].latency_ms == 3.0
    assert read.digest == written.digest
    assert len(read.digest) == 16


def test_a_line_is_readable_json_with_its_raw_samples(path: Path) -> None:
    table_at(path, row(relu(8), 1.0))
    context, line = map(json.loads, path.read_text().splitlines())
    assert (context["row"], context["schema"], context["device"]) == ("context", SCHEMA, "host")
    assert line["row"] == "operator"
    assert line["operator"]["inputs"] == {"X": [[1, 8, 4, 4]]}
    assert line["measurements"][0]["samples_ns"] == [1_000_000] * 5


def test_going_on_with_a_table_keeps_what_is_there(path: Path) -> None:
    table_at(path, row(relu(8), 1.0))
    again = LatencyTable.open(path, changed(created="later", edgeslim="9.9"))
    assert relu(8) in again
    again.add(row(relu(16), 2.0))
    assert list(LatencyTable.read(path)) == [relu(8), relu(16)]
    assert LatencyTable.read(path).context.created == CONTEXT.created


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"device": "board"}, "another device: host, not board"),
        ({"hardware": "other"}, "another hardware: a processor, 2 cores, not other"),
        ({"library_version": "v2.12"}, "another library version: v2.13-rc, not v2.12"),
        ({"runner": "cxx"}, "another runner: python, not cxx"),
        (
            {"convention": Convention.BARE_CONVOLUTIONS},
            "another convention: fused, not bare-convolutions",
        ),
        (
            {"execution": Execution(target=Target.X86, threads=2, power_mode=PowerMode.NO_BIND)},
            "another execution: x86 fp32, 1 thread, no-bind, not x86 fp32, 2 threads, no-bind",
        ),
        (
            {"execution": Execution(target=Target.ARM, power_mode=PowerMode.NO_BIND)},
            "not arm fp32, 1 thread, no-bind",
        ),
        (
            {"execution": Execution(target=Target.X86, power_mode=PowerMode.HIGH)},
            "not x86 fp32, 1 thread, high",
        ),
    ],
)
def test_measurements_of_another_context_are_refused(
    path: Path, changes: dict[str, Any], message: str
) -> None:
    table_at(path, row(relu(8), 1.0))
    before = path.read_bytes()
    with pytest.raises(ContextMismatchError) as caught:
        LatencyTable.open(path, changed(**changes))
    assert f"{path} is of " in str(caught.value)
    assert message in str(caught.value)
    assert path.read_bytes() == before


def test_every_field_of_a_context_is_compared_or_says_when_and_how_it_was_written() -> None:
    compared = {
        *("device", "hardware", "execution", "library_version", "runner"),
        *("convention", "settings", "foreign_target"),
    }
    # Of units it is the table to be filled that decides.
    told = {"created", "edgeslim", "provenance", "schema", "unit"}
    assert set(TableContext.__struct_fields__) - compared == told


def test_a_first_line_from_before_there_were_conventions_is_of_fused_operators(path: Path) -> None:
    table_at(path, row(relu(8), 1.0))
    first, rest = path.read_text().split("\n", 1)
    older = json.loads(first)
    del older["convention"], older["provenance"]
    path.write_text(json.dumps(older) + "\n" + rest)
    table = LatencyTable.read(path)
    assert (table.context.convention, table.context.provenance) == (Convention.FUSED, "")
    assert relu(8) in LatencyTable.open(path, CONTEXT)


def test_tables_put_together_by_hand_are_read_if_their_context_is_the_same(path: Path) -> None:
    table_at(path, row(relu(8), 1.0))
    other = path.with_name("other.jsonl")
    table_at(other, row(relu(16), 1.0))
    path.write_bytes(path.read_bytes() + other.read_bytes())
    assert list(LatencyTable.read(path)) == [relu(8), relu(16)]
    with path.open("ab") as stream:
        stream.write(encode_row(changed(device="board")) + b"\n")
    with pytest.raises(BadFileError, match=r"host\.jsonl:5: another context: device: host, not b"):
        LatencyTable.read(path)


def test_a_newer_schema_is_refused_with_the_mend_whatever_else_it_holds(path: Path) -> None:
    path.parent.mkdir()
    newer = {"row": "context", "schema": SCHEMA_WITH_STARTS + 1, "device": {"all": "different"}}
    path.write_text(json.dumps(newer) + "\n" + '{"row": "unheard-of"}\n')
    with pytest.raises(BadFileError, match=r"host\.jsonl:1: schema 5 is newer .* install a newer"):
        LatencyTable.read(path)
    with pytest.raises(BadFileError, match="install a newer edgeslim"):
        LatencyTable.open(path, CONTEXT)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not a latency table: it is empty"),
        (b'{"row":"context"', "is not a latency table: it has no complete line"),
        (b"hello\n", ":1: this is not a latency table: JSON is malformed"),
        (b"\x89PNG\r\n\x1a\n", ":1: this is not a latency table"),
        (b"[1]\n", ":1: this is not a latency table: Expected `object`, got `array`"),
        (b'{"device":"host"}\n', ":1: this is not a latency table: Object missing"),
        (b'{"row":"context"}\n', ":1: Object missing required field `device`"),
        (b'{"row":"what"}\n', r":1: Invalid value 'what' - at `\$\.row`"),
    ],
)
def test_what_is_no_table_is_said_so(path: Path, content: bytes, message: str) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(BadFileError, match=message):
        LatencyTable.read(path)
    if content.startswith(b'{"row":"context"') and b"\n" not in content:
        return  # the beginning of our own first line, which is written again
    if content:
        with pytest.raises(BadFileError, match=message.replace("is empty", "has no")):
            LatencyTable.open(path, CONTEXT)
        assert path.read_bytes() == content


def test_a_table_starts_with_its_context(path: Path) -> None:
    table_at(path, row(relu(8), 1.0))
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[1:]))
    with pytest.raises(BadFileError, match=r":1: a latency table starts with its context"):
        LatencyTable.read(path)


def test_a_table_that_is_not_there_or_a_folder_is_said_so(path: Path) -> None:
    with pytest.raises(BadFileError, match="No such file"):
        LatencyTable.read(path)
    with pytest.raises(UnwritableError, match="Is a directory"):
        LatencyTable.open(path.parent.parent, CONTEXT)


@pytest.mark.parametrize("left", [1, 10, -1])
def test_a_last_line_that_was_cut_off_costs_only_itself(path: Path, left: int) -> None:
    table_at(path, row(relu(8), 1.0), row(relu(16), 2.0))
    *whole, last = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(whole) + last[:left])
    table = LatencyTable.open(path, CONTEXT)
    assert table.truncated
    assert list(table) == [relu(8)]
    table.add(row(relu(32), 3.0))
    again = LatencyTable.read(path)
    assert not again.truncated
    assert list(again) == [relu(8), relu(32)]


def test_a_table_whose_first_line_was_cut_off_starts_anew(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(encode_row(CONTEXT)[:50])
    assert len(LatencyTable.open(path, changed(created="now"))) == 0
    assert LatencyTable.read(path).context.created == "now"


def damaged(line: dict[str, Any], *place: Any, value: Any) -> str:
    *folders, last = place
    part = line
    for folder in folders:
        part = part[folder]
    part[last] = value
    return json.dumps(line)


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (("measurements", 0, "samples_ns", 2), 1.5, r"Expected `int`, got `float` - at "),
        (("measurements", 1, "samples_ns", 0), 0, r"above 0 ns, not 0 - at `\$\.measurements\[1\]"),
        (("measurements", 0, "samples_ns"), [], r"needs at least one sample - at `\$\.measure"),
        (("measurements",), [], "relu 1x8x4x4 -> 1x8x4x4 has no measurements"),
        (("measurements", 0, "cache", "swept_bytes"), -1, r"swept_bytes must be 0 or more, not -1"),
        (("operator", "inputs", "X"), [[1, 0]], r"positive numbers.* at `\$\.operator\.inputs`"),
        (("operator", "inputs", "X"), [1, 8], r"X must be a list of shapes"),
        (("operator", "inputs"), [1], r"expected an object, got list - at `\$\.operator\.inputs`"),
        (("operator", "attributes"), {"a": None}, r"finite numbers.* `\$\.operator\.attributes`"),
        (("operator", "kind"), 3, r"Expected `str`, got `int` - at `\$\.operator\.kind`"),
        (("reference_ms",), -1.0, "reference_ms must be 0 or more, not -1.0"),
        (("row",), "operators", r"Invalid value 'operators' - at `\$\.row`"),
    ],
)
def test_a_bad_line_is_named_with_its_place(
    path: Path, place: tuple[Any, ...], value: Any, message: str
) -> None:
    table_at(path, row(relu(16), 1.0), row(relu(8), 1.0, 2.0))
    *good, last = path.read_text().splitlines()
    path.write_text("\n".join([*good, damaged(json.loads(last), *place, value=value), last, ""]))
    with pytest.raises(BadFileError, match=rf"host\.jsonl:3: .*{message}"):
        LatencyTable.read(path)


def test_a_context_that_cannot_be_is_named_with_its_place(path: Path) -> None:
    path.parent.mkdir()
    context = json.loads(encode_row(CONTEXT))
    path.write_text(damaged(context, "execution", "threads", value=0) + "\n")
    place = r":1: threads must be at least 1, not 0 - at `\$\.execution`"
    with pytest.raises(BadFileError, match=place):
        LatencyTable.read(path)


def test_rows_that_could_not_be_read_back_are_not_made() -> None:
    with pytest.raises(ValueError, match="has no measurements"):
        OperatorRow(operator=relu(8), measurements=())
    with pytest.raises(ValueError, match="no measurements to pool"):
        NetworkRow(name="net", graph=chain(relu(8)), measurements=())
    with pytest.raises(ValueError, match="cannot pool hot with other cache states"):
        NetworkRow(name="net", graph=chain(relu(8)), measurements=(timed(1), timed(1, 8)))
    for number in (math.nan, math.inf, -1.0):
        with pytest.raises(ValueError, match="reference_ms must be 0 or more"):
            row(relu(8), 1.0, reference_ms=number)


def test_measuring_again_adds_samples(path: Path) -> None:
    table = table_at(path, row(relu(8), 1.0, 5.0), row(relu(8), 3.0))
    for each in (table, LatencyTable.read(path)):
        hot = each.measurements(relu(8))[HOT]
        assert hot.samples_ns == (1_000_000,) * 5 + (3_000_000,) * 5
        assert hot.latency_ms == 2.0
        assert each.measurements(relu(8))[CacheState(swept_bytes=8 * MB)].latency_ms == 5.0


def test_measuring_a_network_again_adds_samples_unless_it_has_changed(path: Path) -> None:
    def network(milliseconds: float, *specs: Any) -> NetworkRow:
        return NetworkRow(name="net", graph=chain(*specs), measurements=(timed(milliseconds),))

    table = table_at(path, network(1.0, relu(8)), network(3.0, relu(8)))
    assert table.networks["net"].latency_ms == 2.0
    assert table.network_latencies_ms() == {"net": 2.0}
    table.add(network(9.0, relu(16)))
    for each in (table, LatencyTable.read(path)):
        assert each.networks["net"].latency_ms == 9.0
        assert each.networks["net"].graph == chain(relu(16))
        assert each.network_latencies_ms() == {"net": 9.0}


def test_latencies_are_brought_to_one_speed_by_the_reference(path: Path) -> None:
    table = table_at(
        path,
        row(relu(8), 1.0, 4.0, reference_ms=0.5),
        row(relu(16), 6.0, reference_ms=1.0),
        row(relu(32), 9.0, reference_ms=1.5),
        row(relu(64), 7.0),
        NetworkRow(name="net", graph=chain(relu(8)), measurements=(timed(3.0),), reference_ms=1.5),
    )
    assert table.reference_ms == pytest.approx(1.25)
    hot = {spec: states[HOT] for spec, states in table.latencies_ms().items()}
    assert hot == pytest.approx({relu(8): 2.5, relu(16): 7.5, relu(32): 7.5, relu(64): 7.0})
    cold = table.latencies_ms()[relu(8)][CacheState(swept_bytes=8 * MB)]
    assert cold == pytest.approx(10.0)
    assert table.network_latencies_ms() == pytest.approx({"net": 2.5})


def test_what_failed_once_and_was_measured_later_did_not_fail(path: Path) -> None:
    table = table_at(path, FailedRow(operator=relu(8), reason="it hung"), row(relu(8), 1.0))
    table.add(FailedRow(operator=relu(8), reason="it hung again"))
    for each in (table, LatencyTable.read(path)):
        assert each.failures == {}
        assert relu(8) in each


def test_a_table_removed_meanwhile_is_made_again_with_its_context(path: Path) -> None:
    table = table_at(path, row(relu(8), 1.0))
    path.unlink()
    table.add(row(relu(16), 1.0))
    assert list(LatencyTable.read(path)) == [relu(16)]
    assert LatencyTable.read(path).context == CONTEXT


ADD_MANY = """
import os, sys
from pathlib import Path
from edgeslim.latency_table import LatencyTable
from tests.values import CONTEXT, relu, row

writers = []
for start in (1, 101):
    writer = os.fork()
    if writer == 0:
        table = LatencyTable.open(Path(sys.argv[1]), CONTEXT)
        for channels in range(start, start + 40):
            table.add(row(relu(channels), 1.0), row(relu(1000), 2.0))
        os._exit(0)
    writers.append(writer)
assert [os.waitpid(writer, 0)[1] for writer in writers] == [0, 0]
"""


@pytest.mark.slow
def test_two_processes_that_add_at_once_lose_nothing(path: Path) -> None:
    run_python(ADD_MANY, path)
    table = LatencyTable.read(path)
    assert not table.truncated
    assert set(table) == {relu(n) for n in (*range(1, 41), *range(101, 141), 1000)}
    assert len(table.measurements(relu(1000))[HOT].samples_ns) == 80 * 5


def test_rows_that_do_not_fit_on_the_disk_are_in_neither_file_nor_table(path: Path) -> None:
    path.parent.mkdir()
    printed = run_python(
        """
import resource, signal, sys
from pathlib import Path
from edgeslim.errors import UnwritableError
from tests.values import relu, row, table_at

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
sys.dont_write_bytecode = True
path = Path(sys.argv[1])
table = table_at(path, row(relu(8), 1.0))
resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 400,) * 2)
try:
    table.add(*(row(relu(channels), 1.0) for channels in range(10, 30)))
except UnwritableError as error:
    print(error)
assert list(table) == [relu(8)]
""",
        path,
    )
    assert printed == f"cannot write {path}: File too large\n"
    assert list(LatencyTable.read(path)) == [relu(8)]
    assert not LatencyTable.read(path).truncated
