"""Fits a `NetworkModel` to measured networks: Bayesian regression, in closed form.

Relative errors are taken as normal, and so is what is known of a device's numbers before: each
form of the model has a standard deviation for each of them. Besides, a fit has four
*hyperparameters*: the form, the reuse distance, the noise scale of a network, and how much of the
errors of interpolated operators shows in networks. Those of the greatest posterior probability
are taken (Rasmussen and Williams, *Gaussian Processes for Machine Learning*, 2006, section 5.4; a
linear model is such a process, section 2.1). By the chain rule, the evidence without one network
is the whole evidence over the density at that network (equations 5.10 to 5.12). So each network
is predicted by the fit that the others alone would have chosen, and no fit is repeated.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgeslim.prediction.conformal import conformal_quantile
from edgeslim.prediction.network_features import Array, NetworkFeatures
from edgeslim.prediction.network_model import DEFAULT_MODEL, NetworkModel, totals_at

__all__ = ["ALIKE", "FORMS", "Form", "NetworkFit", "fit_networks"]

_FACTORS = np.geomspace(0.1, 8.0, 40)
_FACTOR_SPREAD = math.log(2)
"""Standard deviation of the logarithm of the reuse distance, around the default."""

_NOISES = np.geomspace(0.005, 0.16, 11)
_NOISE, _NOISE_SPREAD = math.log(0.015), 0.8
"""Prior of the logarithm of a network's own relative error."""

