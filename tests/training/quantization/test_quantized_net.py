"""What a quantized network computes, learns and keeps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import paddle
import pytest

from edgeslim.conversion.model_source import SavedModel
from edgeslim.conversion.prepare import prepare
from edgeslim.errors import ModelError, UsageError
from edgeslim.paddle_io.export import run_in_paddle
from edgeslim.training.batch_check import check_batches
from edgeslim.training.evaluation import evaluate
from edgeslim.training.program_net import load_program_net
from edgeslim.training.quantization._rounding import round_activation, round_weight
from edgeslim.training.quantization.calibrate import calibrate
from edgeslim.training.quantization.quantized_net import QuantizedNet
from edgeslim.training.quantization.settings import (
    ACTIVATION_TYPES,
    WEIGHT_TYPES,
    QuantizationSettings,
)
from edgeslim.training.quantization.thresholds import METHODS
from edgeslim.training.tasks import SPLIT_SEED, find_task
from edgeslim.training.trainer import TrainingSettings, train
from tests.training.quantization.nets import SHAPE, Residual, Small, images, made, program_net

pytestmark = pytest.mark.slow


def quantized(folder: Path, net: Any = None, **settings: Any) -> QuantizedNet:
    """The same network, named alike, whenever it is asked for in a folder."""
    prefix = folder / "net"
    if not prefix.with_suffix(".pdmodel").exists():
        paddle.seed(0)
        program_net(made(net or Small()), folder / "made").save(prefix)
    return QuantizedNet(load_program_net(prefix), QuantizationSettings(**settings))


def shown(net: QuantizedNet, batches: int = 3) -> QuantizedNet:
    """A network that has been in training for some batches, and learned nothing."""
    net.train()
    for seed in range(batches):
        net(paddle.to_tensor(images(seed=seed)))
    net.eval()
    return net


def outputs(net: Any, given: Any) -> Any:
    net.eval()
    with paddle.no_grad():
        return net(paddle.to_tensor(given))[0].numpy()


@pytest.mark.parametrize("make", [Small, Residual])
@pytest.mark.parametrize("weight_type", WEIGHT_TYPES)
@pytest.mark.parametrize("activation_type", ACTIVATION_TYPES)
def test_what_is_saved_computes_the_same(
    make: Any, weight_type: str, activation_type: str, tmp_path: Path
) -> None:
    net = shown(
        quantized(tmp_path, make(), weight_type=weight_type, activation_type=activation_type)
    )
    net.save(tmp_path / "int8")
    given = images(seed=9)
    ours = outputs(net, given)
    again = load_program_net(tmp_path / "int8")
    np.testing.assert_array_equal(outputs(again, given), ours)
    check_batches(again)
    (name,) = net.feeds
    (in_paddle,) = run_in_paddle(tmp_path / "int8", {name: given[:1]})
    # Sums of another order may round one activation the other way, by one step of 127.
    step = np.abs(ours).max() / 127
    np.testing.assert_allclose(in_paddle, ours[:1], atol=step)
    floats = outputs(net.net, given)
    assert 0 < np.abs(ours - floats).max() < 0.2 * np.abs(floats).max()


def test_fewer_bits_are_rounded_more_coarsely(tmp_path: Path) -> None:
    errors = []
    given = images(seed=9)
    for bits in (2, 4, 8, 16):
        settings = QuantizationSettings(weight_bits=bits, activation_bits=bits)
        net = calibrate(quantized(tmp_path).net, [given], settings, "abs_max")
        errors.append(float(np.square(outputs(net, given) - outputs(net.net, given)).mean()))
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 1e-3 * errors[-2]


def test_weights_take_a_number_of_values_that_their_bits_allow(tmp_path: Path) -> None:
    net = shown(quantized(tmp_path, weight_bits=3, weight_type="channel_wise_abs_max"))
    net.save(tmp_path / "int8")
    saved = load_program_net(tmp_path / "int8")
    rounded: dict[str, Any] = {}
    saved.eval()
    saved.run(
        [paddle.to_tensor(images())],
        lambda operator, written: rounded.update(
            {operator.inputs["X"][0]: written}
            if operator.kind == "fake_channel_wise_quantize_dequantize_abs_max"
            else {}
        ),
    )
    weights = net.net.tensors()
    assert sorted(rounded) == sorted(operator.weight for operator in net.quantizable)
    for operator in net.quantizable:
        (tensor,) = (
            value
            for name, value in rounded[operator.weight].items()
            if name.endswith("dequantized")
        )
        channels = np.moveaxis(tensor.numpy(), operator.axis, 0)
        for channel, truth in zip(
            channels, np.moveaxis(weights[operator.weight], operator.axis, 0), strict=True
        ):
            scale = np.abs(truth).max()
            whole = channel / scale * 3
            np.testing.assert_allclose(whole, np.round(whole), atol=1e-5)
            assert np.abs(channel - truth).max() <= scale / 6 * (1 + 1e-5)


def test_scales_of_activations_by_their_formulas(tmp_path: Path) -> None:
    given = [images(seed=seed) * factor for seed, factor in enumerate((1.0, 3.0, 0.5, 0.7))]
    largest = [np.abs(each).max() for each in given]
    average = weight = 0.0
    for each in largest:
        average, weight = 0.9 * average + each, 0.9 * weight + 1
    expected = {
        "moving_average_abs_max": average / weight,
        "abs_max": average / weight,
        "range_abs_max": max(largest[2:]),
    }
    for kind, scale in expected.items():
        net = quantized(tmp_path, activation_type=kind, window=2)
        net.train()
        for each in given:
            net(paddle.to_tensor(each))
        net.eval()
        (name,) = net.feeds
        assert net.activation_scales()[name] == pytest.approx(scale, rel=1e-5)
        net(paddle.to_tensor(given[1]))
        assert net.activation_scales()[name] == pytest.approx(scale, rel=1e-5)


def test_gradients_pass_through_rounding_but_not_where_it_cuts_off(tmp_path: Path) -> None:
    given, scale = paddle.to_tensor(images()), paddle.to_tensor([0.5])
    given.stop_gradient = False
    rounded = round_activation(given, scale, 8)
    whole = rounded.numpy() / 0.5 * 127
    np.testing.assert_allclose(whole, np.round(whole), atol=1e-4)
    (rounded * 3).sum().backward()
    cut = np.abs(given.numpy()) > 0.5
    np.testing.assert_array_equal(given.grad.numpy(), np.where(cut, 0, 3))

    weight = paddle.to_tensor(np.random.default_rng(0).standard_normal((4, 3)).astype(np.float32))
    for axis in (None, 0, 1):
        weight.stop_gradient = False
        round_weight(weight, 4, axis).sum().backward()
        np.testing.assert_array_equal(weight.grad.numpy(), np.ones((4, 3)))
        weight.clear_grad()

    net = quantized(tmp_path)
    net.train()
    net(paddle.to_tensor(images()))[0].square().sum().backward()
    found = net.net.gradients()
    assert {operator.weight for operator in net.quantizable} <= set(found)
    assert all(np.abs(each).max() > 0 for each in found.values())


def test_its_state_is_all_that_it_has_learned(tmp_path: Path) -> None:
    for kind in ACTIVATION_TYPES:
        net = shown(quantized(tmp_path, activation_type=kind, window=4))
        other = quantized(tmp_path, activation_type=kind, window=4)
        with pytest.raises(ModelError, match=r"the range of .* is not known yet"):
            outputs(other, images())
        other.set_state_dict(net.state_dict())
        np.testing.assert_array_equal(outputs(other, images()), outputs(net, images()))
        for each in (net, other):  # and goes on in the same way
            each.train()
            each(paddle.to_tensor(images(seed=7) * 2))
        assert net.activation_scales() == other.activation_scales()


def test_what_is_skipped_stays_in_floats(tmp_path: Path) -> None:
    names = [operator.weight for operator in quantized(tmp_path).quantizable]
    net = shown(quantized(tmp_path, skip=tuple(f"^{name}$" for name in names[1:])))
    assert [operator.weight for operator in net.quantizable] == names[:1]
    with pytest.raises(ModelError, match="no convolution or fully connected layer left"):
        quantized(tmp_path, skip=("w",))


def test_a_quantized_model_is_not_quantized_again(tmp_path: Path) -> None:
    net = shown(quantized(tmp_path))
    net.save(tmp_path / "int8")
    with pytest.raises(UsageError, match="quantized already"):
        QuantizedNet(load_program_net(tmp_path / "int8"), QuantizationSettings())


def test_nothing_is_saved_of_a_network_that_has_seen_nothing(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="train or calibrate the quantized network first"):
        quantized(tmp_path).save(tmp_path / "int8")
    assert not (tmp_path / "int8.pdmodel").exists()


def test_a_network_of_dead_channels_and_activations_is_saved_right(tmp_path: Path) -> None:
    paddle.seed(0)
    net = made(Small())
    net.depthwise.weight.set_value(net.depthwise.weight * 0)
    net.depthwise_norm.bias.set_value(net.depthwise_norm.bias * 0 - 1)
    dead = shown(QuantizedNet(program_net(net, tmp_path), QuantizationSettings()))
    dead.save(tmp_path / "int8")
    (name,) = dead.feeds
    (found,) = run_in_paddle(tmp_path / "int8", {name: images(1)})
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found, outputs(dead, images(1)), atol=1e-6)


def test_calibrated_scales_are_thresholds_of_what_was_seen(tmp_path: Path) -> None:
    paddle.seed(0)
    prefix = tmp_path / "net"
    program_net(made(Small()), tmp_path).save(prefix)
    batches = [images(seed=seed) for seed in range(3)]
    (name,) = load_program_net(prefix).feeds
    scales = {
        method: calibrate(
            load_program_net(prefix), iter(batches), QuantizationSettings(), method
        ).activation_scales()
        for method in METHODS
    }
    assert scales["abs_max"][name] == np.abs(np.concatenate(batches)).max()
    for method in METHODS:
        assert all(0 < each <= scales["abs_max"][at] for at, each in scales[method].items())
    with pytest.raises(UsageError, match=r"method must be one of .*, not 'best'"):
        calibrate(load_program_net(prefix), batches, QuantizationSettings(), "best")
    with pytest.raises(UsageError, match="at least one batch"):
        calibrate(load_program_net(prefix), [], QuantizationSettings())
    with pytest.raises(ModelError, match=f"{name!r} has values that are no numbers"):
        calibrate(load_program_net(prefix), [batches[0] * np.nan], QuantizationSettings())


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network that knows digits."""
    folder = tmp_path_factory.mktemp("digits")
    data = find_task("digits").data(SHAPE, SPLIT_SEED)
    paddle.seed(0)
    net = program_net(Small(), folder)
    train(net, data, TrainingSettings(epochs=10, batch_size=32, learning_rate=0.1, seed=0))
    net.save(folder / "trained")
    return folder / "trained"


