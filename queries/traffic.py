"""More visits, not fewer orders: whether a rate fell because visits came that never buy, as those of bots."""

import math
from dataclasses import dataclass
from statistics import NormalDist

Counts = tuple[float, float]

HALF = 0.5
MORE, LEFT, ERRORS = 1.33, 0.6, 2.0
"""Over 1.33 times the visits with over .6 of the orders, these within 2 errors of those before, is no loss."""


MOVES = 0.1
"""By so much (standard deviation of the logarithm) orders move in some weeks because other people visit."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """Hold how the sessions and the orders of a segment changed at an onset, against those of all others.

    1 is no change: what the whole shop does, a season or a promotion, cancels out, and so does the number of days.
    `error` is the standard error of the logarithm of `orders`.
    """

    sessions: float
    orders: float
    error: float

    @classmethod
    def of(cls, before: Counts, since: Counts, others_before: Counts, others_since: Counts) -> "Traffic":
        """Compare the (sessions, conversions) of a segment before and since with those of all others on these days.

        Half a session and half a conversion are added to each, so that none is divided by nought.
        """
        visits, orders = (
            [pair[place] + HALF for pair in (since, before, others_before, others_since)] for place in (0, 1)
        )
        sessions, converted = (each[0] / each[1] * each[2] / each[3] for each in (visits, orders))
        return cls(sessions, converted, math.sqrt(sum(1.0 / count for count in orders)))

    @property
    def more_visits(self) -> bool:
        """Say whether there are many more visits and, as far as the counts can tell, no fewer orders."""
        held = self.orders > LEFT and math.log(self.orders) + ERRORS * math.hypot(self.error, MOVES) >= 0
        return self.sessions > MORE and held

    def usual(self, orders: float, interval: float) -> tuple[float, float, float]:
        """Return the orders that are usual beside so many: low end, middle, high end of an interval."""
        middle, reach = orders / self.orders, NormalDist().inv_cdf((1.0 + interval) / 2.0) * self.error
        return middle * math.exp(-reach), middle, middle * math.exp(reach)


UNCHANGED = Traffic(1.0, 1.0, 0.0)
