"""Since when: whether a rate changed once within a series of periods, and at which of them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from queries.changes import Counts

WEEK = 7
CHANCE = 0.05
WITHIN = 2.0
"""The places whose log-likelihood is no more than this below the best one are those that the change may have; more
where the periods are restless."""


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """Hold one change: the place of the first period after it, the first and last place it may have, both sums.

    `before` and `after` are (sessions, converted); `p` is the chance of so large a change where there is none.
    """

    place: int
    first: int
    last: int
    before: Counts
    after: Counts
    p: float


def change_point(counts: Sequence[Counts], chance: float = CHANCE) -> ChangePoint | None:
    """Return the one change of the rate that is more than chance, or None; `counts` are (sessions, converted) in order.

    The test is the largest cumulative sum of converted less due sessions, a Brownian bridge when nothing changes
    (Page 1954; its limit is Kolmogorov's distribution), on the scale of the spread between periods a week apart, so
    that neither weekdays nor restless days are taken for a change. The place is that of the largest likelihood.
    """
    held = np.array(counts, dtype=float).reshape(-1, 2)
    total, converted = held.sum(axis=0)
    if len(held) < 2 or not 0 < converted < total:
        return None
    rate = converted / total
    sums = np.cumsum(held, axis=0)[:-1]
    restless = _dispersion(held, rate)
    scale = math.sqrt(total * rate * (1 - rate) * restless)
    from scipy.special import kolmogorov  # a tenth of a second, which who only draws a trend need not wait for

    p = float(kolmogorov(np.abs(sums[:, 1] - rate * sums[:, 0]).max() / scale))
    if p >= chance:
        return None
    gains = _likelihood(sums) + _likelihood(held.sum(axis=0) - sums)
    best = int(np.argmax(gains))
    near = np.nonzero(gains >= gains[best] - WITHIN * restless)[0]
    before, after = sums[best].tolist(), (held.sum(axis=0) - sums[best]).tolist()
    return ChangePoint(best + 1, int(near[0]) + 1, int(near[-1]) + 1, tuple(before), tuple(after), p)


def _dispersion(held: np.ndarray, rate: float) -> float:
    """Return how much further periods a week apart differ than chance makes them; no less than 1."""
    apart = WEEK if len(held) >= 2 * WEEK else 1
    first, second = held[:-apart], held[apart:]
    both = (first[:, 0] > 0) & (second[:, 0] > 0)
    if not both.any():
        return 1.0
    differences = second[both, 1] / second[both, 0] - first[both, 1] / first[both, 0]
    spread = rate * (1 - rate) * (1 / first[both, 0] + 1 / second[both, 0])
    return max(1.0, float(np.average(differences**2 / spread, weights=1 / spread)))


def _likelihood(sums: np.ndarray) -> np.ndarray:
    """Return the log-likelihood of one rate over each sum of (sessions, converted), at its best."""
    sessions, converted = sums.T
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = converted * np.log(converted / sessions), (sessions - converted) * np.log(1 - converted / sessions)
    return sum(np.nan_to_num(part, nan=0.0) for part in parts)
