"""fp16: what it may cost, what it costs too much, and what a device computes wrongly in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeslim.conversion.optimized import optimize
from edgeslim.conversion.prepare import prepare_layer
from edgeslim.deployment.claims import Claim
from edgeslim.deployment.ground_truth import GroundTruth
from edgeslim.deployment.judgement import OutputDifference, difference_of, is_acceptable
from edgeslim.deployment.outputs import check_outputs
from edgeslim.deployment.proving import prove_optimized, truth_for
from edgeslim.errors import ModelError
from edgeslim.execution import Precision, Target
from edgeslim.paddle_io.importing import load_paddle
from edgeslim.paddle_io.modes import dynamic_mode

Array = np.ndarray[Any, Any]

RNG = np.random.default_rng(0)
TRUTH = [[RNG.normal(size=(2, 50)).astype(np.float32)] for _ in range(8)]


def _off(by: float) -> OutputDifference:
    noise = np.random.default_rng(1)
    return difference_of(
        TRUTH, [[arrays[0] + by * noise.standard_normal(arrays[0].shape)] for arrays in TRUTH]
    )


def test_a_device_may_be_off_by_a_small_multiple_of_rounding() -> None:
    rounding = _off(1e-3)
    assert is_acceptable(_off(1e-3), Precision.FP16, rounding)
    assert is_acceptable(_off(2e-3), Precision.FP16, rounding)
    assert not is_acceptable(_off(6e-3), Precision.FP16, rounding)
    assert not is_acceptable(_off(0.3), Precision.FP16, rounding)


def test_one_element_that_rounding_does_not_explain_is_seen() -> None:
    found = [[arrays[0] + 1e-3 * RNG.standard_normal(arrays[0].shape)] for arrays in TRUTH]
    assert is_acceptable(difference_of(TRUTH, found), Precision.FP16, _off(1e-3))
    found[5][0][1, 7] += 0.05
    assert not is_acceptable(difference_of(TRUTH, found), Precision.FP16, _off(1e-3))


def test_what_has_lost_its_meaning_is_refused_whatever_explains_it() -> None:
    assert is_acceptable(_off(0.2), Precision.FP16, _off(0.2))
    assert not is_acceptable(_off(0.5), Precision.FP16, _off(0.5))
    assert not is_acceptable(_off(0.5), Precision.FP16)


def test_of_whole_numbers_as_many_may_be_others_as_rounding_makes() -> None:
    truth = [[np.arange(1000)] for _ in range(2)]
    few, many = ([[arrays[0].copy()] for arrays in truth] for _ in range(2))
    few[0][0][:8] = 0
    many[0][0][:80] = 0
    rounding = difference_of(truth, few)
    assert is_acceptable(rounding, Precision.FP16, rounding)
    assert is_acceptable(rounding, Precision.FP16, difference_of(truth, truth)) is False
    assert is_acceptable(difference_of(truth, many), Precision.FP16, rounding) is False


def _layers() -> Any:
    """The first stages of a VGG network, to a classifier."""
    paddle: Any = load_paddle()
    nn = paddle.nn
    paddle.seed(0)
    stages: list[Any] = []
    for inputs, outputs in ((3, 16), (16, 32), (32, 32)):
        stages += [nn.Conv2D(inputs, outputs, 3, padding=1), nn.ReLU(), nn.MaxPool2D(2)]
    return nn.Sequential(*stages, nn.Flatten(), nn.Linear(32 * 8 * 8, 10))


def _claim(net: Any, shape: tuple[int, ...], folder: Path) -> Claim:
    model = prepare_layer(net, shape, folder / "model", name="net")
    file = optimize(model, Target.ARM, folder / "file", Precision.FP16)
    return Claim(model=model, file=file, target=Target.ARM, precision=Precision.FP16)


def _truth(claim: Claim) -> GroundTruth:
    return truth_for(claim.model, [Precision.FP16])


def _pooled_wrongly(images: Array) -> Array:
    """2x2 as Arm's kernel onto more than 16 columns: of the lower row it reads one half twice."""
    upper, lower = images[:, :, ::2], images[:, :, 1::2].copy()
    for start in range(0, lower.shape[3], 16):
        lower[..., start + 8 : start + 16] = lower[..., start : start + 8]
    rows = np.maximum(upper, lower)
    return np.asarray(np.maximum(rows[..., ::2], rows[..., 1::2]))


@pytest.mark.slow
def test_a_pool_that_a_kernel_gets_wrong_is_no_rounding(tmp_path: Path) -> None:
    net = _layers()
    claim = _claim(net, (1, 3, 64, 64), tmp_path)
    truth = _truth(claim)
    rounding = prove_optimized(claim, truth)
    assert isinstance(rounding, OutputDifference)
    assert rounding.lost < 1e-3
    check_outputs(rounding, claim.model, Precision.FP16, "on a phone", rounding)
    found = []
    with dynamic_mode():
        paddle: Any = load_paddle()
        for inputs in truth.inputs:
            (images,) = inputs.values()
            before = net[:2](paddle.to_tensor(images)).numpy()
            found.append([net[3:](paddle.to_tensor(_pooled_wrongly(before))).numpy()])
    difference = difference_of(truth.outputs, found)
    assert 0.01 < difference.lost < 0.5, "which half of the variance would let through"
    with pytest.raises(ModelError, match=r"on a phone in fp16.* of which rounding explains 0\.00"):
        check_outputs(difference, claim.model, Precision.FP16, "on a phone", rounding)


def _computed(compute: Callable[[Any], Any]) -> Any:
    """What a function computes of a convolution."""
    paddle: Any = load_paddle()

    class Net(paddle.nn.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.first = paddle.nn.Conv2D(3, 12, 3)
            self.last = paddle.nn.Conv2D(12, 4, 1)

        def forward(self, x: Any) -> Any:
            return self.last(compute(self.first(x)))

    paddle.seed(0)
    return Net()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("compute", "says"),
    [
        (
            lambda y: (y.abs() * 4096.0).tanh() + y.abs() * 65536.0,
            "reaches .*, and 16-bit floats end at 65504",
        ),
        (
            lambda y: load_paddle().nn.functional.avg_pool2d(y.abs() + 3000.0, 6),
            "pool2d 1x12x18x18 -> .* passes 65504 on the way to results that are at most 3e",
        ),
        (lambda y: y.abs() * 1e-9, "most of it at .*, and 16-bit floats end at 6e-08"),
        (
            lambda y: (y.abs() + 2000.0) - (y.abs() + 2000.0).mean([2, 3], keepdim=True),
            "rounding alone makes its outputs differ .*most of it at elementwise_",
        ),
    ],
)
def test_what_fp16_cannot_hold_is_refused_with_the_operator(
    compute: Callable[[Any], Any], says: str, tmp_path: Path
) -> None:
    claim = _claim(_computed(compute), (1, 3, 20, 20), tmp_path)
    with pytest.raises(ModelError, match=f"net is not right in fp16: .*{says}.*leave fp16 out"):
        prove_optimized(claim, _truth(claim))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["resnet18", "squeezenet1_1", "shufflenet_v2_x0_25"])
def test_usual_networks_are_accepted(name: str, tmp_path: Path) -> None:
    from paddle.vision import models

    load_paddle().seed(0)
    net = getattr(models, name)(num_classes=10)
    net.eval()
    claim = _claim(net, (1, 3, 64, 64), tmp_path)
    found = prove_optimized(claim, _truth(claim))
    assert isinstance(found, OutputDifference)
    assert 1e-7 < found.lost < 1e-2
