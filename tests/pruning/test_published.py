"""What PaddleSlim 1.x published of pruning, replayed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from edgeslim import ops
from edgeslim.channels.choice import match_parameters, ratios_of_groups
from edgeslim.channels.groups import channels_of
from edgeslim.compression.strategies._original_order import sort_to_network_order
from edgeslim.conversion.model_source import find_model
from edgeslim.conversion.prepare import prepare
from edgeslim.files import temporary_folder
from edgeslim.pruning.subject import PrunableModel, Widths, widths_at

pytestmark = pytest.mark.slow

LAYERS = (
    *("conv2_1", "conv2_2", "conv3_1", "conv3_2", "conv4_1", "conv4_2"),
    *("conv5_1", "conv5_2", "conv5_3", "conv5_4", "conv5_5", "conv5_6", "conv6"),
)
TOKENS = (39, 38, 38, 24, 21, 34, 24, 29, 19, 11, 33, 36, 39)
"""The vector of the automatic pruning, hundredths, as its documentation gives it."""

IN_THE_ORDER_OF_THE_ORIGINAL = (19, 36, 24, 11, 21, 38, 38, 39, 39, 34, 33, 29, 24)
"""The same by layer, as the original's unordered table of parameters hands them out."""


@pytest.fixture(scope="module")
def mobilenet_v1() -> Iterator[PrunableModel]:
    with temporary_folder() as folder:
        model = prepare(find_model("mobilenet-v1"), folder)
        channels = channels_of(model.graph)
        chosen = tuple(f"{layer}_sep_weights" for layer in LAYERS)
        assert match_parameters(model.graph.parameters, ".*_sep_weights") == tuple(sorted(chosen))
        yield PrunableModel(model=model, channels=channels, chosen=chosen)


def as_the_tool_logs(subject: PrunableModel, widths: Widths) -> float:
    """Share of the 1.x count that is gone, where only filters change their shapes.

    The original changed the shapes of parameters, and neither those of activations nor the
    groups of depthwise convolutions: batch norms, activations and the last layer are counted
    as before.
    """
    before, after = subject.model.graph, subject.graph(widths)
    counted = [
        ops.paddleslim1_flops([new], python=3) * new.output_shape[1] / old.output_shape[1]
        if old.kind == "depthwise_conv2d"
        else ops.paddleslim1_flops([new if old.kind == "conv2d" else old], python=3)
        for old, new in zip(before.specs, after.specs, strict=True)
    ]
    return sum(counted) / ops.paddleslim1_flops(before.specs, python=3) - 1


def test_uniform_to_half_by_its_counter(mobilenet_v1: PrunableModel) -> None:
    subject = mobilenet_v1
    names = subject.chosen
    full = subject.work("paddleslim1-flops", {})

    def removed(ratio: float) -> float:
        widths = widths_at(subject.groups, dict.fromkeys(names, ratio))
        return 1 - subject.work("paddleslim1-flops", widths) / full

    ratio = 0.3125  # its bisection ends as soon as it is within a hundredth of the target
    assert removed(0.25) < 0.49
    assert abs(removed(ratio) - 0.5) < 0.01
    widths = widths_at(subject.groups, dict.fromkeys(names, ratio))
    before, after = (subject.graph(each).elements for each in ({}, widths))
    assert round(100 * (after / before - 1), 2) == -47.08
    assert round(4 * after / 1e6, 2) == 9.00
    assert round(100 * (subject.macs(widths) / subject.macs({}) - 1), 2) == -49.87
    assert round(100 * as_the_tool_logs(subject, widths), 2) == -50.13


@pytest.mark.parametrize(
    ("hundredths", "logged", "counted"),
    [(TOKENS, -46.06, -46.37), (IN_THE_ORDER_OF_THE_ORIGINAL, -49.02, -49.27)],
)
def test_the_vector_of_the_automatic_pruning(
    mobilenet_v1: PrunableModel, hundredths: tuple[int, ...], logged: float, counted: float
) -> None:
    ratios = {
        f"{layer}_sep_weights": each / 100 for layer, each in zip(LAYERS, hundredths, strict=True)
    }
    widths = widths_at(mobilenet_v1.groups, ratios_of_groups(mobilenet_v1.channels, ratios))
    assert round(100 * as_the_tool_logs(mobilenet_v1, widths), 2) == logged
    # As the network is once it is cut, by the original's counter on all of its shapes.
    graphs = [mobilenet_v1.graph(each) for each in ({}, widths)]
    works = [ops.paddleslim1_flops(each.specs, python=3) for each in graphs]
    assert round(100 * (works[1] / works[0] - 1), 2) == counted
    names = [f"{layer}_sep_weights" for layer in LAYERS]
    assert sort_to_network_order(TOKENS, names) == IN_THE_ORDER_OF_THE_ORIGINAL


def test_both_are_the_same_numbers() -> None:
    assert sorted(TOKENS) == sorted(IN_THE_ORDER_OF_THE_ORIGINAL)
