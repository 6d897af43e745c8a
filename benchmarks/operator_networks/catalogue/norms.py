"""Softmax and the norms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from operator_networks.drawing import Operator
from operator_networks.toolkit import F, nn

__all__ = ["OPERATORS"]

Attributes = Mapping[str, Any]

_PICTURES = ((1, 8, 6, 7), (2, 8, 5, 5))


def _softmax(a: Attributes, _shape: Sequence[int]) -> Any:
    return lambda x: F.softmax(x, a["axis"])


def _log_softmax(a: Attributes, _shape: Sequence[int]) -> Any:
    return lambda x: F.log_softmax(x, a["axis"])


def _batch_norm(a: Attributes, shape: Sequence[int]) -> Any:
    kind = {4: nn.BatchNorm2D, 3: nn.BatchNorm1D, 2: nn.BatchNorm1D, 5: nn.BatchNorm3D}[len(shape)]
    return kind(shape[1], epsilon=a["epsilon"], **_affine(a["affine"]))


def _affine(affine: bool) -> dict[str, Any]:
    return {} if affine else {"weight_attr": False, "bias_attr": False}


def _layer_norm(a: Attributes, shape: Sequence[int]) -> Any:
    return nn.LayerNorm(list(shape[-a["axes"] :]), epsilon=a["epsilon"], **_affine(a["affine"]))


def _layer_norm_by_hand(a: Attributes, _shape: Sequence[int]) -> Any:
    def compute(x: Any) -> Any:
        from_mean = x - x.mean(-1, keepdim=True)
        spread = from_mean.pow(2) if a["power"] else from_mean * from_mean
        return from_mean / (spread.mean(-1, keepdim=True) + a["epsilon"]).sqrt()

    return compute


def _group_norm(a: Attributes, shape: Sequence[int]) -> Any:
    affine = _affine(a["affine"])
    return nn.GroupNorm(a["groups"], shape[1], epsilon=a["epsilon"], **affine)


def _instance_norm(a: Attributes, shape: Sequence[int]) -> Any:
    kind = {4: nn.InstanceNorm2D, 3: nn.InstanceNorm1D}[len(shape)]
    return kind(shape[1], epsilon=a["epsilon"], **_affine(a["affine"]))


def _response(a: Attributes, _shape: Sequence[int]) -> Any:
    return nn.LocalResponseNorm(a["size"], alpha=a["alpha"], beta=a["beta"], k=a["k"])


def _normalize(a: Attributes, _shape: Sequence[int]) -> Any:
    return lambda x: F.normalize(x, p=a["p"], axis=a["axis"], epsilon=a["epsilon"])


def _cosine(a: Attributes, _shape: Sequence[int]) -> Any:
    return lambda x: F.cosine_similarity(x, F.relu(x) + 0.5, axis=a["axis"])


def _weight_norm(a: Attributes, shape: Sequence[int]) -> Any:
    return nn.utils.weight_norm(nn.Conv2D(shape[1], 6, 3), dim=a["dim"])


def _spectral_norm(_a: Attributes, shape: Sequence[int]) -> Any:
    return nn.utils.spectral_norm(nn.Conv2D(shape[1], 6, 3))


_EPSILONS = {"epsilon": (1e-5, 1e-3, 0.1), "affine": (True, False)}

OPERATORS: dict[str, Operator] = {
    "softmax": Operator(
        build=_softmax,
        shapes=((1, 8, 6, 7), (2, 5, 9), (3, 12)),
        choices={"axis": (-1, 1, 0, -2)},
        most=5,
    ),
    "log_softmax": Operator(
        build=_log_softmax,
        shapes=((1, 8, 6, 7), (2, 5, 9), (3, 12)),
        choices={"axis": (-1, 1, 0)},
        fits=lambda a, shape: shape[a["axis"]] > 1,
        behind=("none", "scale", "half", "gain", "tanh", "leaky_relu"),
    ),
    "batch_norm": Operator(
        build=_batch_norm,
        shapes=(*_PICTURES, (2, 8, 9), (3, 8), (1, 4, 3, 4, 5)),
        choices=_EPSILONS,
        most=6,
    ),
    "layer_norm": Operator(
        build=_layer_norm,
        shapes=(*_PICTURES, (2, 5, 9)),
        choices={"axes": (1, 2, 3), **_EPSILONS},
        fits=lambda a, shape: a["axes"] < len(shape),
        most=6,
    ),
    "layer norm by hand": Operator(
        build=_layer_norm_by_hand,
        shapes=((2, 5, 9), (3, 12)),
        choices={"power": (True, False), "epsilon": (1e-5, 1e-3)},
    ),
    "group_norm": Operator(
        build=_group_norm,
        shapes=(*_PICTURES, (2, 8, 9)),
        choices={"groups": (1, 2, 4, 8), **_EPSILONS},
    ),
    "instance_norm": Operator(
        build=_instance_norm, shapes=(*_PICTURES, (2, 8, 9)), choices=_EPSILONS
    ),
    "local_response_norm": Operator(
        build=_response,
        shapes=_PICTURES,
        choices={"size": (5, 3, 4), "alpha": (1e-4, 0.1), "beta": (0.75, 0.5), "k": (1.0, 2.0)},
    ),
    "normalize": Operator(
        build=_normalize,
        shapes=((1, 8, 6, 7), (3, 12)),
        choices={"p": (2, 1, 3), "axis": (1, -1), "epsilon": (1e-12, 1e-3)},
    ),
    "cosine_similarity": Operator(
        build=_cosine, shapes=((3, 12), (2, 5, 9)), choices={"axis": (1, -1)}, most=2
    ),
    "weight_norm": Operator(
        build=_weight_norm, shapes=_PICTURES[:1], choices={"dim": (0, None)}, most=2
    ),
    "spectral_norm": Operator(build=_spectral_norm, shapes=_PICTURES[:1], most=1),
}
