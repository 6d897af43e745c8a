"""What stands before and behind the operator: what the optimizer likes to merge with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from operator_networks.toolkit import F, nn, weighted

__all__ = ["before", "behind", "names_before", "names_behind"]

_EXACT = ("shift", "relu shift", "shift scale")
_VECTOR = (*_EXACT, "linear", "linear relu", "layer_norm")
_PICTURE = (
    *("shift", "conv", "conv relu", "conv relu6", "conv hard_swish", "conv norm", "norm"),
    *("conv leaky_relu", "depthwise", "depthwise relu", "conv norm relu", "conv scale"),
    *("conv sigmoid", "transposed"),
)
_BEHIND = (
    *("none", "none", "relu", "relu6", "leaky_relu", "hard_swish", "sigmoid", "tanh", "scale"),
    *("from one", "gain", "bias", "channels", "norm", "conv", "residual", "twice", "abs", "half"),
)


def names_before(rank: int, *, exact: bool) -> Sequence[str]:
    """What can be before an operator that reads so many axes."""
    if exact or rank in {1, 5}:
        return _EXACT
    return _PICTURE if rank == 4 else _VECTOR


def names_behind(*, whole: bool) -> Sequence[str]:
    """What can be behind it."""
    return ("none", "float") if whole else _BEHIND


def _filter(shape: Sequence[int], **more: Any) -> Any:
    channels = shape[1]
    return nn.Conv2D(channels, channels, **{"kernel_size": 3, "padding": 1, **more})


_STEPS: dict[str, Callable[[Sequence[int]], Any]] = {
    "shift": lambda shape: weighted(shape[-1:], lambda x, w: x + w),
    "bias": lambda _: weighted([1], lambda x, w: x + w),
    "gain": lambda _: weighted([1], lambda x, w: x * w, 0.5),
    "scale": lambda _: lambda x: x * 2.0 + 0.5,
    "half": lambda _: lambda x: (x - 1.0) / 2.0,
    "from one": lambda _: lambda x: 1.0 - x,
    "twice": lambda _: lambda x: (x, F.relu(x)),
    "abs": lambda _: lambda x: x.abs(),
    "float": lambda _: lambda x: x.astype("float32"),
    "relu": lambda _: F.relu,
    "relu6": lambda _: F.relu6,
    "leaky_relu": lambda _: lambda x: F.leaky_relu(x, 0.3),
    "hard_swish": lambda _: F.hardswish,
    "sigmoid": lambda _: F.sigmoid,
    "tanh": lambda _: F.tanh,
    "linear": lambda shape: nn.Linear(shape[-1], shape[-1]),
    "layer_norm": lambda shape: nn.LayerNorm(shape[-1]),
    "conv": lambda shape: _filter(shape),
    "depthwise": lambda shape: _filter(shape, groups=shape[1]),
    "transposed": lambda shape: nn.Conv2DTranspose(shape[1], shape[1], 3, padding=1),
    "channels": lambda shape: weighted(
        (1, shape[1], 1, 1) if len(shape) == 4 else shape[-1:], lambda x, w: x + w
    ),
    "norm": lambda shape: nn.BatchNorm2D(shape[1]) if len(shape) == 4 else nn.LayerNorm(shape[-1]),
}


def before(name: str, shape: Sequence[int]) -> list[Any]:
    """Layers and functions before an operator, which keep the shape."""
    return [_STEPS[step](shape) for step in name.split()]


def behind(name: str, shape: Sequence[int]) -> list[Any]:
    """Layers and functions behind one whose result has a shape; "residual" is the network's."""
    if name in {"none", "residual"} or (name == "conv" and len(shape) != 4):
        return []
    if name in {"norm", "channels"} and not shape:
        return []
    return [_STEPS[name](shape)]
