"""Interpolates latencies of operators from measured ones and from tables of other devices.

Each family of operators has several models: one for each other device, and the ordinary one, which
knows nothing but what was measured here. They are mixed by how well each predicts measured
operators that are left out, those of the family and, as a few more, those of the whole device.
So a device that is unlike all others is estimated as if there were none.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from edgeslim.opspec import OpSpec
from edgeslim.prediction.family_model import NORMAL_90, FamilyModel
from edgeslim.prediction.gaussian_process import Array
from edgeslim.prediction.interpolation import Estimates, Interpolator, MeasuredOperators
from edgeslim.prediction.network_model import NetworkModel
from edgeslim.prediction.operator_features import OperatorFeatures, operator_features
from edgeslim.prediction.transfer import FittedTransfer, Transfer

__all__ = ["TransferInterpolator"]

_DEVICE_COUNTS = 5.0
"""How many operators of a family the evidence of the whole device counts as much as."""

_ORDINARY = math.log(0.2)
"""Logarithm of the prior probability that no other device helps, over that of one that does."""

_NEGLIGIBLE = 0.01
"""Models of less weight are left out."""

_FEWEST_SCORES = 5
"""With fewer measured operators nothing is said about the whole device by those left out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Candidate:
    """One model of each family.

    Args:
        name: Name of the other device; empty for the ordinary models.
        mean_density: Mean logarithm of the density at measured operators that are left out.
        densities: Sum of these logarithms in each family.
        inflation: Factor that makes its deviations true on operators left out.
    """

    name: str
    mean_density: float
    densities: Mapping[str, float]
    inflation: float = 1.0


