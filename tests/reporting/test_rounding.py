"""The report of a quantization."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from edgeslim.files import write_json
from edgeslim.reporting.report import report
from edgeslim.training.quantization.layer_errors import Explanation
from edgeslim.training.quantization.recipe import Recipe, RecipeTrial
from edgeslim.training.quantization.record import QUANTIZATION_FILE, QuantizationRecord
from edgeslim.training.quantization.settings import QuantizationSettings
from tests.training.quantization.test_mixed_precision import layer

RECORD = QuantizationRecord(
    model="net",
    task="digits",
    settings=QuantizationSettings(),
    trials=(
        RecipeTrial(recipe=Recipe(), snr_db=12.5),
        RecipeTrial(recipe=Recipe(equalize=0.5, correct=True), snr_db=31.25),
    ),
    chosen=1,
    metric="accuracy",
    before=0.9,
    after=0.895,
    examples=400,
    layers=("a.w", "b.w"),
    in_floats=("c.w",),
    bytes_before=2_000_000,
    bytes_after=600_000,
    max_loss=0.01,
)
EXPLAINED = msgspec.structs.replace(
    RECORD,
    explanation=Explanation(
        images=300,
        in_floats=0.9,
        all_rounded=0.87,
        layers=(layer("a", 0.02, 0.01, float_ms=0.5), layer("<b>", -0.01, 0.03, float_ms=0.25)),
        table="table.jsonl",
    ),
)


@pytest.mark.parametrize("name", ["html", "markdown", "json"])
@pytest.mark.parametrize("record", [RECORD, EXPLAINED])
def test_a_quantization_is_reported(record: QuantizationRecord, name: str, tmp_path: Path) -> None:
    write_json(tmp_path / QUANTIZATION_FILE, record)
    done = report(tmp_path, format=name)
    assert " ".join(done.verdict.split()) == (
        "The quantized model has accuracy 89.5 %, and 90.0 % in floats; it was not deployed yet."
    )
    assert "rounding" in done.sections
    text = Path(done.report).read_text()
    for said in ("equalised channels, corrected means", "31.25", "In floats stay c.w."):
        assert said in text
    assert ("layer by layer was not measured" in text) == (record is RECORD)
    assert "<b>" not in text or name != "html"
    if record is EXPLAINED and name == "json":
        section = next(one for one in json.loads(text)["sections"] if one["key"] == "rounding")
        assert "a.w" in json.dumps(section["blocks"][-1])


def test_layers_that_lose_nothing_have_a_chart_too(tmp_path: Path) -> None:
    explanation = Explanation(images=9, in_floats=0.9, all_rounded=0.9, layers=(layer("a"),))
    record = msgspec.structs.replace(RECORD, explanation=explanation)
    write_json(tmp_path / QUANTIZATION_FILE, record)
    assert "rounding" in report(tmp_path).sections
