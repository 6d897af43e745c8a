"""Ratios of a device to another one, from few operators or networks measured on both.

The logarithm of an operator's ratio is linear in what its time is spent on, with a wide prior for
the device, and a narrower one for each family around it; a Gaussian process learns what is left.
How much families differ from the device, and operators from their family, is learned over all
families together (hyperparameters of the greatest evidence): it is little between two processors
of one kind, and much between two kinds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from edgeslim.opspec import OpSpec
from edgeslim.prediction.family_model import FamilyModel
from edgeslim.prediction.gaussian_process import Array
from edgeslim.prediction.network_model import DEFAULT_MODEL, NetworkModel
from edgeslim.prediction.operator_features import OperatorFeatures, operator_features
from edgeslim.prediction.roofline import fit_posterior
from edgeslim.prediction.transfer_source import PARTS, TransferSource

__all__ = ["FittedTransfer", "MeasuredNetwork", "Transfer", "TransferBaseline"]

_PART_SPREAD = 0.5
"""Standard deviation of the logarithm of a part's ratio, around that of the device's speed."""

_SPEED_SPREAD = 1.5
"""Standard deviation of the logarithm of a device's speed before anything is measured."""

_SPREADS = np.array([0.03, 0.06, 0.12, 0.25, 0.5, 1.0])
_SPREAD, _SPREAD_SPREAD = math.log(0.2), 0.7
"""How much ratios of families differ from the device's: values tried, and the prior."""

_AMPLITUDES = np.array([0.02, 0.04, 0.08, 0.16, 0.32])
_AMPLITUDE, _AMPLITUDE_SPREAD = math.log(0.08), 0.7
"""The same of how much ratios of operators differ from their family's."""

_NOISE = 0.03
"""Relative error of one measurement, for these two only."""

_NETWORK_ERROR = 0.04
"""Relative error of a network as a sum of its operators."""

_OUTLYING = 0.4
"""A ratio that is as far off as this counts half."""

_FEW = 8
"""With fewer operators measured on the device, whole networks say what the ratios are."""

_ROUNDS, _ROBUST_ROUNDS = 2, 3
"""How often ratios and their spread, and ratios and weights, are fitted in turns."""

_MOST = 150
"""Operators of a family that spread and amplitude are learned from."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MeasuredNetwork:
    """A whole network measured on the new device.

    Args:
        specs: Operators of the network.
        latency_ms: Latency of the network on the new device.
    """

    specs: tuple[OpSpec, ...]
    latency_ms: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Transfer:
    """What there is to learn a device's ratios to another one from.

    Args:
        source: Operators of the other device.
        swept_bytes: Cache states of the new device, ``(states,)``.
        networks: Networks measured on the new device.
    """

    source: TransferSource
    swept_bytes: Array
    networks: tuple[MeasuredNetwork, ...] = ()


class TransferBaseline:
    """What operators are expected to take by another device's latencies.

    Args:
        transfer: What is known of the other device.
        ratios: Ratio of each part, ``(states, parts)``.
        deviations: Root of the covariance of a family's logarithms of ratios, ``(parts, parts)``.
        amplitude: Standard deviation of an operator's logarithm around its family's.
    """

    def __init__(
        self, transfer: Transfer, ratios: Array, deviations: Array, amplitude: float
    ) -> None:
        self.amplitude = amplitude
        self._transfer = transfer
        self._ratios = ratios
        self._deviations = deviations

    def logarithms(self, features: OperatorFeatures) -> Array:
        """Logarithms of the sums of all parts."""
        sums: Array = np.log(self._parts(features).sum(axis=2))
        return sums

    def trends(self, features: OperatorFeatures) -> Array:
        """How the logarithms depend on the family's ratios."""
        return _shares(self._parts(features)) @ self._deviations

    def variances(self, features: OperatorFeatures) -> Array:
        """Squares of the errors on the other device."""
        transfer = self._transfer
        squares: Array = transfer.source.parts(features, transfer.swept_bytes).errors ** 2
        return squares

    def _parts(self, features: OperatorFeatures) -> Array:
        transfer = self._transfer
        parts: Array = transfer.source.parts(features, transfer.swept_bytes).latencies_ms
        return parts * self._ratios


