"""What missing orders are worth, drawn with their doubt."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from queries.order_tail import BEYOND, Tail, split

Floats = NDArray[np.float64]

DRAWS = 2000
SMALLEST_DISPERSION = 0.05
MODEL_WEIGHT = 2.0 / 3.0
SMALLEST_MEAN = 1e-6
SMALLEST_ORDER, SMALLEST_PART = 1e-290, 1e-12
"""An order of so little money, or so small a part of the largest, is one without: its logarithm says nothing."""
DAYS_A_MONTH = 365.25 / 12
SHORTEST_MONTH = 28
"""Money is given per month from so many days on; for a shorter period it is that of the period."""
CLOSABLE_GAP = 0.5
CLOSABLE_CHANGE = 1.0


@dataclass(frozen=True, slots=True)
class Estimate:
    """Hold a median with its interval."""

    low: float
    median: float
    high: float

    @classmethod
    def of(cls, draws: Floats, interval: float) -> "Estimate":
        """Summarise draws by their median and the equal-tailed interval."""
        tail = (1.0 - interval) / 2.0
        low, median, high = np.quantile(draws, [tail, 0.5, 1.0 - tail])
        return cls(float(low), float(median), float(high))

    def at_least(self, floor: float) -> "Estimate":
        """Return the same estimate cut off below."""
        return Estimate(max(self.low, floor), max(self.median, floor), max(self.high, floor))

    def times(self, share: float) -> "Estimate":
        """Return the same estimate multiplied by a share that is no less than 0."""
        return Estimate(self.low * share, self.median * share, self.high * share)

    def as_json(self) -> dict[str, float]:
        """Return `{"low", "median", "high"}`."""
        return {"low": self.low, "median": self.median, "high": self.high}


class OfDays:
    """Say money of so many `days` with sessions as that of a month where they are enough for one."""

    __slots__ = ()
    days: int | None

    def monthly(self, amount: float) -> float | None:
        """Return an amount of the shown period as that of a month; None under 28 days, which say little of a month."""
        return per_month(amount, self.days) if self.days and self.days >= SHORTEST_MONTH else None

    @property
    def period(self) -> str:
        """Return what amounts are for: "a month", "in 5 days" where that is no month, "in this period" if unknown."""
        if not self.days:
            return "in this period"
        return "a month" if self.days >= SHORTEST_MONTH else f"in {self.days} day{'s' if self.days > 1 else ''}"

    def in_period(self, estimate: Estimate) -> Estimate:
        """Return money of the shown days as money of `period`."""
        return estimate.times(self.monthly(1.0) or 1.0)


@dataclass(frozen=True, slots=True)
class Draws:
    """Hold draws of the ratio to expectation, the lost conversions and their revenue (draws)."""

    ratio: Floats
    lost: Floats
    revenue: Floats

    def times(self, share: float) -> "Draws":
        """Return the same draws with a share of what was lost; below 0 what was lost becomes a surplus."""
        return Draws(self.ratio, share * self.lost, share * self.revenue)


def draw_loss(
    conversions: float,
    expected: float,
    doubt: float,
    dispersion: float,
    order_values: Floats,
    rng: np.random.Generator,
) -> Draws:
    """Draw what a segment lost.

    `doubt` is the relative variance of `expected` from the fit, `dispersion` the tau of small real interactions,
    `order_values` draws of what a conversion in it is worth. The expectation is log-normal, the true mean of the
    conversions Gamma(C + 1): its noise must not be counted in both. Before looking each ratio is as likely as another;
    Jeffreys' Gamma(C + 1/2), whose prior has a pole at nought, takes the rows with few conversions, which a list picks
    because they are low, for lower than they are.
    """
    count = len(order_values)
    spread = np.sqrt(max(dispersion, SMALLEST_DISPERSION) ** 2 + doubt)
    should = expected * np.exp(rng.normal(0.0, spread, count))
    had = rng.gamma(conversions + 1.0, 1.0, count)
    lost = should - had
    return Draws(had / should, lost, lost * order_values)


def draw_order_values(orders: Floats, rng: np.random.Generator, draws: int = DRAWS) -> Floats:
    """Return draws of the mean order value, with the doubt of a heavy tail; zeros when there is no order.

    Orders are a body, whose mean is known up to its standard error, and a tail (`order_tail`). Each draw takes a tail
    that the orders allow, and makes two estimates:

    - the model's: share of body x its mean + share of tail x the tail's mean (Peng 2001, Statistics & Probability
      Letters 52; with a prior on the tail: Taddy, Lopes, Gardner 2016, arXiv:1602.08066);
    - the sample's: its mean x the model's mean / the mean of orders drawn anew from the model, a pivot on the log
      scale.

    The first is the sharper where the variance of the tail has no end, the second holds where the tail has another
    shape. Their quantiles are averaged on the log scale, two thirds the model's. Few orders beyond all others cannot
    tell their tail, so the interval is wide then; it ends, for no order is taken to be more than 30 times the largest
    seen. Where the tail index is 1 or less there is no true mean, and that end makes one.
    """
    orders = np.sort(np.asarray(orders, dtype=float))
    if not len(orders) or orders[-1] <= SMALLEST_ORDER:
        return np.zeros(draws)
    orders[orders < SMALLEST_PART * orders[-1]] = 0.0
    body, top = split(orders)
    inside = _drawn_mean(body, rng, draws)
    if not len(top):
        return inside
    tail, count, above = Tail.of(top), len(orders), len(top)
    pairs = tail.pairs(rng, draws)
    share, sampled = rng.beta(above + 0.5, len(body) + 0.5, draws), rng.binomial(count, above / count, draws) / count
    large = top[0] * tail.means(pairs)
    modelled = (1.0 - share) * inside + share * large
    true = (len(body) * body.mean() + above * large) / count
    anew = (1.0 - sampled) * inside + sampled * top[0] * tail.sampled(pairs, above, rng)
    pivot = np.clip(true / np.maximum(anew, SMALLEST_MEAN * true), 1.0 / BEYOND, BEYOND) * orders.mean()
    both = MODEL_WEIGHT * np.sort(np.log(modelled)) + (1.0 - MODEL_WEIGHT) * np.sort(np.log(pivot))
    return rng.permutation(np.exp(both))


def _drawn_mean(orders: Floats, rng: np.random.Generator, draws: int) -> Floats:
    """Draw the mean of orders that have no large ones, from a gamma distribution with their standard error."""
    mean, error = orders.mean(), orders.std(ddof=1) / np.sqrt(len(orders)) if len(orders) > 1 else 0.0
    if mean <= 0 or error <= 1e-9 * mean:
        return np.full(draws, max(mean, 0.0))
    return rng.gamma((mean / error) ** 2, error**2 / mean, draws)


def per_month(amount: float, days: float) -> float:
    """Return the amount of a period of so many days as that of an average month."""
    if days <= 0:
        raise ValueError(f"a period of {days} days has no month: give at least one day")
    return amount * DAYS_A_MONTH / days
