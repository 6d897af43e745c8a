"""The tokens that PaddleSlim 1.x published for MobileNetV1, in its own configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeslim.compression.strategies._original_order import sort_to_network_order
from edgeslim.errors import UsageError
from tests.compression.in_process import run

PUBLISHED = [39, 38, 38, 24, 21, 34, 24, 29, 19, 11, 33, 36, 39]
IN_THE_NETWORKS_ORDER = [19, 36, 24, 11, 21, 38, 38, 39, 39, 34, 33, 29, 24]

TEXT = f"""
version: 1.0
pruners:
  pruner_1: {{class: StructurePruner, pruning_axis: {{'*': 0}}, criterions: {{'*': l1_norm}}}}
controllers:
  sa_controller: {{class: SAController, reduce_rate: 0.9, init_temperature: 100,
                  max_iter_number: 300}}
strategies:
  auto_pruning:
    {{class: AutoPruneStrategy, pruner: pruner_1, controller: sa_controller, start_epoch: 0,
     end_epoch: 1, max_ratio: 0.50, min_ratio: 0.48, uniform_range: 0.4,
     init_tokens: {PUBLISHED}, pruned_params: '.*_sep_weights', metric_name: acc_top1}}
compressor: {{epoch: 1, strategies: [auto_pruning]}}
"""
NET = {"model": "mobilenet-v1", "input_shape": (1, 3, 32, 32)}


@pytest.mark.slow
def test_the_published_tokens_mean_what_they_meant(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    done = run(tmp_path, TEXT, **NET)
    assert any(f"init_tokens {IN_THE_NETWORKS_ORDER}" in each for each in done.history[0].events)
    (said,) = {each for each in caplog.messages if "init_tokens" in each}
    assert said == (
        f"{tmp_path / 'c.yaml'}: strategies.auto_pruning.init_tokens is read in the order in "
        "which PaddleSlim 1.x had these parameters, and removes 49.3% of the work: in the "
        "network's order it removes 46.4% of the work, less than min_ratio 0.48"
    )


@pytest.mark.slow
def test_a_ratio_that_no_candidate_may_have_names_the_key(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        run(tmp_path, TEXT, "strategies.auto_pruning.uniform_range=0.39", **NET)
    says = "has 39, but ratios must be below uniform_range 0.39"
    assert str(caught.value).endswith(f"strategies.auto_pruning.init_tokens {says}")


def test_the_originals_order_is_known_of_one_network_alone() -> None:
    names = ["conv2_1", "conv2_2", "conv3_1", "conv3_2", "conv4_1", "conv4_2"]
    names += [*(f"conv5_{number}" for number in range(1, 7)), "conv6"]
    weights = [f"{name}_sep_weights" for name in names]
    assert sort_to_network_order(PUBLISHED, weights) == tuple(IN_THE_NETWORKS_ORDER)
    assert sort_to_network_order(PUBLISHED[1:], weights[1:]) is None