def _shares(parts: Array) -> Array:
    """Share of each part, a mean over the states, ``(operators, parts)``."""
    shared: Array = (parts / parts.sum(axis=2, keepdims=True)).mean(axis=1)
    return shared


class FittedTransfer:
    """The ratios of a device to another one.

    Args:
        transfer: What to learn from.
        known: Operators measured on the new device; maybe none.
        latencies_ms: Their latencies, ``(known, states)``, nan where not measured.
    """

    def __init__(self, transfer: Transfer, known: OperatorFeatures, latencies_ms: Array) -> None:
        self.transfer = transfer
        self._few = len(known.specs) <= _FEW
        networks = self._network_rows if self._few else []
        families = {*known.families, *(family for row in networks for family in row.parts)}
        self._families = {family: place for place, family in enumerate(sorted(families))}
        self._spread, self._amplitude = math.exp(_SPREAD), math.exp(_AMPLITUDE)
        for _ in range(_ROUNDS):
            self._fit(known, latencies_ms, networks)
            self._spread, self._amplitude = self._learn(known, latencies_ms)

    @cached_property
    def _network_rows(self) -> list[_NetworkRow]:
        source = self.transfer.source
        return [
            _NetworkRow(
                parts=source.network_parts(operator_features(network.specs)),
                latency_ms=network.latency_ms,
            )
            for network in self.transfer.networks
        ]

    @property
    def expected_model(self) -> NetworkModel | None:
        """How networks may follow from operators here: as on the other device, if it is known.

        Its milliseconds are those of the other device times the speed that networks show.
        """
        model, rows = self.transfer.source.model, self._network_rows
        if not rows or model is DEFAULT_MODEL:
            return None
        speed = float(
            np.median([row.latency_ms / sum(map(np.sum, row.parts.values())) for row in rows])
        )
        return replace(
            model,
            byte_ms=speed * model.byte_ms,
            overhead_ms=speed * model.overhead_ms,
            run_ms=0.0,
        )

    @property
    def learns_from_networks(self) -> bool:
        """Whether whole networks are what the ratios are fitted on."""
        return self._few and bool(self.transfer.networks)

    def baseline(self, family: str) -> TransferBaseline:
        """What operators of a family are expected to take, but for its own measured operators."""
        place = self._families.get(family, -1) if self._few else -1
        deviations = np.linalg.cholesky(self._covariances[place])
        return TransferBaseline(self.transfer, self._ratios[:, place], deviations, self._amplitude)

    def _fit(
        self, known: OperatorFeatures, latencies_ms: Array, networks: Sequence[_NetworkRow]
    ) -> None:
        """Fits ratios of each family's parts, and, as the last ones, of a family not measured.

        Prior: a speed of the device, a ratio of each part to it, and of each family to that.
        """
        count = len(self._families) + 1
        device = _SPEED_SPREAD**2 + _PART_SPREAD**2 * np.eye(len(PARTS))
        family = self._spread**2 * np.eye(len(PARTS))
        prior: Array = np.add(
            np.kron(np.ones((count, count)), device), np.kron(np.eye(count), family)
        )
        places = np.array([self._families[name] for name in known.families], np.int64)
        parts = self.transfer.source.parts(known, self.transfer.swept_bytes)
        operator_errors = np.sqrt(self._amplitude**2 + _NOISE**2 + parts.errors**2)
        network_rows = np.array([self._columns(row) for row in networks])
        network_rows = network_rows.reshape(-1, count * len(PARTS))
        network_ms = np.array([row.latency_ms for row in networks])
        ratios, covariances = [], []
        for state, column in enumerate(latencies_ms.T):
            rows = np.flatnonzero(np.isfinite(column))
            wide = np.zeros((len(rows), count, len(PARTS)))
            wide[np.arange(len(rows)), places[rows]] = parts.latencies_ms[rows, state]
            found, covariance = _fit_ratios(
                np.concatenate([wide.reshape(len(rows), count * len(PARTS)), network_rows]),
                np.concatenate([column[rows], network_ms]),
                np.concatenate([operator_errors[rows], np.full(len(networks), _NETWORK_ERROR)]),
                prior,
            )
            ratios.append(found.reshape(count, len(PARTS)))
            blocks = covariance.reshape(count, len(PARTS), count, len(PARTS))
            covariances.append(np.array([blocks[place, :, place] for place in range(count)]))
        self._ratios = np.array(ratios)
        self._covariances = np.mean(covariances, axis=0)

    def _columns(self, row: _NetworkRow) -> Array:
        found = np.zeros((len(self._families) + 1, len(PARTS)))
        for family, parts in row.parts.items():
            found[self._families[family]] = parts
        return found.ravel()

    def _learn(self, known: OperatorFeatures, latencies_ms: Array) -> tuple[float, float]:
        """How much families and operators differ: the values of the greatest evidence."""
        scores = (
            -(((np.log(_SPREADS) - _SPREAD) / _SPREAD_SPREAD) ** 2)[:, None] / 2
            - (((np.log(_AMPLITUDES) - _AMPLITUDE) / _AMPLITUDE_SPREAD) ** 2) / 2
        )
        unit = TransferBaseline(self.transfer, self._ratios[:, -1], np.eye(len(PARTS)), 1.0)
        for family in set(known.families):
            rows = known.rows(family)[:_MOST]
            features = known.take(rows)
            values = np.nanmean(np.log(latencies_ms[rows]) - unit.logarithms(features), axis=1)
            none = features.take(np.arange(0))
            empty = FamilyModel(none, np.empty((0, latencies_ms.shape[1])), unit)
            where = empty.coordinates(features)
            linear = where.trends @ where.trends.T
            alike = empty.process.covariance(where, where) - linear
            own = np.diag(where.own_variances + _NOISE**2)
            for i, spread in enumerate(_SPREADS):
                for j, amplitude in enumerate(_AMPLITUDES):
                    covariance = spread**2 * linear + amplitude**2 * alike + own
                    scores[i, j] += _log_density(values, covariance)
        best = np.unravel_index(scores.argmax(), scores.shape)
        return float(_SPREADS[best[0]]), float(_AMPLITUDES[best[1]])


