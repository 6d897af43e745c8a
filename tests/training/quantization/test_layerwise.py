"""Calibration layer by layer and what it explains, with small networks in Paddle."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import paddle
import pytest

from edgeslim.errors import ModelError
from edgeslim.paddle_io.quantized_program import quantizable_operators
from edgeslim.training.program_net import ProgramNet, load_program_net
from edgeslim.training.quantization._observed import observe
from edgeslim.training.quantization.calibration_images import CalibrationImages
from edgeslim.training.quantization.choose_recipe import choose_recipe
from edgeslim.training.quantization.explain import LayerExplainer
from edgeslim.training.quantization.layerwise import LayerwiseCalibration, QuantizedModel
from edgeslim.training.quantization.recipe import Recipe
from edgeslim.training.quantization.settings import QuantizationSettings
from edgeslim.training.quantization.signal_to_noise import signal_to_noise_db
from tests.training.quantization.nets import Residual, Rows, Small, images, made, program_net

pytestmark = pytest.mark.slow

BOTH = Recipe(method="abs_max", equalize=0.5, correct=True)
LEARNED = Recipe(method="abs_max", equalize=0.5, correct=True, learn=True)


@pytest.fixture(scope="module")
def prefix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network whose channels differ a hundredfold behind a norm."""
    folder = tmp_path_factory.mktemp("layerwise")
    paddle.seed(0)
    net = made(Small(paddle.nn.ReLU()))
    spread = 10.0 ** np.random.default_rng(0).uniform(-2, 0, 8).astype(np.float32)
    for norm, reader in (("first_norm", "depthwise"), ("depthwise_norm", "pointwise")):
        for vector in (getattr(net, norm).weight, getattr(net, norm).bias):
            vector.set_value(vector.numpy() * spread)
        weight = getattr(net, reader).weight
        by = spread[:, None] if reader == "depthwise" else spread[None]
        weight.set_value(weight.numpy() / by[..., None, None])
    program_net(net, folder / "made").save(folder / "net")
    return folder / "net"


def outputs(net: Any, given: Any) -> Any:
    net.eval()
    with paddle.no_grad():
        return net(paddle.to_tensor(given))[0].numpy()


def calibration(prefix: Path, bits: int = 8) -> LayerwiseCalibration:
    return LayerwiseCalibration(
        lambda: load_program_net(prefix), images(64), QuantizationSettings(weight_bits=bits)
    )


@pytest.mark.parametrize("bits", [4, 8])
def test_every_step_of_calibration_leaves_less_noise(prefix: Path, bits: int) -> None:
    known, given = calibration(prefix, bits), images(64, seed=9)
    wanted = outputs(load_program_net(prefix), given)
    found = [
        signal_to_noise_db([wanted], [outputs(known.quantize(recipe).net, given)])
        for recipe in (Recipe(method="abs_max"), BOTH, LEARNED)
    ]
    assert found[0] + 3 < found[1]
    assert found[1] - 0.5 < found[2]
    if bits == 4:
        assert found[1] + 1 < found[2]


def test_what_is_saved_computes_what_was_calibrated(prefix: Path, tmp_path: Path) -> None:
    model = calibration(prefix, 4).quantize(LEARNED)
    model.net.save(tmp_path / "int")
    given = images(seed=9)
    again = load_program_net(tmp_path / "int")
    np.testing.assert_array_equal(outputs(again, given), outputs(model.net, given))
    # A layer's floats compute as the network that came.
    explainer = LayerExplainer(model, given, lambda _: 0.0)
    with explainer.rounding(()) as floats:
        ours = outputs(floats, given)
    wanted = outputs(load_program_net(prefix), given)
    np.testing.assert_allclose(ours, wanted, rtol=1e-4, atol=1e-4 * np.abs(wanted).max())


def test_the_best_for_images_that_were_not_seen_is_kept(prefix: Path) -> None:
    drawn = CalibrationImages(seen=images(64), held_out=images(16, seed=5))
    recipes = (Recipe(method="abs_max"), BOTH, Recipe(method="mse"))
    model, trials = choose_recipe(calibration(prefix), load_program_net(prefix), drawn, recipes)
    assert [trial.recipe for trial in trials] == list(recipes)
    assert model.recipe == max(trials, key=lambda trial: trial.snr_db).recipe == BOTH


