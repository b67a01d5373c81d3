"""What chance alone does to a segment: a negative binomial whose dispersion is read from the segments themselves."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, betaincc, gammainc, gammaincc

Floats = NDArray[np.float64]
Tail = Callable[..., Floats]

MEDIAN_CHI_SQUARE = 0.4549364
SMALLEST_DISPERSION = 1e-3
LARGEST_DISPERSION = 2.0
ENOUGH_SEGMENTS = 30
SMALLEST_COUNT = 1e-9


def dispersion(observed: Floats, expected: Floats) -> float:
    """Return tau: real small interactions widen a segment's variance from m to m + tau^2 m^2.

    It is the value at which the weighted median (weights m / (m + 20)) of (x - m)^2 / (m + tau^2 m^2) over the
    segments above expectation is that of a chi-square: leaks sit below. 0 when chance alone explains the spread.
    """
    above = observed > expected
    excess, mean = (observed - expected)[above] ** 2, expected[above]
    if not len(mean):
        return 0.0
    weights = mean / (mean + 20.0)

    def median(tau: float) -> float:
        ratios = excess / (mean + (tau * mean) ** 2)
        order = np.argsort(ratios)
        shares = np.cumsum(weights[order])
        return float(ratios[order][np.searchsorted(shares, shares[-1] / 2)])

    if median(0.0) <= MEDIAN_CHI_SQUARE:
        return 0.0
    low, high = 0.0, LARGEST_DISPERSION
    for _ in range(24):
        middle = (low + high) / 2
        low, high = (middle, high) if median(middle) > MEDIAN_CHI_SQUARE else (low, middle)
    return (low + high) / 2


def dispersions(observed: Floats, expected: Floats, orders: NDArray[np.integer]) -> dict[int, float]:
    """Return tau for each order of segments; an order with few segments borrows the value of all of them."""
    together = dispersion(observed, expected)
    found = {}
    for order in np.unique(orders):
        inside = orders == order
        enough = np.count_nonzero(inside) >= ENOUGH_SEGMENTS
        found[int(order)] = dispersion(observed[inside], expected[inside]) if enough else together
    return found


def lower_p(observed: Floats, expected: Floats, tau: Floats) -> Floats:
    """Return the lower mid-p of each segment: the chance of fewer plus half that of as many, under the null."""
    return _mid_p(gammaincc, betainc, observed, expected, tau)


def upper_p(observed: Floats, expected: Floats, tau: Floats) -> Floats:
    """Return the upper mid-p of each segment: the chance of more plus half that of as many, under the null."""
    return _mid_p(gammainc, betaincc, observed, expected, tau)


def _mid_p(poisson: Tail, spread: Tail, observed: Floats, expected: Floats, tau: Floats) -> Floats:
    """Return the mean of the tails at the count and at one more; Poisson's where there is no dispersion."""
    fewer, more = np.maximum(observed, SMALLEST_COUNT), observed + 1.0
    p, plain = np.empty(len(observed)), tau < SMALLEST_DISPERSION
    p[plain] = (poisson(fewer[plain], expected[plain]) + poisson(more[plain], expected[plain])) / 2
    mean, variance = expected[~plain], tau[~plain] ** 2
    size, share = 1.0 / variance, 1.0 / (1.0 + variance * mean)
    p[~plain] = (spread(size, fewer[~plain], share) + spread(size, more[~plain], share)) / 2
    return p


def rejected(p: Floats, rate: float) -> NDArray[np.bool_]:
    """Say which hypotheses the step-up rule rejects at that false discovery rate (Benjamini, Hochberg 1995)."""
    count = len(p)
    if not count:
        return np.zeros(0, dtype=bool)
    ordered = np.sort(p)
    passing = np.nonzero(ordered <= rate * np.arange(1, count + 1) / count)[0]
    return p <= ordered[passing[-1]] if len(passing) else np.zeros(count, dtype=bool)


def deviance(observed: Floats, expected: Floats) -> Floats:
    """Return twice the Poisson log-likelihood ratio of the observed count against its expectation."""
    logs = np.log(np.maximum(observed, 1e-12) / expected)
    return 2.0 * (np.where(observed > 0, observed * logs, 0.0) - (observed - expected))