@dataclass(frozen=True, kw_only=True, slots=True)
class _NetworkRow:
    """A network as a sum of parts on the other device.

    Args:
        parts: Milliseconds of each part, ``(parts,)``, for each family.
        latency_ms: Latency on the new device.
    """

    parts: Mapping[str, Array]
    latency_ms: float


def _fit_ratios(
    parts: Array, latencies_ms: Array, errors: Array, prior: Array
) -> tuple[Array, Array]:
    """Ratios of the parts, and the covariance of their logarithms; outliers count less."""
    if not len(parts):
        return np.ones(parts.shape[1]), prior
    speed = float(np.exp(np.median(np.log(latencies_ms / parts.sum(axis=1)))))
    counted = errors
    for _ in range(_ROBUST_ROUNDS):
        ratios, covariance = fit_posterior(
            parts, latencies_ms, np.full(parts.shape[1], speed), prior=prior, errors=counted
        )
        off = np.log(latencies_ms / (parts @ ratios))
        counted = errors * np.sqrt(1 + (off / _OUTLYING) ** 2)
    return ratios, covariance


def _log_density(values: Array, covariance: Array) -> float:
    lower = np.linalg.cholesky(covariance)
    white = np.linalg.solve(lower, values)
    return float(-0.5 * white @ white - np.log(np.diag(lower)).sum())
