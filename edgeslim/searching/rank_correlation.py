"""How alike two orders of the same networks are."""

from __future__ import annotations

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
    """What two orders have in common; nan where one of them does not tell networks apart.

    Args:
        tau: Kendall's tau-b, from -1 to 1.
        interval: In which tau is with 95 % confidence, by resampling networks.
        rho: Spearman's.
    """

    tau: float
    interval: tuple[float, float]
    rho: float


def rank_correlation(
    truth: Sequence[float], estimate: Sequence[float], *, seed: int = 0
) -> RankCorrelation:
    """How alike an estimate's order is to the truth's.

    The interval is that of the percentile bootstrap (Efron, 1979,
    https://doi.org/10.1214/aos/1176344552): networks are drawn with replacement, and a
    resample that does not tell its networks apart is left out.

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
    """Kendall's tau-b: ``(agreeing pairs - others) / sqrt(pairs told by one * by the other)``.

    With ties on both sides, as of Kendall (1945, https://doi.org/10.1093/biomet/33.3.239).
    """
    return _cosine(*(np.sign(each[:, None] - each[None, :]) for each in (one, other)))


def spearman_rho(one: NDArray[Any], other: NDArray[Any]) -> float:
    """The linear correlation of the ranks; equals share the mean of theirs."""
    from scipy.stats import rankdata

    ranks = [rankdata(each) for each in (one, other)]
    return _cosine(*(each - each.mean() for each in ranks))


def _cosine(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    length = np.sqrt((one * one).sum() * (other * other).sum())
    return float((one * other).sum() / length) if length > 0 else float("nan")
