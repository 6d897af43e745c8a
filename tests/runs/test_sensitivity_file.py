"""The file of sensitivities: what is written is read, what does not belong there is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from edgeslim.errors import BadFileError, ContextMismatchError
from edgeslim.runs.sensitivity_file import Sensitivities, SensitivityFile
from edgeslim.runs.sensitivity_rows import SensitivityPoint, fingerprint, kept_width
from tests.pruning.points import CONTEXT, context, point


@pytest.fixture
def file(tmp_path: Path) -> SensitivityFile:
    file = SensitivityFile.begin(tmp_path / "new" / "net.jsonl", CONTEXT)
    for each in (point("b", 0.5, 0.4), point("a", 0.2, 0.7), point("b", 0.1, 0.9)):
        file.add(each)
    return file


def test_what_is_written_is_read(file: SensitivityFile) -> None:
    again = SensitivityFile.read(file.path)
    assert again.sensitivities == file.sensitivities
    assert again.context == CONTEXT
    assert {name: [p.ratio for p in each] for name, each in again.sensitivities.points.items()} == {
        "b": [0.1, 0.5],
        "a": [0.2],
    }


def test_a_line_is_one_json_object_that_says_everything(file: SensitivityFile) -> None:
    first, line, *_ = file.path.read_bytes().splitlines()
    assert msgspec.json.decode(first)["row"] == "context"
    assert msgspec.json.decode(first)["baseline"] == 0.8
    found = msgspec.json.decode(line)
    assert found == {
        "row": "point",
        "group": "b",
        "ratio": 0.5,
        "width": 50,
        "channels": 100,
        "metric": 0.4,
        "loss": 0.4,
        "relative_loss": 0.5,
    }


def test_of_two_points_at_one_ratio_the_later_counts() -> None:
    found = Sensitivities.of(CONTEXT, [point("a", 0.1, 0.7), point("a", 0.1, 0.6)])
    assert [each.metric for each in found.points["a"]] == [0.6]


def test_a_last_line_that_was_cut_off_is_left_out_and_written_over(file: SensitivityFile) -> None:
    whole = file.path.read_bytes()
    file.path.write_bytes(whole[:-9])
    again = SensitivityFile.read(file.path)
    assert ("b", 0.1) not in again
    assert ("a", 0.2) in again
    again.add(point("b", 0.1, 0.9))
    assert file.path.read_bytes() == whole


def test_of_a_first_line_that_was_cut_off_nothing_is_left(tmp_path: Path) -> None:
    path = tmp_path / "net.jsonl"
    assert SensitivityFile.find(path) is None
    SensitivityFile.begin(path, CONTEXT)
    path.write_bytes(path.read_bytes()[:-5])
    assert SensitivityFile.find(path) is None
    assert SensitivityFile.begin(path, CONTEXT).context == CONTEXT
    assert SensitivityFile.read(path).context == CONTEXT


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"model": "fedcba9876543210"}, "another model: its parameters were 0123456789abcdef"),
        ({"task": "fashion_mnist"}, "task digits, not fashion_mnist"),
        ({"metric": "top5"}, "metric accuracy, not top5"),
        ({"criterion": "l2"}, "criterion l1, not l2"),
        ({"input_shape": (1, 1, 32, 32)}, "input shape 1,1,16,16, not 1,1,32,32"),
        ({"share": 0.2}, "share 1.0, not 0.2"),
        ({"seed": 3}, "seed 0, not 3"),
        ({"examples": 79}, "examples 397, not 79"),
        ({"data": "another"}, "is of other examples of the same number"),
    ],
)
def test_a_file_of_something_else_is_refused_with_what_differs(
    file: SensitivityFile, changes: dict[str, object], says: str
) -> None:
    with pytest.raises(ContextMismatchError) as caught:
        SensitivityFile.begin(file.path, context(**changes))
    assert says in str(caught.value)
    assert "another --out" in str(caught.value)


def test_what_only_tells_of_a_run_makes_no_difference(file: SensitivityFile) -> None:
    other = context(name="copy", created="2031-01-01", edgeslim="9.0", baseline=0.79)
    # The baseline that was measured first stays: all losses are of it.
    assert SensitivityFile.begin(file.path, other).context.baseline == 0.8


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "net.jsonl is no file of sensitivities: it is empty"),
        (b"half", "it has no complete line"),
        (b'{"latency": 3}\n', "net.jsonl:1: this is no file of sensitivities"),
        (b'{"row":"context","schema":99}\n', "schema 99 is newer than this edgeslim reads"),
        (b'{"row":"context","device":"host"}\n', "net.jsonl:1: Object missing required field"),
        (b"CONTEXT\nhello\n", "net.jsonl:2: JSON is malformed"),
        (b"CONTEXT\nCONTEXT\n", "net.jsonl:2: a second context"),
        (b"POINT\n", "net.jsonl:1: a file of sensitivities starts with its context"),
        (b"CONTEXT\nNARROW\n", "net.jsonl:2: width must be from 1 to 100, not 0"),
    ],
)
def test_what_is_no_such_file_is_refused_by_its_line(
    tmp_path: Path, content: bytes, says: str
) -> None:
    lines = {
        b"CONTEXT": msgspec.json.encode(CONTEXT),
        b"POINT": msgspec.json.encode(point("a", 0.1, 0.5)),
        b"NARROW": msgspec.json.encode(point("a", 0.1, 0.5)).replace(b'"width":90', b'"width":0'),
    }
    for word, line in lines.items():
        content = content.replace(word, line)
    path = tmp_path / "net.jsonl"
    path.write_bytes(content)
    with pytest.raises(BadFileError) as caught:
        SensitivityFile.read(path)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("channels", "ratio", "width"),
    [(10, 0.1, 9), (10, 0.9, 1), (4, 0.1, 4), (2, 0.9, 1), (3, 0.99, 1), (64, 0.3, 45)],
)
def test_the_number_that_goes_is_rounded_and_one_stays(
    channels: int, ratio: float, width: int
) -> None:
    assert kept_width(channels, ratio) == width
    removed = point("a", ratio, 0.5, channels=channels).removed_share
    assert removed == pytest.approx(1 - width / channels)


@pytest.mark.parametrize("name", ["ratio", "metric", "loss", "relative_loss"])
def test_a_point_is_made_of_numbers(name: str) -> None:
    fields = msgspec.structs.asdict(point("a", 0.1, 0.5)) | {name: float("nan")}
    with pytest.raises(ValueError, match=f"{name} must be a number, not nan"):
        SensitivityPoint(**fields)


def test_a_fingerprint_tells_models_apart_by_names_shapes_types_and_values() -> None:
    values = np.arange(6, dtype=np.float32)
    models: list[dict[str, np.ndarray[Any, Any]]] = [
        {"w": values.reshape(2, 3)},
        {"v": values.reshape(2, 3)},
        {"w": values.reshape(3, 2)},
        {"w": values.reshape(2, 3).astype(np.float64)},
        {"w": values.reshape(2, 3) + 1e-6},
        {"w": values.reshape(2, 3), "v": values},
    ]
    assert len({fingerprint(model) for model in models}) == len(models)
    assert fingerprint({"w": values.reshape(3, 2).T}) == fingerprint(
        {"w": np.array([[0, 2, 4], [1, 3, 5]], np.float32)}
    )
    assert fingerprint({"a": values, "b": values}) == fingerprint({"b": values, "a": values})
