"""The pruning strategy of CONTRIBUTING holds limits as others do; Paddle prepares the network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeslim.channels.groups import channels_of
from edgeslim.conversion.model_source import find_model
from edgeslim.conversion.prepare import prepare
from edgeslim.pruning.limits import WorkLimit
from edgeslim.pruning.loss_curves import LossCurves
from edgeslim.pruning.strategies import STRATEGIES, WidthProblem
from edgeslim.pruning.subject import PrunableModel
from tests.docs.test_contributing import adding
from tests.pruning.trained import save_trained

pytestmark = pytest.mark.slow


def test_a_pruning_strategy(tmp_path: Path) -> None:
    save_trained(tmp_path / "net")
    model = prepare(find_model(str(tmp_path / "net")), tmp_path)
    channels = channels_of(model.graph)
    subject = PrunableModel(
        model=model, channels=channels, chosen=tuple(group.name for group in channels.groups)
    )
    limit = WorkLimit(subject=subject, maximum=0.5 * subject.macs({}))
    problem = WidthProblem(
        subject=subject,
        limit=limit,
        find_losses=lambda: LossCurves(curves={}),
        generator=np.random.default_rng(0),
    )
    with adding(tmp_path / "added", "edgeslim/pruning/strategies/late_first.py"):
        widths = STRATEGIES.get("late-first").widths(problem)
    assert limit.is_met(widths)
    assert sorted(widths) == sorted(subject.chosen)
    whole = subject.whole
    shares = [widths[name] / whole[name] for name in subject.chosen]
    assert shares[-1] <= shares[0]
    assert "late-first" not in STRATEGIES
