"""Operators of a device of which only whole networks were timed.

A network's latency is the sum of its operators' costs (`edgeslim.prediction.kernel_costs`), each
times a price. The prices are fitted on the networks, held near a first guess at the device's speed,
since a few dozen networks do not determine them all. A network of another family has other shares
of each cost, so errors are judged by leaving out whole families: networks that differ in nothing
but their widths tell too much about each other.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from edgeslim.opspec import OpSpec
from edgeslim.prediction.calibration import Calibration
from edgeslim.prediction.family_model import NORMAL_90
from edgeslim.prediction.gaussian_process import Array
from edgeslim.prediction.interpolation import Estimates
from edgeslim.prediction.kernel_costs import (
    KERNEL_COSTS,
    NOMINAL_KERNEL_PRICES,
    OTHER_MAPS,
    kernel_costs,
)
from edgeslim.prediction.network_fit import Form, NetworkFit
from edgeslim.prediction.network_model import DEFAULT_MODEL, NetworkModel
from edgeslim.prediction.roofline import fit_posterior, shares
from edgeslim.prediction.transfer import MeasuredNetwork

__all__ = ["FEWEST_PRICED", "NetworkPrices", "network_families"]

FEWEST_PRICED = 5
"""With fewer networks nothing is said about operators."""

_SPREAD = 0.5
"""Standard deviation of the logarithm of a price, around the first guess at the device's speed."""

_ERROR = 0.02
"""Relative error of a network as the sum of its operators' costs."""

_OWN_ERROR = 0.2
"""Relative error of one operator as a sum of its costs, beside that of their prices."""

_ALIKE = 0.7
"""Networks of one family have so many kernels in common, of all that both have."""

_CONFIDENCE = 0.9

_FORM = Form(name="prices of kernels", probability=1.0, spreads=(0.0,) * 5)


