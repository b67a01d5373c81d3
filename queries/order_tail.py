"""The largest orders: how far they may go beyond those that were seen, and what they are worth in the mean.

The largest tenth of the orders is a tail above an edge: the logarithm y of an order over the edge has the hazard
rate (1 + 2 bend rate y), so the share of the tail above it is exp(-rate y - bend (rate y) ** 2). Without a bend that is
a Pareto tail, whose index is the rate (Hill 1975, Annals of Statistics 3); with one it falls as log-normal orders do.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SHARE, FEWEST, MOST = 0.1, 5, 60
USUAL_RATE, HEAVIER, LIGHTER = 1.5, 0.5, 2.0
"""Before looking: the most likely rate, and the standard deviations of its logarithm below and above it."""
STRAIGHT, USUAL_BEND = 0.7, 0.1
"""Before looking: the chance that the tail has no bend, and the mean of a bend (exponential)."""
BEYOND = 30.0
"""No order is more than so many times the largest seen: a tail of rate 1 or less has no mean without an end."""
RATES = np.geomspace(0.5, 1000.0, 80)
BENDS = np.array([0.0, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6])
NODES, WEIGHTS = (half / 2.0 for half in np.polynomial.legendre.leggauss(40))


def split(orders: Floats) -> tuple[Floats, Floats]:
    """Return sorted orders as the body and the tail above it: the largest tenth, at least 5 and at most 60.

    Orders as large as the largest of the body belong to the body, so equal orders have no tail.
    """
    count = int(min(max(SHARE * len(orders), FEWEST), MOST, len(orders) - 1))
    start = np.searchsorted(orders, max(orders[len(orders) - count - 1], 0.0), side="right")
    return orders[:start], orders[start:]


@dataclass(frozen=True, slots=True)
class Tail:
    """Hold how likely each pair of `rates` and `bends` is after looking, and the `end` of y.

    `rates`, `bends` and `chances` are one number per pair.
    """

    rates: Floats
    bends: Floats
    chances: Floats
    end: float

    @classmethod
    def of(cls, top: Floats) -> Self:
        """Look at a sorted tail. Its edge is its smallest order, which so says nothing itself.

        An edge below that would lie in a gap where a shop has few prices, and the gap would look like a heavy tail.
        """
        logs = np.log(top / top[0])
        rates, bends = (grid.ravel() for grid in np.meshgrid(RATES, BENDS, indexing="ij"))
        scaled = rates[:, None] * logs[1:]
        seen = np.log(rates[:, None] * (1.0 + 2.0 * bends[:, None] * scaled)) - scaled - bends[:, None] * scaled**2
        off = np.log(rates / USUAL_RATE)
        likely = seen.sum(axis=1) - 0.5 * (off / np.where(off < 0, HEAVIER, LIGHTER)) ** 2
        chances = np.exp(likely - likely.max()) * np.tile(_before(), len(RATES))
        end = float(logs[-1] + np.log(BEYOND))
        return cls(rates, bends, chances / chances.sum(), end)

    def pairs(self, rng: np.random.Generator, draws: int) -> NDArray[np.intp]:
        """Draw pairs of rate and bend, as their places."""
        chosen = np.searchsorted(np.cumsum(self.chances), rng.random(draws))
        return np.minimum(chosen, len(self.chances) - 1)

    def means(self, pairs: NDArray[np.intp]) -> Floats:
        """Return the mean order over the edge in the tail of each pair."""
        drawn, places = np.unique(pairs, return_inverse=True)
        return mean_over_edge(self.rates[drawn], self.bends[drawn], self.end)[places]

    def sampled(self, pairs: NDArray[np.intp], count: int, rng: np.random.Generator) -> Floats:
        """Draw so many orders from the tail of each pair, and return their mean over the edge."""
        spent = rng.standard_exponential((len(pairs), count), dtype=np.float32)
        bends = self.bends[pairs, None].astype(np.float32)
        logs = 2.0 * spent / (1.0 + np.sqrt(1.0 + 4.0 * bends * spent))
        logs /= self.rates[pairs, None].astype(np.float32)
        return np.exp(np.minimum(logs, np.float32(self.end))).mean(axis=1, dtype=float)


def mean_over_edge(rates: Floats, bends: Floats, end: float) -> Floats:
    """Return the mean order over the edge for each rate and bend, were the orders beyond the end to lie at the end.

    That is 1 + the integral of exp(y - rate y - bend (rate y) ** 2) from 0 to the end, by Gauss and Legendre on two
    parts: near the edge, where most of a steep tail is, and the rest. Without bend and end it is rate / (rate - 1).
    """
    near = np.minimum(end, 8.0 / rates)
    total = np.ones_like(rates)
    for first, last in ((np.zeros_like(rates), near), (near, np.full_like(rates, end))):
        logs = first[:, None] + (last - first)[:, None] * (NODES + 0.5)
        scaled = rates[:, None] * logs
        total += (last - first) * (np.exp(logs - scaled - bends[:, None] * scaled**2) @ WEIGHTS)
    return total


def _before() -> Floats:
    """Return how likely each bend is before looking."""
    chances = np.exp(-BENDS / USUAL_BEND) * np.gradient(BENDS)
    chances[0] = 0.0
    chances *= (1.0 - STRAIGHT) / chances.sum()
    chances[0] = STRAIGHT
    return chances
