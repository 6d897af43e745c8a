"""What every table format on the shelf must do; a new file is tested by being there."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from edgeslim.errors import BadFileError, UsageError
from edgeslim.latency_rows import Convention
from edgeslim.latency_table import LatencyTable
from edgeslim.opspec import OpSpec
from edgeslim.table_formats import FORMATS, LatencyUnit
from edgeslim.table_keys import table_key
from edgeslim.tables.export_table import export_table
from edgeslim.tables.import_table import TableOrigin, import_table
from tests.values import convolution, relu, row, table_at

NAMES = FORMATS.names()
WRITTEN = [name for name in NAMES if FORMATS.get(name).write is not None]
UNITS = {"paddleslim-1": LatencyUnit.MS}
"""What the user must say, of formats that do not."""


def again(file: Path, name: str, out: Path) -> LatencyTable:
    import_table(file, name, out, origin=TableOrigin(device="board", unit=UNITS.get(name)))
    return LatencyTable.read(out)


def like_relu(kind: str) -> OpSpec:
    """An operator that lacks what others of its kind have."""
    return OpSpec(kind=kind, inputs=relu(8).inputs, outputs=relu(8).outputs)


@pytest.mark.parametrize("name", NAMES)
def test_a_format_says_what_it_is(name: str) -> None:
    module = importlib.import_module(f"edgeslim.table_formats.{name.replace('-', '_')}")
    assert FORMATS.get(name) is module.FORMAT
    assert module.FORMAT.summary
    assert module.FORMAT.suffix.startswith(".")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe\x00", b"\n\n", b"hello\tworld\n", b"\x80\x04."]
)
def test_what_is_none_of_it_is_one_clear_error_that_names_the_file(
    tmp_path: Path, name: str, content: bytes
) -> None:
    file = tmp_path / "theirs"
    file.write_bytes(content)
    with pytest.raises(BadFileError, match="theirs") as caught:
        again(file, name, tmp_path / "ours.jsonl")
    assert "\n" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["theirs"]
    with pytest.raises(BadFileError, match=r"cannot read .*: No such file"):
        again(tmp_path / "nowhere", name, tmp_path / "ours.jsonl")


@pytest.mark.parametrize("name", WRITTEN)
def test_what_is_exported_is_read_back_to_the_nanosecond(tmp_path: Path, name: str) -> None:
    specs = {relu(8): 0.000123, convolution(3, 8): 0.0101, convolution(8, 16, kernel=1): 12.345678}
    table = table_at(tmp_path / "host.jsonl", *(row(spec, ms) for spec, ms in specs.items()))
    done = export_table(table.path, name, tmp_path / "theirs")
    assert (len(done.operators), done.refused) == (3, ())
    read = again(done.file, name, tmp_path / "ours.jsonl")
    unnamed = read.context.convention is Convention.UNNAMED_ACTIVATIONS
    expected = {
        (table_key(spec, Convention.UNNAMED_ACTIVATIONS) if unnamed else spec): milliseconds
        for spec, milliseconds in specs.items()
    }
    assert {
        spec: min(latencies.values()) for spec, latencies in read.latencies_ms().items()
    } == expected


@pytest.mark.parametrize("name", WRITTEN)
def test_what_it_has_no_words_for_is_listed_and_what_is_lost_is_said(
    tmp_path: Path, name: str
) -> None:
    rows = (row(relu(8), 1.0, 2.0), row(like_relu("unheard_of"), 1.0), row(like_relu("conv2d"), 1))
    table = table_at(tmp_path / "host.jsonl", *rows)
    done = export_table(table.path, name, tmp_path / "theirs")
    assert done.operators == (relu(8),)
    assert done.refused_kinds == {"unheard_of": 1, "conv2d": 1}
    assert "of 2 cache states only one is said, hot where it is" in done.notes
    assert any("the samples and the spread of" in note for note in done.notes)
    with pytest.raises(UsageError, match="is there already"):
        export_table(table.path, name, tmp_path / "theirs")


@pytest.mark.parametrize("name", WRITTEN)
def test_a_table_of_which_nothing_can_be_said_leaves_no_file(tmp_path: Path, name: str) -> None:
    table = table_at(tmp_path / "host.jsonl", row(like_relu("unheard_of"), 1.0))
    with pytest.raises(BadFileError, match=f"nothing of .* can be said in {name}; unheard_of"):
        export_table(table.path, name, tmp_path / "theirs")
    assert not (tmp_path / "theirs").exists()


@pytest.mark.parametrize("name", [name for name in NAMES if name not in WRITTEN])
def test_a_format_that_is_only_read_says_so(tmp_path: Path, name: str) -> None:
    table = table_at(tmp_path / "host.jsonl", row(relu(8), 1.0))
    with pytest.raises(UsageError, match=f"{name} is only read; formats that are written: "):
        export_table(table.path, name, tmp_path / "theirs")
    assert not (tmp_path / "theirs").exists()
