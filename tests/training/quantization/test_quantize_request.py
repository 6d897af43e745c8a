"""What can be asked of a quantization, and what it advises; without Paddle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgeslim.errors import UsageError
from edgeslim.training.quantization.settings import QuantizationSettings
from edgeslim.training.quantize_model import QuantizeRequest, advice_for
from tests.values import table_at


def request(**fields: Any) -> QuantizeRequest:
    return QuantizeRequest("net", task="digits", out=Path("int8"), **fields)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"method": "best"}, "must be one of abs_max, auto, histogram, kl, mse, not 'best'"),
        ({"batches": 0}, "batches must be at least 1, not 0"),
        ({"images": 0}, "images must be at least 1, not 0"),
        ({"max_loss": 1.5}, "max_loss must be from 0 to 1, not 1.5"),
    ],
)
def test_numbers_out_of_range_are_told(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        request(**fields).check()
    request().check()


def test_few_bits_and_x86_have_advice(tmp_path: Path) -> None:
    assert advice_for(request(), None) == []
    table = table_at(tmp_path / "table.jsonl")
    (slower,) = advice_for(request(), table)
    assert "slower than those for floats" in slower
    # What calibration corrected for rounding is wrong without it.
    assert slower.endswith("edgeslim deploy net")
    few = request(settings=QuantizationSettings(weight_bits=4))
    learn, slower = advice_for(few, None)
    assert "--learn-rounding" in learn
    assert "slower" in slower
