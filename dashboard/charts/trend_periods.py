"""Days, weeks and months of the trend: what each counts, whether it is complete, and where a compared one stands."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass

from dashboard.charts.words import Row
from dashboard.format import count, day, month_name
from dashboard.periods import Days
from queries.statistics import wilson_interval

DAY = 86_400_000
"""A day on Bokeh's axes, in milliseconds."""
EPOCH = dt.date(1970, 1, 1)
DAILY, WEEKLY, MONTHLY = "Day", "Week", "Month"
UNITS = (DAILY, WEEKLY, MONTHLY)
MOST_BESIDE = 31


@dataclass(frozen=True, slots=True)
class Period:
    """Hold one day, week (from Monday) or month: its days, those that an export holds, and what they count.

    `asked` are those of its days that are asked about, `blank` says why nothing is shown of one of which nothing is.
    """

    unit: str
    first: dt.date
    last: dt.date
    held: int
    sessions: int
    conversions: int
    revenue: float
    asked: Days
    blank: str = "no export"

    @property
    def is_gap(self) -> bool:
        """Say whether nothing is shown of any day of it."""
        return not self.held

    @property
    def is_complete(self) -> bool:
        """Say whether every day of it is asked about and held."""
        return self.held == (self.last - self.first).days + 1

    @property
    def rate(self) -> float | None:
        """Return converted sessions / sessions; None without sessions."""
        return self.conversions / self.sessions if self.sessions else None

    @property
    def interval(self) -> tuple[float | None, float | None]:
        """Return the 95 % Wilson interval of the rate."""
        return wilson_interval(self.conversions, self.sessions)

    @property
    def x(self) -> float:
        """Return its middle on a Bokeh axis: noon is 0, so that a day stands at its own date."""
        return (moment(self.first) + moment(self.last)) / 2

    @property
    def width(self) -> float:
        """Return its length on a Bokeh axis."""
        return moment(self.last) - moment(self.first) + DAY

    @property
    def name(self) -> str:
        """Return it in words: 6 Jul, the week of 3 Jul, Jul 2017."""
        if self.unit == WEEKLY:
            return f"the week of {day(self.first)}"
        return month_name(self.first) if self.unit == MONTHLY else day(self.first)


def moment(date: dt.date) -> float:
    """Return a day as Bokeh's axis has it: milliseconds since 1970."""
    return float((date - EPOCH).days * DAY)


def _day_of(date: dt.date) -> tuple[dt.date, dt.date]:
    return date, date


def _week_of(date: dt.date) -> tuple[dt.date, dt.date]:
    monday = date - dt.timedelta(days=date.weekday())
    return monday, monday + dt.timedelta(days=6)


def _month_of(date: dt.date) -> tuple[dt.date, dt.date]:
    first = date.replace(day=1)
    return first, (first + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)


EXTENTS: Mapping[str, Callable[[dt.date], tuple[dt.date, dt.date]]] = {
    DAILY: _day_of,
    WEEKLY: _week_of,
    MONTHLY: _month_of,
}


def periods_of(
    rows: Sequence[Row], days: Sequence[dt.date], blank: Set[dt.date], unit: str, why: Callable[..., str] | None = None
) -> list[Period]:
    """Return the periods that the days fall into, in order; `blank` are the days of which nothing is shown, `why`."""
    by_day = {row["session_date"]: row for row in rows}
    grouped: dict[tuple[dt.date, dt.date], list[dt.date]] = {}
    for date in days:
        grouped.setdefault(EXTENTS[unit](date), []).append(date)
    found = []
    for (first, last), inside in grouped.items():
        counted = [by_day[date] for date in inside if date in by_day]
        found.append(
            Period(
                unit,
                first,
                last,
                sum(date not in blank for date in inside),
                sum(row["sessions"] for row in counted),
                sum(row["conversions"] for row in counted),
                sum(row["revenue"] or 0 for row in counted),
                Days(inside[0], inside[-1]),
                *([why(inside)] if why else []),
            )
        )
    return found


def stand_beside(before: Sequence[Period], shown: Sequence[Period]) -> bool:
    """Say whether compared periods stand before the shown ones on the same axis: they touch, and all are few."""
    if not before or not shown or len(before) + len(shown) > MOST_BESIDE:
        return False
    return before[-1].last < shown[0].first <= before[-1].last + dt.timedelta(days=1)


def places_of(before: Sequence[Period], shown: Sequence[Period]) -> list[float]:
    """Return where compared periods stand: beside the shown ones, or laid under them.

    Days are laid under days of the same weekday; weeks and months in their order.
    """
    if stand_beside(before, shown):
        return [period.x for period in before]
    if before[0].unit != DAILY:
        under = [period.x for period in shown]
        return [under[place] if place < len(under) else float("nan") for place in range(len(before))]
    distance = (shown[0].first - before[0].first).days
    weeks = -(-distance // 7) if distance > 0 else distance // 7
    return [period.x + weeks * 7 * DAY for period in before]


def incomplete_words(periods: Sequence[Period]) -> str:
    """Return how many weeks or months lack days: "2 of 5 weeks lack days"; empty when none does."""
    lacking = sum(not period.is_complete for period in periods if not period.is_gap)
    if not lacking or periods[0].unit == DAILY:
        return ""
    noun = periods[0].unit.lower()
    verb = "lacks" if lacking == 1 else "lack"
    return f"{count(lacking)} of {count(len(periods))} {noun}s {verb} days: hollow, hatched."
