"""Whatever is in a file of timings, a table comes of it or one line that says what is wrong."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeslim.errors import EdgeslimError
from edgeslim.latency_table import LatencyTable
from edgeslim.tables.check import check_table
from edgeslim.tables.import_table import Fusion, TableOrigin, import_table
from tests.table_formats.test_onnxruntime_profile import EXTENDED, MODEL, PROFILES
from tests.table_formats.test_openvino_profile import COUNTERS
from tests.table_formats.test_timings import ACT, HEADER, JSON, NETWORK, STEM

pytestmark = pytest.mark.slow

FILES = {
    "timings-csv": (HEADER + STEM + ACT + NETWORK).encode(),
    "timings-json": JSON.encode(),
    "onnxruntime": EXTENDED.read_bytes(),
    "model": MODEL.read_bytes(),
    "openvino": (PROFILES / "openvino" / COUNTERS).read_bytes(),
    "graph": (PROFILES / "openvino" / "graph.xml").read_bytes(),
}
pieces = st.one_of(
    st.sampled_from([b"", b"0", b"-1", b"nan", b"9" * 20, b",", b";", b'"', b"\n", b"x", b"[]"]),
    st.binary(max_size=3),
)
edits = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 12), pieces), min_size=1, max_size=4
)


def edited(content: bytes, changes: list[tuple[float, int, bytes]]) -> bytes:
    for share, length, piece in changes:
        place = int(share * len(content))
        content = content[:place] + piece + content[place + length :]
    return content


def read(folder: Path, name: str, content: bytes) -> None:
    """Imports a file of which one was edited; others are as they should be."""
    out, model, counters = folder / "ours.jsonl", MODEL, folder / "report"
    shutil.copytree(PROFILES / "openvino", counters)
    file = folder / "file"
    file.write_bytes(content if name.startswith("timings") or name == "onnxruntime" else b"")
    if name == "model":
        model = folder / "model.onnx"
        model.write_bytes(content)
    format_name = "timings" if name.startswith("timings") else "onnxruntime-profile"
    if name in {"openvino", "graph"}:
        (counters / (COUNTERS if name == "openvino" else "graph.xml")).write_bytes(content)
        file, format_name = counters / COUNTERS, "openvino-profile"
    fusion = Fusion.ARM
    models = () if format_name == "timings" else (model,)
    source = EXTENDED if name == "model" else file
    origin = TableOrigin(device="d", target="gpu", fusion=fusion, models=models)
    import_table(source, format_name, out, origin=origin)
    LatencyTable.read(out)
    check_table(out)


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=60)
@given(changes=edits)
def test_an_edited_file_is_read_or_is_one_line(
    name: str, changes: list[tuple[float, int, bytes]]
) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        try:
            read(folder, name, edited(FILES[name], changes))
        except EdgeslimError as error:
            assert "\n" not in str(error)  # noqa: PT017 - both ends are right
            assert not (folder / "ours.jsonl").exists()


@pytest.mark.parametrize("name", FILES)
def test_a_file_as_it_should_be_is_read(name: str, tmp_path: Path) -> None:
    read(tmp_path, name, FILES[name])
    assert len(LatencyTable.read(tmp_path / "ours.jsonl")) > 0
