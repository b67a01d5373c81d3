"""What is usual of a segment that drifts: its ratio to main effects walks, and the recent past says most about today.

Local level model (Durbin, Koopman 2012): the logarithm of the ratio walks with variance q a day. Its level is an
exponentially weighted mean, with the gain of the steady state; where q is 0 every day of the base counts alike.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from queries.null import MEDIAN_CHI_SQUARE

Floats = NDArray[np.float64]

WALKED = 0.6
"""So much of q L / 3, the variance of the mean of a walk over L days, widens a window (measured on invented shops)."""
LARGEST_WALK = 0.05


def walked(walk: Floats, days: Floats | int) -> Floats:
    """Return the variance of the logarithm of a ratio over so many days since it was known, by its walk alone."""
    return WALKED * walk * days / 3.0


def kept_a_day(walk: Floats, due: Floats) -> Floats:
    """Return the share of what is known of the level that the next day leaves, in the steady state (segments).

    `due` are conversions a day. Of A known conversions A / (1 + q A) are left a day later: A = A / (1 + q A) + due.
    """
    known = np.divide(
        due * walk + np.sqrt((due * walk) ** 2 + 4.0 * due * walk), 2.0 * walk, out=np.zeros_like(walk), where=walk > 0
    )
    return 1.0 / (1.0 + walk * known)


def weighted_sums(days: Floats, kept: Floats, base: int) -> Floats:
    """Return the sum before each day of those before it, weighted by kept ** age, of so many days at most.

    (segments x days) in, (segments x days + 1) out.
    """
    sums, last = np.zeros((days.shape[0], days.shape[1] + 1)), kept**base
    for day in range(days.shape[1]):
        sums[:, day + 1] = kept * sums[:, day] + days[:, day]
        if day >= base:
            sums[:, day + 1] -= last * days[:, day - base]
    return sums


def walk_of(rises: Floats, noise: Floats, walks: Floats, weights: Floats) -> float:
    """Return q at which the weighted median of rises^2 / (noise + q walks) is that of a chi-square; 0 if it is below.

    `noise` is the variance of each rise by chance, `walks` what a walk of variance 1 a day would add.
    """

    def excess(walk: float) -> float:
        return weighted_median(rises**2 / (noise + walk * walks), weights) - MEDIAN_CHI_SQUARE

    if not len(rises) or excess(0.0) <= 0:
        return 0.0
    return float(brentq(excess, 0.0, LARGEST_WALK, xtol=1e-7)) if excess(LARGEST_WALK) < 0 else LARGEST_WALK


def weighted_median(values: Floats, weights: Floats) -> float:
    """Return the value below which half of the weight lies."""
    order = np.argsort(values)
    summed = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(summed, summed[-1] / 2.0)])
