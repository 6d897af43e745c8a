"""Sensitivities that PaddleSlim or PaddleX measured, from their pickles.

Two forms are read, both by `edgeslim.restricted_pickle`. PaddleSlim 1.x's strategy wrote
``{parameter: {"pruned_percent": [...], "loss": [...], "size": channels}}``, where a loss is what
the metric falls by; PaddleX 1.3 and later PaddleSlims wrote ``{parameter: {ratio: loss}}``, where
it is a share of the metric. Neither says of which model, task and examples.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from edgeslim.channels.groups import ChannelGroup, Channels
from edgeslim.errors import BadFileError
from edgeslim.files import read_bytes
from edgeslim.restricted_pickle import is_pickle, read_nested
from edgeslim.runs.sensitivity_file import Sensitivities
from edgeslim.runs.sensitivity_rows import SensitivityContext, SensitivityPoint, kept_width

__all__ = ["are_old_sensitivities", "read_old_sensitivities"]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Curve:
    """The losses of a parameter.

    Args:
        losses: Loss by the removed share of its channels.
        channels: How many channels it has, if the file says so.
        is_share: Whether losses are shares of the metric.
    """

    losses: dict[float, float]
    channels: int | None
    is_share: bool


def are_old_sensitivities(path: Path) -> bool:
    """Whether a file is a pickle, and not a file of `edgeslim sensitivity`."""
    return path.is_file() and is_pickle(read_bytes(path)[:2])


def read_old_sensitivities(
    path: Path, channels: Channels, baseline: Callable[[], float]
) -> Sensitivities:
    """Reads the sensitivities of a pickle, by the channel groups of a model.

    A group has those of its weights that the file names; where these differ, the larger loss
    counts. The file does not say the number of examples, which is given as 0.

    Args:
        path: File that is a pickle.
        channels: Channel groups of the model.
        baseline: Measures the metric of the model, to turn losses into shares of it; called only
            where the losses are not shares already.

    Raises:
        BadFileError: It holds anything else, or is of another network; the message names the
            parameter.
    """
    curves = {name: _curve(path, name, value) for name, value in _parameters(path)}
    shared = [name for name in channels.by_producer if name in curves]
    if not shared:
        raise BadFileError(
            f"{path} is of another network: it names {', '.join(list(curves)[:3])}, which this one "
            "lacks"
        )
    whole = 1.0 if all(curve.is_share for curve in curves.values()) else baseline()
    if not whole > 0:
        raise BadFileError(
            f"{path} has losses of a metric that is {whole:g} for this model; train it"
        )
    points: list[SensitivityPoint] = []
    for group in channels.groups:
        for name in group.producers:
            if name in curves:
                _check_channels(path, name, curves[name], channels)
        known = [curves[name] for name in group.producers if name in curves]
        points += _points(group, known, whole)
    return Sensitivities.of(_context(whole), points)


def _points(
    group: ChannelGroup, known: list[_Curve], baseline: float
) -> Iterator[SensitivityPoint]:
    shares: dict[float, float] = {}
    for curve in known:
        for ratio, loss in curve.losses.items():
            share = loss if curve.is_share else loss / baseline
            shares[ratio] = max(share, shares.get(ratio, -math.inf))
    for ratio, share in shares.items():
        yield SensitivityPoint(
            group=group.name,
            ratio=ratio,
            width=kept_width(group.width, ratio),
            channels=group.width,
            metric=baseline * (1 - share),
            loss=baseline * share,
            relative_loss=share,
        )


def _parameters(path: Path) -> Iterator[tuple[str, object]]:
    value = read_nested(str(path), read_bytes(path))
    if not isinstance(value, dict) or not value:
        raise BadFileError(f"{path} is a pickle, and not of sensitivities by parameters")
    for name, curve in value.items():
        if not isinstance(name, str):
            raise BadFileError(
                f"{path} is a pickle, and not of sensitivities by parameters: one is called by "
                f"{type(name).__name__}"
            )
        yield name, curve


def _curve(path: Path, name: str, value: object) -> _Curve:
    place = f"{path}: {name[:60]}"
    if not isinstance(value, dict) or not value:
        raise BadFileError(f"{place} has no losses by ratios")
    is_share = "loss" not in value
    if is_share:
        pairs = list(value.items())
        size = None
    else:
        ratios, losses = value.get("pruned_percent"), value["loss"]
        if not isinstance(ratios, list) or not isinstance(losses, list):
            raise BadFileError(f"{place} has no lists of pruned_percent and loss")
        if len(ratios) != len(losses) or not ratios:
            raise BadFileError(f"{place} has {len(ratios)} ratios and {len(losses)} losses")
        pairs = list(zip(ratios, losses, strict=True))
        size = value.get("size")
    numbers = {_number(place, ratio): _number(place, loss) for ratio, loss in pairs}
    for ratio in numbers:
        if not 0 < ratio < 1:
            raise BadFileError(f"{place}: the ratio {ratio:g} is not between 0 and 1")
    channels = None if size is None else round(_number(place, size))
    return _Curve(losses=numbers, channels=channels, is_share=is_share)


def _number(place: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BadFileError(f"{place}: a {type(value).__name__} is there that is not a number")
    return float(value)


def _check_channels(path: Path, name: str, curve: _Curve, channels: Channels) -> None:
    units = channels.axes[name][channels.producers[name]]
    has = 0 if units is None else len(units)
    if curve.channels is not None and curve.channels != has:
        raise BadFileError(
            f"{path} is of another network: {name} has {curve.channels} channels there, and {has} "
            "here"
        )


def _context(baseline: float) -> SensitivityContext:
    return SensitivityContext(
        model="",
        task="",
        metric="metric",
        criterion="",
        input_shape=(),
        share=1.0,
        seed=0,
        examples=0,
        data="",
        baseline=baseline,
    )
