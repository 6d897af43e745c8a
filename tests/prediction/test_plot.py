"""Tests of the picture of a prediction."""

from __future__ import annotations

import re
from pathlib import Path

from edgeslim.opspec import OpSpec, Shapes
from edgeslim.prediction.operator_rows import Source
from edgeslim.prediction.plot import plot_prediction
from edgeslim.prediction.predictor import OperatorLatency, Prediction


def _operator(source: Source, latency_ms: float | None) -> OperatorLatency:
    shapes = ((1, 8, 4, 4),)
    spec = OpSpec(kind="relu", inputs=Shapes(X=shapes), outputs=Shapes(Out=shapes))
    return OperatorLatency(spec=spec, latency_ms=latency_ms, error=0.0, source=source)


def test_operators_without_a_latency_are_no_bars(tmp_path: Path) -> None:
    prediction = Prediction(
        total_ms=2.0,
        interval_ms=None,
        operators=(
            _operator(Source.MEASURED, 2.0),
            _operator(Source.MISSING, None),
            _operator(Source.MISSING, None),
            _operator(Source.LEFT_OUT, None),
        ),
    )
    plot_prediction(prediction, tmp_path / "net.svg", title="net")
    # Glyphs are drawn as paths; the text of each stands in a comment before it.
    texts = re.findall("<!-- (.*?) -->", (tmp_path / "net.svg").read_text())
    assert texts.count("not in the table") == 2
    assert texts.count("not in its convention") == 1
    assert {"missing (2)", "measured (1)", "2.00 ms, without 3 operators"} <= set(texts)
