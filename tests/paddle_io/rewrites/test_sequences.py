"""Recurrent layers, norms and weights that are normalised, from a layer to Paddle-Lite."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import paddle
import paddle.nn.functional as F  # noqa: N812 - the name that everybody uses
import pytest
from paddle import nn

from edgeslim.conversion.optimized import optimize
from edgeslim.conversion.prepare import PreparedModel, prepare_layer
from edgeslim.errors import ModelError
from edgeslim.execution import Target
from edgeslim.lite.converter import Conversion, convert
from tests.lite.runtime import outputs_in_paddle_lite
from tests.paddle_io.rewrites.nets import Net
from tests.tools import require_module

pytestmark = pytest.mark.slow

SHAPE = (2, 5, 6)
SEQUENCES = np.random.default_rng(0).standard_normal(SHAPE).astype(np.float32)


class Recurrent(nn.Layer):
    """A recurrent layer, what it gives at each step or where it ends."""

    def __init__(self, layer: nn.Layer, *, states: bool = False, lengths: bool = False) -> None:
        super().__init__()
        self.layer, self.states, self.lengths = layer, states, lengths

    def forward(self, sequences: Any) -> Any:
        lengths = paddle.to_tensor([3, 5], dtype="int64") if self.lengths else None
        outputs, states = self.layer(sequences, sequence_length=lengths)
        if not self.states:
            return outputs
        return paddle.concat(states, -1) if isinstance(states, tuple) else states


class FromHere(nn.Layer):
    """A recurrent layer that starts from states of its own."""

    def __init__(self, layer: nn.Layer, count: int) -> None:
        super().__init__()
        self.layer = layer
        self.starts = nn.ParameterList(
            [
                self.create_parameter([4, 2, 8], default_initializer=nn.initializer.Normal())
                for _ in range(count)
            ]
        )

    def forward(self, sequences: Any) -> Any:
        starts = tuple(self.starts)
        return self.layer(sequences, starts if len(starts) > 1 else starts[0])[0]


BOTH = {"num_layers": 2, "direction": "bidirect"}
NETS: dict[str, Callable[[], nn.Layer]] = {
    "lstm": lambda: Recurrent(nn.LSTM(6, 8)),
    "lstm, both ways": lambda: Recurrent(nn.LSTM(6, 8, dropout=0.5, **BOTH)),
    "lstm, steps first": lambda: Recurrent(nn.LSTM(6, 8, time_major=True)),
    "lstm, its end": lambda: Recurrent(nn.LSTM(6, 8, **BOTH), states=True),
    "lstm, lengths": lambda: Recurrent(nn.LSTM(6, 8, direction="bidirect"), lengths=True),
    "lstm, its own start": lambda: FromHere(nn.LSTM(6, 8, **BOTH), 2),
    "lstm, projected": lambda: Recurrent(nn.LSTM(6, 8, proj_size=4)),
    "gru": lambda: Recurrent(nn.GRU(6, 8)),
    "gru, both ways": lambda: Recurrent(nn.GRU(6, 8, **BOTH)),
    "gru, its end": lambda: Recurrent(nn.GRU(6, 8, **BOTH), states=True),
    "gru, lengths": lambda: Recurrent(nn.GRU(6, 8), lengths=True),
    "gru, end and lengths": lambda: Recurrent(nn.GRU(6, 8, **BOTH), states=True, lengths=True),
    "gru, its own start": lambda: FromHere(nn.GRU(6, 8, **BOTH), 1),
    "plain": lambda: Recurrent(nn.SimpleRNN(6, 8)),
    "plain, relu": lambda: Recurrent(nn.SimpleRNN(6, 8, activation="relu")),
    "plain, both ways": lambda: Recurrent(nn.SimpleRNN(6, 8, **BOTH)),
    "plain, its end": lambda: Recurrent(nn.SimpleRNN(6, 8, **BOTH), states=True),
    "a cell": lambda: Recurrent(nn.RNN(nn.LSTMCell(6, 8))),
    "a cell backwards": lambda: Recurrent(nn.RNN(nn.GRUCell(6, 8), is_reverse=True)),
    "cells both ways": lambda: Recurrent(nn.BiRNN(nn.SimpleRNNCell(6, 8), nn.GRUCell(6, 8))),
    "normalised": lambda: Net(lambda net, x: F.normalize(net.line(x), axis=-1), line=line()),
    "normalised, 1": lambda: Net(lambda net, x: F.normalize(net.line(x), p=1), line=line()),
    "normalised, 3": lambda: Net(lambda net, x: F.normalize(net.line(x), p=3, axis=2), line=line()),
    "normalised, 4": lambda: Net(lambda net, x: F.normalize(net.line(x), p=4, axis=2), line=line()),
    "normalised, broken": lambda: Net(
        lambda net, x: F.normalize(net.line(x), p=1.5, axis=2), line=line()
    ),
    "how many are not 0": lambda: Net(
        lambda net, x: paddle.norm(F.relu(net.line(x)), p=0, axis=2), line=line()
    ),
    "normalised, largest": lambda: Net(
        lambda net, x: F.normalize(net.line(x), p=float("inf"), axis=2), line=line()
    ),
    "frobenius": lambda: Net(
        lambda net, x: paddle.norm(net.line(x), p="fro", axis=[1, 2]), line=line()
    ),
    "smallest": lambda: Net(
        lambda net, x: paddle.norm(net.line(x), p=-float("inf"), axis=1, keepdim=True), line=line()
    ),
    "normed weights": lambda: Net(
        lambda net, x: net.conv(net.line(x)),
        line=nn.utils.weight_norm(line()),
        conv=nn.utils.weight_norm(nn.Conv1D(5, 4, 3)),
    ),
    "spectral weights": lambda: Net(
        lambda net, x: net.conv(net.line(x)),
        line=nn.utils.spectral_norm(line()),
        conv=nn.utils.spectral_norm(nn.Conv1D(5, 4, 3)),
    ),
}


def line() -> nn.Layer:
    return nn.Linear(6, 8)


@dataclass(frozen=True)
class Case:
    model: PreparedModel
    expected: np.ndarray[Any, Any]


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Case]:
    """What each layer gives itself, and the layer prepared."""
    folder = tmp_path_factory.mktemp("sequences")
    found = {}
    for number, (name, make) in enumerate(NETS.items()):
        paddle.seed(number)
        net = make()
        net.eval()
        expected = net(paddle.to_tensor(SEQUENCES)).numpy()
        model = prepare_layer(net, SHAPE, folder / str(number), name=str(number))
        found[name] = Case(model, expected)
    return found


def test_paddle_lite_gives_what_the_layer_does(
    cases: dict[str, Case], tmp_path_factory: pytest.TempPathFactory
) -> None:
    require_module("paddlelite")
    folder = tmp_path_factory.mktemp("converted")
    done = convert(
        [
            Conversion(
                model=case.model.program,
                parameters=case.model.parameters,
                target=target,
                output=folder / f"{case.model.name}-{target.value}",
            )
            for target in (Target.X86, Target.ARM)
            for case in cases.values()
        ]
    )
    assert [str(job.error) for job in done if job.error] == []
    here = [job.conversion.result for job in done[: len(cases)]]
    computed = outputs_in_paddle_lite(dict.fromkeys(here, SEQUENCES))
    for (name, case), (output,) in zip(cases.items(), computed, strict=True):
        shaped = output.reshape(case.expected.shape)
        np.testing.assert_allclose(shaped, case.expected, atol=2e-6, err_msg=name)


KEPT = {"lstm", "lstm, both ways", "lstm, steps first", "lstm, its own start"}
KEPT |= {"gru", "gru, both ways", "gru, its own start"}


def test_what_the_kernel_computes_is_left_to_it(cases: dict[str, Case]) -> None:
    """Of the prepared models, those whose recurrent layer is one operator on the device."""
    written_out = {
        name for name, case in cases.items() if "rnn step by step (1)" in case.model.changes
    }
    whole = {
        name for name, case in cases.items() if any(s.kind == "rnn" for s in case.model.graph.specs)
    }
    assert whole - written_out == KEPT
    assert not written_out & KEPT


def test_weights_are_computed_once(cases: dict[str, Case]) -> None:
    for name in ("normed weights", "spectral weights"):
        met = [violation.law.name for violation in cases[name].model.rewritten]
        assert met.count("parameters-computed") == 2


def test_a_sequence_that_is_too_long_is_refused_by_name(tmp_path: Path) -> None:
    model = prepare_layer(
        Recurrent(nn.SimpleRNN(6, 8, direction="bidirect")), (1, 1001, 6), tmp_path, name="long"
    )
    with pytest.raises(ModelError, match=r"rnn that makes .* at most 1000 steps in all layers"):
        optimize(model, Target.X86, tmp_path / "long")
