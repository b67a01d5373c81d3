"""Periods: what can be chosen as days, what they can be compared with, and why not."""

import calendar
import datetime as dt
from collections.abc import Set
from dataclasses import dataclass

from dashboard.format import date_range, plural

OFF, PREVIOUS, YEAR, CUSTOM = "off", "previous", "year", "custom"
MODES = (PREVIOUS, YEAR, CUSTOM, OFF)
TITLES = {
    OFF: "No comparison",
    PREVIOUS: "Preceding period",
    YEAR: "Same weekdays a year before",
    CUSTOM: "Other days",
}
YEAR_BEFORE = dt.timedelta(days=364)
"""52 weeks: the same weekdays, so that a Sunday is compared with a Sunday."""


@dataclass(frozen=True, slots=True)
class Days:
    """Hold an inclusive range of days."""

    first: dt.date
    last: dt.date

    @property
    def length(self) -> int:
        """Return how many days there are, both ends counted."""
        return (self.last - self.first).days + 1

    @property
    def words(self) -> str:
        """Return the range as people write it: 5-7 Jul 2017."""
        return date_range(self.first, self.last)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Hold one way to compare: its days, or the reason why there are none."""

    mode: str
    days: Days | None
    reason: str = ""


def shown_days(first: dt.date | None, last: dt.date | None, store: Days) -> Days:
    """Return the days that are shown: those chosen, within the store's; outside it, as they are."""
    start, end = max(first or store.first, store.first), min(last or store.last, store.last)
    return Days(start, end) if start <= end else Days(first or store.first, last or store.last)


def comparison(mode: str, shown: Days, held: Set[dt.date], chosen: Days | None = None) -> Comparison:
    """Return the period that a mode compares with; without days and with the reason where the store holds none of it.

    `held` are the days with sessions. `chosen` are the days of mode "custom".
    """
    if mode == OFF:
        return Comparison(OFF, None)
    if mode == PREVIOUS:
        end = shown.first - dt.timedelta(days=1)
        days = Days(end - dt.timedelta(days=shown.length - 1), end)
    elif mode == YEAR:
        days = Days(shown.first - YEAR_BEFORE, shown.last - YEAR_BEFORE)
    elif chosen is None:
        return Comparison(CUSTOM, None, "choose its days")
    else:
        days = chosen
    if not any(days.first <= day <= days.last for day in held):
        earliest = min(held, default=None)
        no_earlier = earliest is not None and days.last < earliest
        return Comparison(mode, None, "no earlier data" if no_earlier else f"no data on {days.words}")
    return Comparison(mode, days)


def gaps(days: Days, held: Set[dt.date]) -> int:
    """Return how many days of a period the store does not hold."""
    return sum(days.first + dt.timedelta(days=number) not in held for number in range(days.length))


def missing_words(days: Days, held: Set[dt.date]) -> str:
    """Return what is missing in a period: "1 day missing"; empty when all its days are held."""
    missing = gaps(days, held)
    return f"{plural(missing, 'day')} missing" if missing else ""


def presets(store: Days) -> list[tuple[str, Days | None]]:
    """Return the ranges that one click chooses, counted back from the store's last day; None stands for all days."""
    found: list[tuple[str, Days | None]] = [("All days", None)]
    for length in (7, 28, 90, 365):
        if length < store.length:
            start = store.last - dt.timedelta(days=length - 1)
            found.append((f"Last {length} days", Days(start, store.last)))
    this = store.last.replace(day=1)
    before = this - dt.timedelta(days=1)
    for title, month in (("This month", this), ("Last month", before.replace(day=1))):
        end = month.replace(day=calendar.monthrange(month.year, month.month)[1])
        days = Days(max(month, store.first), min(end, store.last))
        if days.first <= days.last and days != store:
            found.append((title, days))
    return found