@pytest.mark.parametrize("activation_type", ACTIVATION_TYPES)
def test_training_keeps_the_accuracy_that_few_bits_cost(
    trained: Path, activation_type: str, tmp_path: Path
) -> None:
    data = find_task("digits").data(SHAPE, SPLIT_SEED)
    floats = evaluate(load_program_net(trained), data.validation, data.metric)
    settings = QuantizationSettings(
        weight_bits=4, activation_type=activation_type, weight_type="abs_max"
    )
    batch, _ = data.train.batch(np.arange(128), None)
    untrained = calibrate(load_program_net(trained), [batch], settings, "mse")
    before = evaluate(untrained, data.validation, data.metric)
    net = QuantizedNet(load_program_net(trained), settings)
    result = train(net, data, TrainingSettings(epochs=3, batch_size=32, learning_rate=0.05, seed=0))
    assert before < floats - 0.1
    assert result.metric > floats - 0.02
    net.save(tmp_path / "int8")
    prepared = prepare(SavedModel.at(tmp_path / "int8"), tmp_path / "prepared")
    saved = load_program_net(prepared.prefix)
    assert evaluate(saved, data.validation, data.metric) == result.metric


def test_an_interrupted_training_ends_with_the_same_bits(trained: Path, tmp_path: Path) -> None:
    data = find_task("digits").data(SHAPE, SPLIT_SEED)
    settings = QuantizationSettings(activation_type="range_abs_max", window=5)
    numbers = TrainingSettings(epochs=1, batch_size=64, learning_rate=0.02, seed=0)
    whole = QuantizedNet(load_program_net(trained), settings)
    train(whole, data, numbers)

    class StoppedError(Exception):
        pass

    def stop(step: Any) -> None:
        if step.number == 7:
            raise StoppedError

    parted = QuantizedNet(load_program_net(trained), settings)
    with pytest.raises(StoppedError):
        train(parted, data, numbers, on_step=stop, checkpoint=tmp_path / "state")
    parted = QuantizedNet(load_program_net(trained), settings)
    train(parted, data, numbers, checkpoint=tmp_path / "state")
    for name, value in whole.tensors().items():
        np.testing.assert_array_equal(parted.tensors()[name], value, err_msg=name)
