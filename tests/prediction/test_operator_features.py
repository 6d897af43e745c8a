from __future__ import annotations

import numpy as np
import pytest

from edgeslim.opspec import OpSpec, Shapes
from edgeslim.prediction.operator_features import AXES, COSTS, LABELS, operator_features
from tests.prediction.made_up_device import depthwise
from tests.values import convolution, relu


def test_every_operator_has_every_feature() -> None:
    found = operator_features([convolution(3, 5), depthwise(8), relu(7)])
    assert found.families == ("conv2d", "depthwise convolution", "relu")
    assert found.costs.shape == (3, len(COSTS))
    assert found.axes.shape == (3, AXES)
    assert [len(labels) for labels in found.labels] == [LABELS] * 3
    assert found.mixes.tolist() == [True, False, False]
    assert operator_features([]).axes.shape == (0, AXES)


def test_work_is_counted_in_whole_blocks_of_output_channels() -> None:
    macs = operator_features([convolution(3, 12), convolution(3, 16)]).costs[:, 1:5]
    assert macs[0] / macs[0, 0] == pytest.approx([1, 1, 16 / 12, 16 / 12])
    assert macs[1] / macs[1, 0] == pytest.approx([1, 1, 1, 1])


def test_a_convolution_of_as_many_groups_as_channels_is_depthwise_whatever_its_kind() -> None:
    spec = depthwise(8)
    same = OpSpec(
        kind="conv2d",
        inputs=spec.inputs,
        weights=spec.weights,
        outputs=spec.outputs,
        attributes=spec.attributes,
    )
    one, other = (operator_features([each]) for each in (spec, same))
    assert one.families == other.families
    assert one.labels == other.labels


def test_an_unknown_kind_has_features_too() -> None:
    shapes = ((5,),)
    spec = OpSpec(kind="novel", inputs=Shapes(X=shapes), outputs=Shapes(Out=shapes))
    found = operator_features([spec])
    assert np.isfinite(found.axes).all()
    assert found.costs[0, 1:5].sum() == 0
