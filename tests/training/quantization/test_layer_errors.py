"""The file of errors by layer, which a killed run leaves and the next one goes on with."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from edgeslim.errors import BadFileError, ContextMismatchError
from edgeslim.training.quantization.layer_errors import ErrorsContext, ErrorsFile, WholeMetrics
from edgeslim.training.quantization.recipe import Recipe
from edgeslim.training.quantization.settings import QuantizationSettings
from tests.training.quantization.test_mixed_precision import layer

CONTEXT = ErrorsContext(
    model="0" * 16,
    data="1" * 16,
    task="digits",
    settings=QuantizationSettings(),
    recipe=Recipe(),
    calibrated=30,
    images=100,
    seed=0,
    metric="accuracy",
)
BASELINE = WholeMetrics(in_floats=0.9, all_rounded=0.8)


def test_a_file_goes_on_where_it_was_killed(tmp_path: Path) -> None:
    path = tmp_path / "errors.jsonl"
    first = ErrorsFile.open(path, CONTEXT)
    assert first.baseline is None
    assert first.add_baseline(BASELINE) == BASELINE
    first.add(layer("a", 0.01))
    with path.open("ab") as stream:
        stream.write(b'{"row":"layer","weight":"b.w","outp')
    again = ErrorsFile.open(path, CONTEXT)
    assert again.baseline == BASELINE
    assert again.layers == {"a": layer("a", 0.01, macs=0)}
    again.add(layer("b", 0.02))
    assert set(ErrorsFile.open(path, CONTEXT).layers) == {"a", "b"}


def test_what_layers_cost_is_not_kept_since_the_table_may_be_another(tmp_path: Path) -> None:
    path = tmp_path / "errors.jsonl"
    ErrorsFile.open(path, CONTEXT).add(layer("a", macs=7, float_ms=0.5))
    assert not {"macs", "float_ms"} & msgspec.json.decode(path.read_bytes().splitlines()[1]).keys()
    with path.open("ab") as stream:  # as earlier versions wrote it
        stream.write(msgspec.json.encode(layer("b", macs=7, float_ms=0.5)) + b"\n")
    found = ErrorsFile.open(path, CONTEXT).layers
    assert [(one.macs, one.float_ms) for one in found.values()] == [(0, None), (0, None)]
    assert set(found) == {"a", "b"}


def test_another_context_is_told_by_name(tmp_path: Path) -> None:
    path = tmp_path / "errors.jsonl"
    ErrorsFile.open(path, CONTEXT)
    for name, value in (("images", 99), ("model", "2" * 16), ("recipe", Recipe(learn=True))):
        other = msgspec.structs.replace(CONTEXT, **{name: value})
        with pytest.raises(ContextMismatchError, match=f"begun with {name} .*, not "):
            ErrorsFile.open(path, other)
    path.write_bytes(msgspec.json.encode(layer("a")) + b"\n")
    with pytest.raises(BadFileError, match="begins with its context"):
        ErrorsFile.open(path, CONTEXT)
