"""How far a prediction is off at most, from the errors of networks that a fit has not seen."""

from __future__ import annotations

import math

import numpy as np

from edgeslim.prediction.network_features import Array

__all__ = ["conformal_quantile"]

_EXPECTED = 2
"""How many networks the expected size of errors counts for."""


def conformal_quantile(errors: Array, deviations: Array, confidence: float) -> float:
    """How many of its standard deviations a prediction is off at most, with some confidence.

    Split conformal prediction (Vovk, Gammerman and Shafer, *Algorithmic Learning in a Random
    World*, 2005, section 4.1): the rank of the errors that left-out networks had, over the
    expected ones, below which a further network's is with that probability, whatever their
    distribution. Of ``n`` networks none is so rare that it shows more than ``n / (n + 1)``;
    beyond that it is Student's t, scaled to the errors.

    Args:
        errors: Error of each network by a fit on the others, ``(networks,)``.
        deviations: Standard deviation that each error was expected to have, ``(networks,)``.
        confidence: Probability that a further network is within, such as 0.9.
    """
    from scipy.stats import t

    scores = np.sort(np.abs(errors / deviations))
    count = len(scores)
    rank = math.ceil(confidence * (count + 1))
    if rank <= count:
        return float(scores[rank - 1]) if rank else 0.0
    scale = math.sqrt((float(np.sum(scores**2)) + _EXPECTED) / (count + _EXPECTED))
    return max(float(scores[-1]), scale * float(t.ppf(0.5 + confidence / 2, count - 1)))
