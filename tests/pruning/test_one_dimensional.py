"""Networks for sequences: filters that Paddle gives an axis at every run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import paddle
import pytest
from paddle import nn

from edgeslim.channels.groups import channels_of
from edgeslim.conversion.model_source import find_model
from edgeslim.conversion.prepare import prepare
from edgeslim.paddle_io.export import export_layer
from edgeslim.pruning.prune import prune
from tests.pruning.tables import made_up_table

pytestmark = pytest.mark.slow


class Rows(nn.Layer):
    """Digits read as sequences of their pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv1D(1, 16, 5, stride=2, padding=2),
            nn.BatchNorm1D(16),
            nn.ReLU(),
            nn.Conv1D(16, 24, 3, padding=1, bias_attr=False),
            nn.BatchNorm1D(24),
            nn.ReLU(),
            nn.Conv1D(24, 24, 3, padding=1, groups=24),
            nn.MaxPool1D(2),
            nn.Conv1D(24, 32, 1),
            nn.ReLU(),
            nn.AdaptiveAvgPool1D(4),
            nn.Flatten(),
            nn.Linear(128, 10),
        )

    def forward(self, image: Any) -> Any:
        return self.body(image.flatten(2))


def test_a_latency_is_met_and_the_network_learns(tmp_path: Path) -> None:
    paddle.seed(0)
    export_layer(Rows(), [(1, 1, 8, 8)], tmp_path / "rows")
    model = prepare(find_model(str(tmp_path / "rows")), tmp_path / "whole")
    groups = {group.name: group.producers for group in channels_of(model.graph).groups}
    assert list(groups.values()) == [
        ("conv1d_0.w_0",),
        ("conv1d_1.w_0", "conv1d_2.w_0"),
        ("conv1d_3.w_0",),
    ]
    table = tmp_path / "host.jsonl"
    made_up_table(table, model)
    same = prune(str(tmp_path / "rows"), out=tmp_path / "same", target_ms=1e3, table=table)
    assert same.predicted_ms is not None
    target_ms = 0.7 * same.predicted_ms
    result = prune(
        str(tmp_path / "rows"),
        out=tmp_path / "pruned",
        target_ms=target_ms,
        table=table,
        task="digits",
        epochs=3,
        eval_share=0.25,
    )
    assert result.predicted_ms is not None
    assert result.predicted_ms <= target_ms
    assert result.macs_after < result.macs_before
    assert result.metric_after is not None
    assert result.metric_after > 0.4
    after = prepare(find_model(str(tmp_path / "pruned")), tmp_path / "after")
    found = {group.name: group.width for group in channels_of(after.graph).groups}
    assert found == {group.name: group.after for group in result.groups if group.after > 1}
