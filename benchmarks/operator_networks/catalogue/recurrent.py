"""Recurrent layers and attention."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from operator_networks.drawing import Operator
from operator_networks.toolkit import nn

__all__ = ["OPERATORS"]

Attributes = Mapping[str, Any]

_SHAPES = ((1, 5, 6), (2, 4, 6))


def _recurrent(name: str, most: int, **choices: Sequence[Any]) -> Operator:
    def build(a: Attributes, shape: Sequence[int]) -> Any:
        layer = getattr(nn, name)(shape[-1], 8, **a)

        class First(nn.Layer):  # type: ignore[misc]
            def __init__(self) -> None:
                super().__init__()
                self.inner = layer

            def forward(self, x: Any) -> Any:
                return self.inner(x)[0]

        return First()

    return Operator(
        build=build,
        shapes=_SHAPES,
        choices={
            "num_layers": (1, 2),
            "direction": ("forward", "bidirectional"),
            "time_major": (False, True),
            **choices,
        },
        most=most,
    )


def _cell(name: str) -> Operator:
    def build(_a: Attributes, shape: Sequence[int]) -> Any:
        layer = getattr(nn, name)(shape[-1], 8)

        class First(nn.Layer):  # type: ignore[misc]
            def __init__(self) -> None:
                super().__init__()
                self.inner = layer

            def forward(self, x: Any) -> Any:
                return self.inner(x)[0]

        return First()

    return Operator(build=build, shapes=((2, 6),), most=1)


def _attention(a: Attributes, shape: Sequence[int]) -> Any:
    return nn.MultiHeadAttention(shape[-1], a["num_heads"])


def _encoder(a: Attributes, shape: Sequence[int]) -> Any:
    return nn.TransformerEncoderLayer(
        shape[-1],
        2,
        12,
        activation=a["activation"],
        normalize_before=a["normalize_before"],
    )


OPERATORS: dict[str, Operator] = {
    "LSTM": _recurrent("LSTM", 4),
    "GRU": _recurrent("GRU", 4),
    "SimpleRNN": _recurrent("SimpleRNN", 2, activation=("tanh", "relu")),
    "LSTMCell": _cell("LSTMCell"),
    "GRUCell": _cell("GRUCell"),
    "MultiHeadAttention": Operator(
        build=_attention, shapes=_SHAPES, choices={"num_heads": (1, 2, 3)}, most=3
    ),
    "TransformerEncoderLayer": Operator(
        build=_encoder,
        shapes=_SHAPES,
        choices={"activation": ("relu", "gelu"), "normalize_before": (False, True)},
        most=2,
    ),
}