_SHARES = np.array([0.03, 0.1, 0.25, 0.5, 1.0, 2.0])
_SHARE_SPREAD = 1.0
"""Standard deviation of the logarithm of the share of interpolated operators' variance."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """What is known of a device's numbers before any of its networks was measured.

    Args:
        name: Name of the form, for reports.
        probability: Probability that a device is of this form.
        spreads: Standard deviations, ``(5,)``: of the scale, of the cold scale, of the share of a
            network's time that its bytes take, of the overhead over an operator's mean time, and
            of a run's own time over that of the fastest network; 0 for what the form lacks.
    """

    name: str
    probability: float
    spreads: tuple[float, float, float, float, float]


FORMS = (
    Form(name="operators and bytes", probability=0.2, spreads=(0.10, 0.05, 0.33, 0.002, 0.0)),
    Form(name="operators", probability=0.4, spreads=(0.15, 0.05, 0.02, 0.01, 0.0)),
    Form(name="operators and a run", probability=0.4, spreads=(0.15, 0.05, 0.02, 0.01, 0.3)),
)
"""Processors that call one operator after the other, and runtimes that start, queue or
synchronise each run at a cost of its own: 0.6 to 3.8 ms on some phones."""

ALIKE = Form(name="as on another device", probability=0.5, spreads=(0.05, 0.05, 0.02, 0.005, 0.0))
"""A device on which networks follow from operators nearly as on another one that is known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworkFit:
    """A model with what is known of it afterwards.

    Args:
        model: The model of the greatest posterior probability.
        form: The form that the model has.
        noise: Relative error of a network by itself, as a standard deviation.
        share: Share of the variance by interpolated operators that networks show.
        units: Milliseconds that the last three numbers are multiples of, ``(3,)``.
        covariance: Covariance of the model's numbers, ``(5, 5)``.
        errors: Relative error of each network's prediction by a fit on the others,
            ``(networks,)``, above 0 where too much is predicted.
        deviations: Standard deviation that each of these errors is expected to have by this fit's
            noise scale and share, as those of networks not seen before are.
    """

    model: NetworkModel
    form: Form
    noise: float
    share: float
    units: Array
    covariance: Array
    errors: Array
    deviations: Array

    def deviations_ms(self, networks: NetworkFeatures) -> Array:
        """Standard deviations of predictions of networks not seen before, ``(networks,)``.

        They are larger for networks that are unlike those of the fit.
        """
        columns = _columns(networks, self.model.distance_factor, self.units)
        variances = np.einsum("ni,ij,nj->n", columns, self.covariance, columns)
        variances += (self.noise * self.model.latencies_ms(networks)) ** 2
        variances += self.share * networks.uncertainty_ms**2
        deviations: Array = np.sqrt(variances)
        return deviations

    def quantile(self, confidence: float) -> float:
        """How many of its standard deviations a prediction is off at most, with some confidence."""
        return conformal_quantile(self.errors, self.deviations, confidence)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Noise:
    """Every noise scale and share that is tried, ``(pairs,)``.

    Args:
        noises: Relative errors of a network by itself.
        shares: Shares of the variance by interpolated operators.
        variances: Variance of each network's relative error, ``(pairs, networks)``.
        log_priors: Logarithms of their prior densities.
    """

    noises: Array
    shares: Array
    variances: Array
    log_priors: Array

    @staticmethod
    def of(uncertainty: Array) -> _Noise:
        """Those that matter for networks of some relative uncertainty by their operators."""
        shares = _SHARES if uncertainty.any() else np.ones(1)
        noises, shares = (axis.ravel() for axis in np.meshgrid(_NOISES, shares))
        log_priors = -(((np.log(noises) - _NOISE) / _NOISE_SPREAD) ** 2) / 2
        log_priors -= (np.log(shares) / _SHARE_SPREAD) ** 2 / 2
        own, operators = np.square(noises), np.multiply.outer(shares, np.square(uncertainty))
        return _Noise(
            noises=noises,
            shares=shares,
            variances=own[:, None] + operators,
            log_priors=log_priors,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Candidates:
    """Fits of one form and reuse distance, one for each noise scale and share.

    Args:
        form: Form of the model.
        factor: Reuse distance over touched bytes.
        log_posteriors: Logarithms of their posterior probabilities, up to a constant, ``(pairs,)``.
        numbers: The model's numbers, ``(pairs, 5)``.
        covariances: Covariances of these, ``(pairs, 5, 5)``.
        errors: Errors of networks that are left out, ``(pairs, networks)``.
        deviations: Their expected standard deviations, ``(pairs, networks)``.
    """

    form: Form
    factor: float
    log_posteriors: Array
    numbers: Array
    covariances: Array
    errors: Array
    deviations: Array

    @property
    def log_densities(self) -> Array:
        """Logarithm of the density at each network that is left out, ``(pairs, networks)``."""
        found: Array = -((self.errors / self.deviations) ** 2) / 2 - np.log(self.deviations)
        return found


def fit_networks(
    networks: NetworkFeatures,
    measured_ms: Array,
    *,
    others: Sequence[NetworkModel] = (),
) -> NetworkFit:
    """Fits the model of a device to its networks.

    Args:
        networks: Features of measured networks, of which there are three or more.
        measured_ms: Their latencies in milliseconds, ``(networks,)``.
        others: Models of other devices, in this device's milliseconds, that it may be like.
    """
    units = np.array(
        [
            np.mean(measured_ms / networks.touched_bytes),
            np.mean(measured_ms / networks.counts),
            np.min(measured_ms),
        ]
    )
    noise = _Noise.of(networks.uncertainty_ms / measured_ms)
    candidates = [
        _fit(form, factor, columns / measured_ms[:, None], noise, _Centre.of(model, units))
        for factor in _FACTORS.tolist()
        for columns in [_columns(networks, factor, units)]
        for form, model in [
            *((form, DEFAULT_MODEL) for form in FORMS),
            *((ALIKE, model) for model in others),
        ]
    ]
    posteriors = np.array([candidate.log_posteriors for candidate in candidates])
    place, pair = np.unravel_index(posteriors.argmax(), posteriors.shape)
    best = candidates[place]
    scale, cold_scale, *multiples = best.numbers[pair].tolist()
    byte_ms, overhead_ms, run_ms = (units * multiples).tolist()
    return NetworkFit(
        model=NetworkModel(
            distance_factor=best.factor,
            scale=scale,
            cold_scale=cold_scale,
            byte_ms=byte_ms,
            overhead_ms=overhead_ms,
            run_ms=run_ms,
        ),
        form=best.form,
        noise=float(noise.noises[pair]),
        share=float(noise.shares[pair]),
        units=units,
        covariance=best.covariances[pair],
        errors=_errors_by_others(candidates, posteriors),
        deviations=best.deviations[pair],
    )


def _columns(networks: NetworkFeatures, factor: float, units: Array) -> Array:
    """Milliseconds of a network for one of each of the model's numbers, ``(networks, 5)``."""
    hot = networks.totals_ms[:, 0]
    cold = totals_at(networks, factor * networks.touched_bytes) - hot
    others = np.column_stack([networks.touched_bytes, networks.counts, np.ones(len(hot))])
    return np.column_stack([hot, cold, others * units])


@dataclass(frozen=True, kw_only=True, slots=True)
class _Centre:
    """The model that another one is expected near to.

    Args:
        factor: Reuse distance over touched bytes.
        numbers: The model's numbers, in multiples of the units, ``(5,)``.
    """

    factor: float
    numbers: Array

    @staticmethod
    def of(model: NetworkModel, units: Array) -> _Centre:
        others = np.array([model.byte_ms, model.overhead_ms, model.run_ms]) / units
        return _Centre(
            factor=model.distance_factor,
            numbers=np.array([model.scale, model.cold_scale, *others]),
        )


def _fit(form: Form, factor: float, columns: Array, noise: _Noise, centre: _Centre) -> _Candidates:
    """Fits of the relative errors: ``columns @ numbers`` is 1, but for the noise."""
    spreads = np.array(form.spreads)
    own = columns * spreads  # in standard deviations of the prior
    wanted = 1.0 - columns @ centre.numbers
    precisions = 1.0 / noise.variances
    curvatures = np.einsum("ni,pn,nj->pij", own, precisions, own) + np.eye(spreads.size)
    covariances: Array = np.linalg.inv(curvatures)
    numbers = np.einsum("pij,nj,pn,n->pi", covariances, own, precisions, wanted)
    residuals = wanted - numbers @ own.T
    leverages = np.einsum("ni,pij,nj->pn", own, covariances, own) * precisions
    evidence = (residuals * wanted * precisions + np.log(noise.variances)).sum(axis=1)
    evidence += np.linalg.slogdet(curvatures)[1]
    prior = math.log(form.probability)
    prior -= (math.log(factor / centre.factor) / _FACTOR_SPREAD) ** 2 / 2
    moved: Array = numbers * spreads
    covariances *= np.outer(spreads, spreads)
    return _Candidates(
        form=form,
        factor=factor,
        log_posteriors=noise.log_priors + prior - evidence / 2 + _log_positive(moved, covariances),
        numbers=centre.numbers + moved,
        covariances=covariances,
        errors=-residuals / (1.0 - leverages),
        deviations=np.sqrt(noise.variances / (1.0 - leverages)),
    )


def _log_positive(numbers: Array, covariances: Array) -> Array:
    """Logarithm of what it adds to the evidence that no run takes less than no time, ``(pairs,)``.

    The prior of a run's time is half a normal distribution, twice as dense. Where the whole one
    would end below 0, the form without it is taken.
    """
    from scipy.stats import norm

    run, deviation = numbers[:, -1], np.sqrt(covariances[:, -1, -1])
    if not deviation.any():
        return np.zeros(len(run))
    known: Array = np.where(run < 0, -np.inf, math.log(2) + norm.logcdf(run / deviation))
    return known


def _errors_by_others(candidates: Sequence[_Candidates], posteriors: Array) -> Array:
    """Error of each network by the fit that the others alone would choose, ``(networks,)``."""
    densities = np.concatenate([candidate.log_densities for candidate in candidates])
    errors = np.concatenate([candidate.errors for candidate in candidates])
    chosen = (posteriors.reshape(-1, 1) - densities).argmax(axis=0)
    found: Array = errors[chosen, np.arange(errors.shape[1])]
    return found
