"""Pickles of sensitivities that PaddleSlim and PaddleX left."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeslim.channels.groups import Channels
from edgeslim.errors import BadFileError
from edgeslim.pruning.known_losses import measured_losses
from edgeslim.pruning.old_sensitivities import are_old_sensitivities, read_old_sensitivities
from edgeslim.pruning.prune import prune
from edgeslim.runs.sensitivity_file import Sensitivities, SensitivityFile
from tests.channels.sketch import Sketch
from tests.pruning.conftest import Trained

OLD = {
    "a_weights": {
        "pruned_percent": [0.25, 0.5],
        "loss": [np.float64(0.08), np.float32(0.4)],
        "size": 8,
    },
    "b_weights": {"pruned_percent": [0.5], "loss": [0.2], "size": 8},
    "unknown": {"pruned_percent": [0.5], "loss": [0.1], "size": 3},
}
"""As the strategy of PaddleSlim 1.x wrote it; of the three one is of no weight here."""


@pytest.fixture(scope="module")
def channels() -> Channels:
    """``a_weights`` and ``b_weights``, which an addition ties, behind ``stem``."""
    net = Sketch()
    stem = net.conv("x", "stem", 4)
    a, b = (net.conv(stem, f"{name}_weights", 8) for name in "ab")
    net.add("elementwise_add", {"X": a, "Y": b})
    return net.channels()


def read(path: Path, content: object, channels: Channels, protocol: int = 2) -> Sensitivities:
    path.write_bytes(pickle.dumps(content, protocol))
    assert are_old_sensitivities(path)
    return read_old_sensitivities(path, channels, lambda: 0.8)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_losses_are_shares_of_the_metric_and_the_larger_of_a_group_counts(
    protocol: int, channels: Channels, tmp_path: Path
) -> None:
    found = read(tmp_path / "sensitivities.data", OLD, channels, protocol).points
    assert list(found) == ["a_weights"]
    widths = {point.ratio: point.width for point in found["a_weights"]}
    losses = {point.ratio: point.relative_loss for point in found["a_weights"]}
    assert widths == {0.25: 6, 0.5: 4}
    assert losses == pytest.approx({0.25: 0.1, 0.5: 0.5}, rel=1e-6)


def test_paddlex_wrote_shares_already(channels: Channels, tmp_path: Path) -> None:
    content = {"stem": {0.5: 0.1, np.float64(0.25): np.float64(-0.1)}}
    found = read(tmp_path / "sensitivities.data", content, channels)
    losses = {point.ratio: point.relative_loss for point in found.points["stem"]}
    assert losses == {0.25: pytest.approx(-0.1), 0.5: pytest.approx(0.1)}
    curves = measured_losses(found, ["stem"], "it")
    assert 0 < float(curves.loss_at("stem", 0.25)) < 1e-3 < float(curves.loss_at("stem", 0.5))
    with pytest.raises(BadFileError, match="it says nothing of a_weights; leave that out with"):
        measured_losses(found, ["a_weights"], "it")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({}, "not of sensitivities by parameters$"),
        ({0.05: 0.1}, "not of sensitivities by parameters: one is called by float"),
        ({"stem": {}}, "stem has no losses by ratios"),
        ({"stem": 0.5}, "stem has no losses by ratios"),
        ({"stem": {"loss": [0.1]}}, "stem has no lists of pruned_percent and loss"),
        ({"stem": {"loss": [0.1], "pruned_percent": []}}, "stem has 0 ratios and 1 losses"),
        ({"stem": {1.5: 0.1}}, "stem: the ratio 1.5 is not between 0 and 1"),
        ({"stem": {0.5: float("nan")}}, "stem: a float is there that is not a number"),
        ({"stem": {0.5: "low"}}, "stem: a str is there that is not a number"),
        ({"conv1": {0.5: 0.1}}, "of another network: it names conv1, which this one lacks"),
        ({"a_weights": {**OLD["a_weights"], "size": 9}}, "has 9 channels there, and 8 here"),
        ({"stem": {0.5: np.zeros(2)}}, "_reconstruct.* at byte .*: the pickle holds more than"),
        ({"stem": {0.5: np.complex64(1)}}, "the type 'c8' is of no number"),
        ({"stem": {("a", "b"): 0.1}}, "the tuple before byte .* is of no number"),
        ({"stem": {0.5: Path()}}, r"pathlib[\w.]* PosixPath.* the pickle holds more than"),
    ],
)
def test_what_is_no_file_of_sensitivities_is_said(
    content: Any, says: str, channels: Channels, tmp_path: Path
) -> None:
    with pytest.raises(BadFileError, match=says):
        read(tmp_path / "sensitivities.data", content, channels)


def test_a_pickle_is_nothing_to_measure_into(channels: Channels, tmp_path: Path) -> None:
    read(tmp_path / "sensitivities.data", OLD, channels)
    with pytest.raises(BadFileError, match="edgeslim prune --sensitivities reads"):
        SensitivityFile.read(tmp_path / "sensitivities.data")


@pytest.mark.slow
def test_prune_goes_by_a_pickle(trained: Trained, tmp_path: Path) -> None:
    file = tmp_path / "sensitivities.data"
    losses = {"pruned_percent": [0.25, 0.5], "loss": [0.01, 0.2]}
    file.write_bytes(pickle.dumps({"expand_weights": losses}))
    asked = {"metric_loss": 0.01, "sensitivities": file, "match": "expand_weights"}
    result = prune(str(trained.prefix), out=tmp_path / "out", **asked)  # type: ignore[call-overload]
    (cut,) = (group for group in result.groups if group.after < group.before)
    assert cut.name == "expand_weights"
    assert cut.after == round(0.75 * cut.before)
