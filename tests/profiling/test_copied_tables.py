"""Which tables a new one may be like, and what is copied of them."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest

from edgeslim.errors import BadFileError, UsageError
from edgeslim.execution import Precision, Target
from edgeslim.latency_rows import SCHEMA, SCHEMA_WITH_COPIES, Convention, TableContext
from edgeslim.latency_table import LatencyTable
from edgeslim.opspec import OpSpec, Shapes
from edgeslim.prediction.network_model import NetworkModel
from edgeslim.prediction.predictor import Predictor, Source
from edgeslim.profiling.copied_tables import add_copies, check_copies, copy_tables
from tests.prediction.networks import null_row, synthetic_networks
from tests.values import CONTEXT, MB, convolution, relu, row, table_at

SPECS = [convolution(8, width) for width in (8, 16, 24, 32, 40)]


def table_of(path: Path, context: TableContext, factor: float = 1.0) -> Path:
    table = LatencyTable.open(path, context)
    table.add(*(row(spec, factor * (1 + i), 2.0 * (1 + i)) for i, spec in enumerate(SPECS)))
    return path


@pytest.fixture
def other(tmp_path: Path) -> Path:
    return table_of(tmp_path / "other.jsonl", CONTEXT)


def test_a_copy_has_every_operator_and_says_whose_it_is(other: Path, tmp_path: Path) -> None:
    (copy,) = copy_tables([other], CONTEXT, tmp_path / "new.jsonl")
    assert [known.operator for known in copy.operators] == SPECS
    assert [known.latencies_ms for known in copy.operators[:2]] == [(1.0, 2.0), (2.0, 4.0)]
    assert copy.swept_bytes == (0, 8 * MB)
    assert (copy.context, copy.digest) == (CONTEXT, LatencyTable.read(other).digest)
    assert not (tmp_path / "new.jsonl").exists()


def test_a_copy_says_how_networks_follow_from_operators_there(tmp_path: Path) -> None:
    model = NetworkModel(scale=1.2, cold_scale=0.5, distance_factor=1.5)
    table = table_at(tmp_path / "other.jsonl", null_row())
    networks = synthetic_networks(model, count=4)
    for _, rows, network in networks.values():
        table.add(*rows, network)
    (copy,) = copy_tables([table.path], CONTEXT, tmp_path / "new.jsonl")
    assert copy.model is not None
    assert copy.model.scale == pytest.approx(1.2, abs=0.05)
    fitted = Predictor(table).calibration.model
    assert copy.model.scale == pytest.approx(fitted.scale, rel=1e-4)
    few = table_at(tmp_path / "few.jsonl", row(relu(8), 0.1))
    (without,) = copy_tables([few.path], CONTEXT, tmp_path / "new.jsonl")
    assert without.model is None


def test_a_table_is_read_with_its_copies_when_the_other_one_is_gone(
    other: Path, tmp_path: Path
) -> None:
    path = tmp_path / "new.jsonl"
    copies = copy_tables([other], CONTEXT, path)
    context = msgspec.structs.replace(CONTEXT, schema=SCHEMA_WITH_COPIES)
    LatencyTable.open(path, context).add(*copies, row(relu(8), 0.1))
    other.unlink()
    table = LatencyTable.read(path)
    assert [found.digest for found in table.likes] == [copies[0].digest]
    assert list(table) == [relu(8)], "what another device measured is not measured here"
    assert table.context.schema == SCHEMA_WITH_COPIES
    assert not table.context.difference(CONTEXT)


def test_a_later_copy_of_a_table_that_has_grown_replaces_the_earlier(
    other: Path, tmp_path: Path
) -> None:
    path = tmp_path / "new.jsonl"
    table = LatencyTable.open(path, CONTEXT)
    table.add(*copy_tables([other], CONTEXT, path))
    LatencyTable.read(other).add(row(relu(8), 0.1))
    table.add(*copy_tables([other], CONTEXT, path))
    for found in (table, LatencyTable.read(path)):
        (copy,) = found.likes
        assert len(copy.operators) == len(SPECS) + 1


def test_a_table_without_copies_is_written_as_before(tmp_path: Path) -> None:
    table = table_at(tmp_path / "table.jsonl", row(relu(8), 0.1))
    first = table.path.read_bytes().splitlines()[0]
    assert msgspec.json.decode(first)["schema"] == SCHEMA == 2
    assert table.likes == ()


def test_a_copy_that_is_none_is_refused_with_its_line(other: Path, tmp_path: Path) -> None:
    path = tmp_path / "new.jsonl"
    LatencyTable.open(path, CONTEXT).add(*copy_tables([other], CONTEXT, path))
    text = path.read_text()
    for good, bad, word in (
        ("[1.0,2.0]", "[1.0]", "must be 2 positive numbers"),
        ("[1.0,2.0]", "[1.0,-2.0]", "must be 2 positive numbers"),
        ('"swept_bytes":[0,8388608]', '"swept_bytes":[8388608,0]', "swept_bytes must rise"),
    ):
        assert good in text
        path.write_text(text.replace(good, bad, 1))
        with pytest.raises(BadFileError, match=f"new.jsonl:2: .*{word}"):
            LatencyTable.read(path)


def test_a_table_is_not_like_itself(other: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"other.jsonl is the table that is written"):
        copy_tables([other], CONTEXT, other)
    moved = tmp_path / "copy.jsonl"
    shutil.copy(other, moved)
    with pytest.raises(UsageError, match=r"copy.jsonl is the table that is written"):
        copy_tables([moved], CONTEXT, other)


def test_a_table_of_another_convention_is_refused(tmp_path: Path) -> None:
    context = msgspec.structs.replace(CONTEXT, convention=Convention.BARE_CONVOLUTIONS)
    path = table_of(tmp_path / "bare.jsonl", context)
    with pytest.raises(UsageError, match="of the convention bare-convolutions, and the table"):
        copy_tables([path], CONTEXT, tmp_path / "new.jsonl")


def test_a_table_without_operators_is_refused(tmp_path: Path) -> None:
    path = LatencyTable.open(tmp_path / "empty.jsonl", CONTEXT).path
    with pytest.raises(UsageError, match=r"empty.jsonl has no operators"):
        copy_tables([path], CONTEXT, tmp_path / "new.jsonl")


def test_two_tables_of_one_device_that_contradict_each_other_are_refused(
    other: Path, tmp_path: Path
) -> None:
    again = table_of(tmp_path / "again.jsonl", CONTEXT, 1.02)
    out = tmp_path / "new.jsonl"
    assert len(copy_tables([other, again], CONTEXT, out)) == 2
    double = table_of(tmp_path / "double.jsonl", CONTEXT, 2.0)
    with pytest.raises(UsageError, match=r"other.jsonl and .*double.jsonl are of one device and c"):
        copy_tables([other, double], CONTEXT, out)
    slower = msgspec.structs.replace(CONTEXT, device="slower")
    apart = table_of(tmp_path / "slower.jsonl", slower, 2.0)
    assert len(copy_tables([other, apart], CONTEXT, out)) == 2


def test_another_target_or_precision_is_like_if_it_knows_the_operators(tmp_path: Path) -> None:
    execution = msgspec.structs.replace(
        CONTEXT.execution, target=Target.ARM, precision=Precision.INT8, threads=4
    )
    context = msgspec.structs.replace(CONTEXT, device="phone", execution=execution)
    path = table_of(tmp_path / "phone.jsonl", context)
    copies = copy_tables([path], CONTEXT, tmp_path / "new.jsonl")
    check_copies(copies, [convolution(12, 12)])
    shape = ((1, 8),)
    softmax = OpSpec(kind="softmax", inputs=Shapes(X=shape), outputs=Shapes(Out=shape))
    with pytest.raises(UsageError, match=r"phone \(.*arm int8, 4 threads.* no operator like the 1"):
        check_copies(copies, [softmax])


def test_an_imported_table_gets_copies_once(other: Path, tmp_path: Path) -> None:
    slower = msgspec.structs.replace(CONTEXT, device="slower")
    path = LatencyTable.open(tmp_path / "slower.jsonl", slower).path
    LatencyTable.read(path).add(*(row(spec, 3.0 * (1 + i)) for i, spec in enumerate(SPECS[:3])))
    table, copies = add_copies(path, [other])
    assert table.likes == copies
    lacking = SPECS[4]
    predictor = Predictor(LatencyTable.read(path))
    assert predictor.rows.source(lacking) is Source.TRANSFERRED
    assert float(predictor.rows.of([lacking])[0, -1]) == pytest.approx(15.0, rel=0.1)
    before = path.read_bytes()
    add_copies(path, [other])
    assert path.read_bytes() == before
    with pytest.raises(UsageError, match=r"slower.jsonl is the table that is written"):
        add_copies(path, [path])
    assert path.read_bytes() == before
