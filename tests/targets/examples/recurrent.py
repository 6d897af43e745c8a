"""Recurrent layers."""

from __future__ import annotations

from typing import Any

from paddle import nn

from tests.targets.nets import Example

__all__ = ["EXAMPLES"]

SHAPE = (2, 5, 4)


class _Last(nn.Layer):
    """The last state of an LSTM."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.LSTM(4, 3)

    def forward(self, x: Any) -> Any:
        _, (hidden, _) = self.layer(x)
        return hidden


class _Lengths(nn.Layer):
    """A GRU over sequences of several lengths."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.GRU(4, 3)

    def forward(self, x: Any) -> Any:
        import paddle

        lengths = paddle.assign(paddle.to_tensor([5, 3], dtype="int32"))
        return self.layer(x, sequence_length=lengths)[0]


class _Cells(nn.Layer):
    """A plain recurrent layer."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.SimpleRNN(4, 3)

    def forward(self, x: Any) -> Any:
        return self.layer(x)[0]


EXAMPLES = (
    Example(law="recurrent-cells", build=_Cells, shape=SHAPE),
    Example(law="recurrent-lengths", build=_Lengths, shape=SHAPE),
    Example(law="recurrent-states", build=_Last, shape=SHAPE),
)