class TransferInterpolator:
    """Estimates latencies of operators from measured ones and from other devices.

    Args:
        known: Latencies in ms of each operator measured on the device, as of `Interpolator`.
        transfers: Other devices, at least one.
    """

    def __init__(self, known: Mapping[OpSpec, Array], transfers: Sequence[Transfer]) -> None:
        self._ordinary = Interpolator(known, states=transfers[0].swept_bytes.size)
        self._known: MeasuredOperators = self._ordinary.known
        features, latencies_ms = self._known.features, self._known.latencies_ms
        self._transfers = [
            FittedTransfer(transfer, features, latencies_ms) for transfer in transfers
        ]
        self._models: dict[tuple[int, str], FamilyModel] = {}

    @property
    def device_weights(self) -> dict[str, float]:
        """Weight of each other device by its name, over the whole device.

        What is missing to 1 is the weight of estimates without any.
        """
        found: Counter[str] = Counter()
        for candidate, weight in zip(self._candidates, self._weights("").tolist(), strict=True):
            found[candidate.name] += weight
        del found[""]
        return dict(found)

    @property
    def other_models(self) -> tuple[NetworkModel, ...]:
        """How networks follow from operators on each other device whose networks are known."""
        found = (fitted.expected_model for fitted in self._transfers)
        return tuple(model for model in found if model is not None)

    @property
    def learns_from_networks(self) -> bool:
        """Whether estimates depend on whole networks of the device."""
        return any(fitted.learns_from_networks for fitted in self._transfers)

    def model(self, family: str) -> FamilyModel:
        """The model of a family that has the largest weight."""
        return self._model(int(np.argmax(self._weights(family))), family)

    def estimate(self, specs: Sequence[OpSpec]) -> Estimates:
        """Latencies of operators, measured or not."""
        latencies_ms = np.full((len(specs), self._known.latencies_ms.shape[1]), np.nan)
        errors = np.full(len(specs), np.inf)
        origins = np.zeros(len(specs), np.int64)
        features = operator_features(specs)
        for family in dict.fromkeys(features.families):
            rows = features.rows(family)
            found = self._estimate_family(family, features.take(rows))
            latencies_ms[rows], errors[rows], origins[rows] = found
        self._known.insert(specs, latencies_ms, errors)
        return Estimates(
            latencies_ms=latencies_ms,
            errors=errors,
            origins=tuple(self._candidates[index].name for index in origins),
        )

    def _estimate_family(
        self, family: str, features: OperatorFeatures
    ) -> tuple[Array, Array, np.ndarray[tuple[int], np.dtype[np.int64]]]:
        """Latencies, errors, and which candidate they come from for the most part."""
        all_weights = self._weights(family)
        used = np.flatnonzero(all_weights >= _NEGLIGIBLE)
        logarithms, deviations = [], []
        for index in used:
            latencies_ms, errors = self._model(int(index), family).predict(features)
            logarithms.append(np.log(latencies_ms))
            deviations.append(errors * self._candidates[index].inflation)
        means, spreads = np.array(logarithms), np.array(deviations)
        # A model that is surer of an operator than the others counts more there.
        weights = all_weights[used, None] / np.maximum(spreads, 1e-9) ** 2
        weights[~np.isfinite(means).all(axis=2)] = 0.0
        weights /= weights.sum(axis=0)
        mean = (weights[:, :, None] * np.nan_to_num(means)).sum(axis=0)
        apart = np.nan_to_num((means - mean) ** 2).mean(axis=2)
        variance = (weights * (spreads**2 + apart)).sum(axis=0)
        return np.exp(mean), np.sqrt(variance), used[weights.argmax(axis=0)]

    def _model(self, index: int, family: str) -> FamilyModel:
        if index == len(self._transfers):
            return self._ordinary.model(family)
        if (index, family) not in self._models:
            baseline = self._transfers[index].baseline(family)
            self._models[index, family] = FamilyModel(
                *self._known.of(family), baseline, corrects=False
            )
        return self._models[index, family]

    @cached_property
    def _candidates(self) -> list[_Candidate]:
        """The other devices, and last the ordinary models."""
        found = [
            self._judge(
                fitted.transfer.source.name,
                {family: self._model(index, family) for family in self._families},
            )
            for index, fitted in enumerate(self._transfers)
        ]
        # A fitted price of a family has seen every operator of it; so it is the device's.
        baseline = self._ordinary.device_baseline
        judged = {
            family: FamilyModel(
                *self._known.of(family), baseline, warm_start=self._ordinary.model(family)
            )
            for family in self._families
        }
        return [*found, self._judge("", judged)]

    @property
    def _families(self) -> list[str]:
        return sorted(self._ordinary.families)

    def _judge(self, name: str, models: Mapping[str, FamilyModel]) -> _Candidate:
        left_out = {family: model.leave_one_out() for family, model in models.items()}
        densities = np.concatenate([np.empty(0), *(found for _, found in left_out.values())])
        ratios = np.concatenate(
            [np.empty(0), *(np.sqrt((found**2).mean(axis=1)) for found, _ in left_out.values())]
        )
        count = len(ratios)
        inflation = 1.0
        if count >= _FEWEST_SCORES:
            rank = min(math.ceil(0.9 * (count + 1)) / count, 1.0)
            inflation = max(1.0, float(np.quantile(ratios, rank)) / NORMAL_90)
        return _Candidate(
            name=name,
            mean_density=float(densities.mean()) if count >= _FEWEST_SCORES else 0.0,
            densities={family: float(found.sum()) for family, (_, found) in left_out.items()},
            inflation=inflation,
        )

    def _weights(self, family: str) -> Array:
        """Weight of each candidate in a family, ``(candidates,)``; by an empty name, of all.

        A family that nothing was measured of can be estimated from other devices only.
        """
        logarithms = np.array(
            [
                _DEVICE_COUNTS * found.mean_density + found.densities.get(family, 0.0)
                for found in self._candidates
            ]
        )
        measured = self._ordinary.families
        logarithms[-1] += _ORDINARY if family in measured or (measured and not family) else -np.inf
        weights = np.exp(logarithms - logarithms.max())
        found: Array = weights / weights.sum()
        return found
