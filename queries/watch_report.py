"""What a watch says: silent leaks, each with its day, its verdict and what it costs, and what could have been seen."""

import datetime as dt
from dataclasses import dataclass
from typing import Any, Literal

from queries.gumbel import Gumbel
from queries.leak_report import Segment
from queries.leak_words import ends_of, values_of
from queries.odd_days import OddDay
from queries.revenue import Estimate
from queries.traffic import UNCHANGED, Traffic
from queries.watch_scan import WINDOW

FALSE_CHANCE = 0.10
YEAR = 365
"""The nights over which the register states its error."""
TECHNICAL = frozenset({"browser", "device_category", "operating_system"})
BROKEN, SHARP = 0.1, 3
"""A fall to less than a tenth within so many days, on technical values alone, looks like a break, not like a leak."""
Verdict = Literal["fell", "more visits"]


@dataclass(frozen=True, slots=True)
class SilentLeak:
    """Hold one segment that fell against its own past, from its onset to its recovery or the last day.

    `began` are the first and last day it may have begun on, up to the middle of a `slope` (orders that went over
    weeks); `found` the day whose data told it; `recovered` the first
    day on which it converts as before, None while it goes on. `sessions`, `conversions` and `expected` are those since
    the onset; `before` are (sessions, conversions) of the 28 days before. `lost` and `revenue` are what is missing
    since the onset, `monthly` the revenue of a month at the present rate of loss, None for one that recovered.
    `traffic` says whether orders are missing at all: where there are only more visits, nothing is lost and all three
    are None.
    """

    segment: Segment
    onset: dt.date
    began: tuple[dt.date, dt.date]
    found: dt.date
    recovered: dt.date | None
    last: dt.date
    sessions: int
    conversions: int
    expected: float
    before: tuple[int, int]
    ratio: float
    ratio_interval: tuple[float, float]
    lost: Estimate | None
    revenue: Estimate | None
    monthly: Estimate | None
    score: float
    traffic: Traffic = UNCHANGED
    slope: bool = False

    @property
    def verdict(self) -> Verdict:
        """Return whether orders fell, or more visits came that do not buy."""
        return "more visits" if self.traffic.more_visits else "fell"

    @property
    def delay(self) -> int:
        """Return how many days of it were there when it was found."""
        return (self.found - self.onset).days + 1

    @property
    def looks_broken(self) -> bool:
        """Say whether it looks like a tracking break or a broken page: nearly nothing left, at once, technical only."""
        sharp = (self.began[1] - self.began[0]).days < SHARP
        return self.verdict == "fell" and self.ratio < BROKEN and sharp and set(self.segment) <= TECHNICAL


@dataclass(frozen=True, slots=True)
class Watch:
    """Hold the silent leaks of a store up to a day: those that go on, recovered ones, more visits without a loss.

    Within these the largest sure loss comes first.

    `days` are those with sessions, `watched` the segments that are large enough to be dated; `left_out` the days that
    data checks call broken, `odd` those that say nothing of falls, though they are counted. `threshold` is the score of
    an alarm, `chance` that of any false one in all these days;
    `middle` and `scale` are those of the highest score where nothing falls (a Gumbel distribution).
    `drift` is by how much rates move by themselves in 28 days (standard deviation; 0.1 is 10 %), which is no fall.
    `smallest` are the falls (0.4 is 40 % less) of the largest and of the median segment that 28 days would show; None
    where not even a fall to nought would.
    """

    dimensions: tuple[str, ...]
    first: dt.date | None
    last: dt.date | None
    days: int
    sessions: int
    conversions: int
    watched: int
    too_small: int
    threshold: float
    drift: float
    chance: float
    interval: float
    smallest: tuple[float | None, float | None]
    rows: tuple[SilentLeak, ...] = ()
    left_out: tuple[dt.date, ...] = ()
    odd: tuple[OddDay, ...] = ()
    middle: float = 0.0
    scale: float = 1.0

    def chance_of(self, score: float) -> float:
        """Return the chance that all these days together reach such a score where nothing falls."""
        return Gumbel(self.middle, self.scale).chance(score)

    def chance_in_a_year(self, row: SilentLeak) -> float:
        """Return the chance that a year of nights, or all since the row was found, reach its score by chance.

        The score is the highest of windows that end on a day, so that it grows with the nights looked at alone.
        """
        nights = max(YEAR, (self.last - row.found).days) if self.last else YEAR
        return Gumbel(self.middle, self.scale).over(nights / self.nights).chance(row.score)

    @property
    def nights(self) -> int:
        """Return how many days were watched: those with sessions after the first 28."""
        return max(1, self.days - WINDOW)

    @property
    def enough_days(self) -> bool:
        """Say whether there are days before, and a day to watch."""
        return self.days > WINDOW


NOTHING = Watch((), None, None, 0, 0, 0, 0, 0, 0.0, 0.0, FALSE_CHANCE, 0.8, (None, None))


def watch_rows(report: Watch) -> list[dict[str, Any]]:
    """Return one flat row per silent leak for a spreadsheet; what is missing is that since the onset.

    `sessions_ratio` and `orders_ratio` are those of a day since the onset to a day before, over those of all others.
    """
    return [
        {
            "segment": values_of(row.segment),
            "verdict": row.verdict,
            "onset": row.onset,
            "onset_first": row.began[0],
            "onset_last": row.began[1],
            "slope": row.slope,
            "found": row.found,
            "recovered": row.recovered,
            "sessions": row.sessions,
            "conversions": row.conversions,
            "expected": row.expected,
            "ratio": row.ratio,
            "ratio_low": row.ratio_interval[0],
            "ratio_high": row.ratio_interval[1],
            "sessions_ratio": row.traffic.sessions,
            "orders_ratio": row.traffic.orders,
            **_ends("missing_conversions", row.lost),
            **_ends("missing_revenue", row.revenue),
            **_ends("missing_revenue_a_month", row.monthly),
            "score": row.score,
            "chance": report.chance_of(row.score),
        }
        for row in report.rows
    ]


def _ends(name: str, estimate: Estimate | None) -> dict[str, float | None]:
    return ends_of(name, estimate.as_json() if estimate else dict.fromkeys(("low", "median", "high")))