class Ruined(LayerwiseCalibration):
    """Gives a network without numbers where channels are equalised."""

    def quantize(
        self, recipe: Recipe, on_layer: Callable[[str], None] = lambda _: None
    ) -> QuantizedModel:
        made = super().quantize(recipe, on_layer)
        if recipe.equalize is not None:
            net = made.net.net
            net.set_tensors({name: value * np.nan for name, value in net.tensors().items()})
        return made


def test_a_recipe_that_fails_is_left_out(prefix: Path, caplog: pytest.LogCaptureFixture) -> None:
    drawn = CalibrationImages(seen=images(32), held_out=images(16, seed=5))
    net = load_program_net(prefix)
    ruined = Ruined(lambda: load_program_net(prefix), drawn.seen, QuantizationSettings())
    model, trials = choose_recipe(ruined, net, drawn, (BOTH, Recipe()))
    assert [trial.recipe for trial in trials] == [model.recipe] == [Recipe()]
    assert f"{BOTH.text} is left out, since it failed: calibration failed" in caplog.text
    with pytest.raises(ModelError, match="no numbers"):
        choose_recipe(ruined, net, drawn, (BOTH,))


def test_means_are_those_of_channels_wherever_they_are(tmp_path: Path) -> None:
    paddle.seed(0)
    net = program_net(made(Rows()), tmp_path / "made")
    operators = quantizable_operators(net.program)
    given = paddle.to_tensor(images(6))
    means = observe(net, operators, [given[:4], given[4:]], learns=False).means
    written: dict[str, Any] = {}
    net.eval()
    with paddle.no_grad():
        net.run([given], lambda _, outputs: written.update(outputs))
    for operator, axes in zip(operators, ((0, 2, 3), (0, 1, 2), (0,)), strict=True):
        wanted = written[operator.output].numpy().mean(axis=axes)
        np.testing.assert_allclose(means[operator.output], wanted, rtol=1e-4, atol=1e-5)
    net.save(tmp_path / "net")
    known, given = calibration(tmp_path / "net"), given.numpy()
    wanted = outputs(load_program_net(tmp_path / "net"), given)
    for recipe in (Recipe(correct=True), LEARNED):
        model = known.quantize(recipe)
        assert set(model.floats) >= {operator.output for operator in operators[1:]}
        assert signal_to_noise_db([wanted], [outputs(model.net, given)]) > 20


def test_networks_without_anything_to_equalise_or_correct_are_calibrated(tmp_path: Path) -> None:
    paddle.seed(0)
    program_net(made(Residual()), tmp_path / "made").save(tmp_path / "net")
    known = calibration(tmp_path / "net")
    assert not known.has_scalable_activations
    given = images(16, seed=9)
    wanted = outputs(load_program_net(tmp_path / "net"), given)
    for recipe in (Recipe(), LEARNED):
        assert signal_to_noise_db([wanted], [outputs(known.quantize(recipe).net, given)]) > 15


def test_noise_and_losses_are_those_of_single_layers(prefix: Path) -> None:
    known = calibration(prefix, 4)
    model = known.quantize(BOTH)
    given = images(32, seed=7)
    net: ProgramNet = load_program_net(prefix)
    wanted = outputs(net, given)

    def metric(quantized: Any) -> float:
        # Without the mean, which the last layer puts back only if it is rounded.
        return float((outputs(quantized, given) - wanted).var(axis=0).mean())

    explainer = LayerExplainer(model, given, metric)
    layers = model.net.quantizable
    before = outputs(model.net, given)
    found = [explainer.explain(layer, 0.0) for layer in layers]
    assert [one.weight for one in found] == [layer.weight for layer in layers]
    np.testing.assert_array_equal(outputs(model.net, given), before)
    whole = metric(model.net)
    for one in found:
        # The metric is an error here, so a loss is below zero.
        assert -whole < one.loss_alone < 0
        assert -1.5 * whole < one.loss_others < 0
        assert 0 <= one.clipped <= 1
        assert one.scale > 0
        assert one.snr_accumulated_db <= one.snr_alone_db + 1.5
    assert found[0].snr_alone_db == pytest.approx(found[0].snr_accumulated_db)
