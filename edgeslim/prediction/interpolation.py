"""Interpolates latencies of operators from measured ones, with standard errors.

A latency is a sum of prices (a start, multiply-accumulates in whole blocks of channels, bytes),
fitted for the device and, held near that, for each family of operators; what is left is learned by
a Gaussian process in the logarithm, whose axes are widths padded to blocks of 1, 4, 8 and 16
channels, places and bytes, and whose labels are kernel, strides, activation and how the channels
end. Prices that the known operators say little about stay uncertain, so that a large product is
not priced by small ones without saying so. A value that the others contradict counts less. Errors
are scaled to those that each measured operator has when it is left out.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from edgeslim.opspec import OpSpec, encode_hook
from edgeslim.prediction.family_model import PRICE_SPREAD, FamilyModel, PriceBaseline
from edgeslim.prediction.gaussian_process import Array
from edgeslim.prediction.network_model import NetworkModel
from edgeslim.prediction.operator_features import OperatorFeatures, operator_features
from edgeslim.prediction.roofline import device_prices

__all__ = ["Estimates", "Interpolator", "MeasuredOperators"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimates:
    """Latencies of some operators.

    Args:
        latencies_ms: Latencies, ``(operators, states)``; nan where none of the family is known.
        errors: Relative standard errors, ``(operators,)``: 0 is measured, infinite is
            unknown. Of many operators, 90 % lie within 1.645 errors.
        origins: Name of the other device that most of each estimate comes from, for each
            operator; empty if it comes from operators measured on this device.
        shared_errors: The part of the errors that adds up over a network, ``(operators,)``; None
            where that is all of them. The rest is each operator's own, and cancels.
    """

    latencies_ms: Array
    errors: Array
    origins: tuple[str, ...]
    shared_errors: Array | None = None


class MeasuredOperators:
    """Measured operators in an order that does not depend on that of the table.

    Args:
        known: Latencies in ms of each measured operator, ``(states,)``, of the same cache
            states for all; nan where a state was not measured.
        states: Number of cache states, for when there are no operators.
    """

    def __init__(self, known: Mapping[OpSpec, Array], *, states: int = 1) -> None:
        checked = {
            spec: _check_latencies(spec, latencies_ms) for spec, latencies_ms in known.items()
        }
        specs = [spec for spec in checked if np.isfinite(checked[spec]).any()]
        specs.sort(key=_shuffle_key)
        self._known = {spec: checked[spec] for spec in specs}
        self.latencies_ms = np.array([*self._known.values()]) if specs else np.empty((0, states))
        self.features = operator_features(specs)

    def of(self, family: str) -> tuple[OperatorFeatures, Array]:
        """Features and latencies of a family's operators, ``(operators, states)``."""
        rows = self.features.rows(family)
        return self.features.take(rows), self.latencies_ms[rows]

    def insert(self, specs: Sequence[OpSpec], latencies_ms: Array, errors: Array) -> None:
        """Puts what was measured in the place of estimates.

        Args:
            specs: Operators that are estimated.
            latencies_ms: Their latencies, ``(operators, states)``.
            errors: Their relative errors, ``(operators,)``.
        """
        for row, spec in enumerate(specs):
            if spec in self._known:
                measured = np.isfinite(self._known[spec])
                latencies_ms[row, measured] = self._known[spec][measured]
                errors[row] = 0.0 if measured.all() else errors[row]


class Interpolator:
    """Estimates latencies of operators from measured ones.

    Args:
        known: Latencies in ms of each measured operator, ``(states,)``, of the same cache
            states for all; nan where a state was not measured.
        states: Number of cache states, for when there are no operators.
    """

    def __init__(self, known: Mapping[OpSpec, Array], *, states: int = 1) -> None:
        self.known = MeasuredOperators(known, states=states)
        self._prices = np.array(
            [
                device_prices(self.known.features.costs[rows], column[rows])
                for column in self.known.latencies_ms.T
                for rows in [np.isfinite(column)]
            ]
        )
        self._baselines: dict[str, PriceBaseline] = {}
        self._models: dict[str, FamilyModel] = {}

    @property
    def families(self) -> frozenset[str]:
        """Families of the measured operators."""
        return frozenset(self.known.features.families)

    @property
    def device_weights(self) -> dict[str, float]:
        """Weights of other devices, of which there are none."""
        return {}

    @property
    def other_models(self) -> tuple[NetworkModel, ...]:
        """How networks follow from operators on other devices, of which there are none."""
        return ()

    @property
    def learns_from_networks(self) -> bool:
        """Whether estimates depend on whole networks of the device."""
        return False

    @property
    def device_baseline(self) -> PriceBaseline:
        """The prices of the device, before those of a family."""
        return PriceBaseline(self._prices, spread=PRICE_SPREAD)

    def baseline(self, family: str) -> PriceBaseline:
        """The prices of a family; without measured operators they are the device's."""
        if family not in self._baselines:
            self._baselines[family] = PriceBaseline.fit(*self.known.of(family), self._prices)
        return self._baselines[family]

    def model(self, family: str) -> FamilyModel:
        """The model of a family; without measured operators it has the device's prices only."""
        if family not in self._models:
            self._models[family] = FamilyModel(*self.known.of(family), self.baseline(family))
        return self._models[family]

    def estimate(self, specs: Sequence[OpSpec]) -> Estimates:
        """Latencies of operators, measured or not."""
        latencies_ms = np.full((len(specs), self.known.latencies_ms.shape[1]), np.nan)
        errors = np.full(len(specs), np.inf)
        features = operator_features(specs)
        for family in self.families.intersection(features.families):
            rows = features.rows(family)
            latencies_ms[rows], errors[rows] = self.model(family).predict(features.take(rows))
        self.known.insert(specs, latencies_ms, errors)
        return Estimates(latencies_ms=latencies_ms, errors=errors, origins=("",) * len(specs))


def _shuffle_key(spec: OpSpec) -> tuple[int, bytes]:
    """A sort key that gives operators the same, shuffled order in any run."""
    text = msgspec.json.encode(spec, enc_hook=encode_hook)
    return zlib.crc32(text), text


def _check_latencies(spec: OpSpec, latencies_ms: Array) -> Array:
    numbers = np.asarray(latencies_ms, dtype=np.float64)
    if not (np.isnan(numbers) | ((numbers > 0) & np.isfinite(numbers))).all():
        raise ValueError(f"latencies must be positive numbers or nan, not {numbers} of {spec}")
    return numbers