class NetworkPrices:
    """The prices of a device, and estimates of operators by them.

    Args:
        networks: Networks measured on the device, by name; at least one.
        threads: Threads that they ran with.
    """

    def __init__(self, networks: Mapping[str, MeasuredNetwork], threads: int) -> None:
        self._networks = networks
        self._threads = threads
        self._kinds = {spec.kind for network in networks.values() for spec in network.specs}
        self._costs = [kernel_costs(network.specs, threads) for network in networks.values()]
        self._measured_ms = np.array([network.latency_ms for network in networks.values()])

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
        """Whether estimates depend on whole networks of the device, as these do."""
        return True

    def estimate(self, specs: Sequence[OpSpec]) -> Estimates:
        """Latencies of operators; a view takes no time, and an unknown kind is not estimated."""
        costs = kernel_costs(specs, self._threads)
        latencies_ms, shared_errors = self._all.estimate(costs)
        unknown = costs[:, KERNEL_COSTS.index(OTHER_MAPS)] > 0
        unknown &= [spec.kind not in self._kinds for spec in specs]
        errors = np.where(latencies_ms == 0, 0.0, np.hypot(shared_errors, _OWN_ERROR))
        latencies_ms[unknown], errors[unknown] = np.nan, np.inf
        return Estimates(
            latencies_ms=latencies_ms[:, None],
            errors=errors,
            origins=("",) * len(specs),
            shared_errors=np.hypot(shared_errors, self._unseen_errors(costs)),
        )

    def _unseen_errors(self, costs: Array) -> Array:
        """What is added to the errors of operators by prices that no network has a part of.

        Intervals are scaled to the errors of networks, and those say nothing of such prices. So
        this makes up for it where it would make them smaller.
        """
        fit = self.calibration.fit
        smaller = 1.0 if fit is None else min(1.0, fit.quantile(_CONFIDENCE) / NORMAL_90)
        seen = np.any([own.any(axis=0) for own in self._costs], axis=0)
        unseen_ms = np.where(seen, 0.0, costs * self._all.prices)
        latencies_ms = np.maximum(costs @ self._all.prices, np.finfo(np.float64).tiny)
        errors: Array = _SPREAD * np.sqrt((unseen_ms**2).sum(axis=1)) / latencies_ms
        return errors * math.sqrt(smaller**-2 - 1)

    @cached_property
    def calibration(self) -> Calibration:
        """Networks as the sums of their operators, judged by families that are left out."""
        families = np.array(network_families([net.specs for net in self._networks.values()]))
        predicted_ms, uncertain_ms = np.empty(len(families)), np.empty(len(families))
        for family in set(families.tolist()):
            others = self._fit(families != family) if (families != family).any() else _nominal()
            for place in np.flatnonzero(families == family):
                latencies_ms, errors = others.estimate(self._costs[place])
                predicted_ms[place] = latencies_ms.sum()
                uncertain_ms[place] = latencies_ms @ errors
        residuals = predicted_ms / self._measured_ms - 1
        fit = NetworkFit(
            model=DEFAULT_MODEL,
            form=_FORM,
            noise=_ERROR,
            share=1.0,
            units=np.ones(3),
            covariance=np.zeros((5, 5)),
            errors=residuals,
            deviations=np.hypot(_ERROR, uncertain_ms / self._measured_ms),
        )
        return Calibration(
            fit=fit, residuals=dict(zip(self._networks, residuals.tolist(), strict=True))
        )

    @cached_property
    def _all(self) -> _Prices:
        return self._fit(np.ones(len(self._costs), np.bool_))

    def _fit(self, chosen: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> _Prices:
        """Prices by some of the networks."""
        sums = np.array([costs.sum(axis=0) for costs in self._costs])[chosen]
        measured_ms = self._measured_ms[chosen]
        speed = float(np.median(measured_ms / (sums @ NOMINAL_KERNEL_PRICES)))
        prices, covariance = fit_posterior(
            sums,
            measured_ms,
            speed * NOMINAL_KERNEL_PRICES,
            prior=_prior(),
            errors=np.full(len(measured_ms), _ERROR),
        )
        return _Prices(prices=prices, covariance=covariance)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Prices:
    """Prices, ``(costs,)``, and the covariance of their logarithms."""

    prices: Array
    covariance: Array

    def estimate(self, costs: Array) -> tuple[Array, Array]:
        """Latencies in milliseconds and relative errors of operators, ``(operators,)`` each."""
        latencies_ms, errors = costs @ self.prices, np.zeros(len(costs))
        takes_time = latencies_ms > 0
        shared = shares(costs[takes_time], self.prices)
        variances = np.einsum("oi,ij,oj->o", shared, self.covariance, shared)
        # No price is known worse than before anything was measured; rounding may say so.
        errors[takes_time] = np.minimum(np.sqrt(variances), _SPREAD)
        return latencies_ms, errors


def _prior() -> Array:
    return _SPREAD**2 * np.eye(len(NOMINAL_KERNEL_PRICES))


def _nominal() -> _Prices:
    return _Prices(prices=NOMINAL_KERNEL_PRICES, covariance=_prior())


def network_families(networks: Sequence[Sequence[OpSpec]]) -> list[int]:
    """The number of each network's family: those linked by kernels that they have in common.

    Args:
        networks: Operators of each network.
    """
    kernels = [frozenset(_kernel(spec) for spec in specs) for specs in networks]
    numbers = list(range(len(kernels)))
    for place, mine in enumerate(kernels):
        for other in range(place):
            if len(mine & kernels[other]) >= _ALIKE * len(mine | kernels[other]):
                old, new = numbers[place], numbers[other]
                numbers = [new if number == old else number for number in numbers]
    return numbers


def _kernel(spec: OpSpec) -> Hashable:
    """What decides which kernel computes an operator, apart from its size."""
    sizes = {shape[2:] for shapes in spec.weights.values() for shape in shapes}
    attributes = spec.attributes
    return (
        *(spec.kind, frozenset(sizes), attributes.get("strides")),
        *(attributes.get("act_type"), attributes.get("groups", 1) != 1),
    )
