"""Rank correlation of two scores of the same networks."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeslim.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["RankCorrelation", "kendall_tau", "rank_correlation", "spearman_rho"]

_RESAMPLES = 2000
_INTERVAL = (2.5, 97.5)
_FEWEST = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class RankCorrelation:
    """Rank correlation of two scores; nan where one of them is the same for all networks.

    Args:
        tau: Kendall's tau-b, from -1 to 1.
        interval: Lower and upper end of tau's 95 % interval, by resampling networks.
        rho: Spearman's rho, from -1 to 1.
    """

    tau: float
    interval: tuple[float, float]
    rho: float


def rank_correlation(
    truth: Sequence[float], estimate: Sequence[float], *, seed: int = 0
) -> RankCorrelation:
    """Rank correlation of an estimate with the truth.

    The interval is that of the percentile bootstrap (Efron, 1979,
    https://doi.org/10.1214/aos/1176344552): networks are drawn with replacement, and a
    resample in which one side is constant is left out.

    Raises:
        UsageError: Fewer than three networks, or not as many of one as of the other.
    """
    if len(truth) != len(estimate) or len(truth) < _FEWEST:
        raise UsageError(
            f"a rank correlation is of {_FEWEST} networks at least, and as many estimates; not of "
            f"{len(truth)} and {len(estimate)}"
        )
    one, other = np.asarray(truth, np.float64), np.asarray(estimate, np.float64)
    drawn = np.random.default_rng(seed).integers(0, one.size, (_RESAMPLES, one.size))
    taus = np.array([kendall_tau(one[places], other[places]) for places in drawn])
    known = taus[np.isfinite(taus)]
    low, high = np.percentile(known, _INTERVAL) if known.size else (np.nan, np.nan)
    return RankCorrelation(
        tau=kendall_tau(one, other),
        interval=(float(low), float(high)),
        rho=spearman_rho(one, other),
    )


def kendall_tau(one: NDArray[Any], other: NDArray[Any]) -> float:
    """Kendall's tau-b, which allows for ties on both sides; nan where one side is constant."""
    from scipy import stats  # slow to import

    return float(stats.kendalltau(one, other).statistic)


def spearman_rho(one: NDArray[Any], other: NDArray[Any]) -> float:
    """Spearman's rho, tied values sharing their mean rank; nan where one side is constant."""
    from scipy import stats

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", stats.ConstantInputWarning)
        return float(stats.spearmanr(one, other).statistic)
