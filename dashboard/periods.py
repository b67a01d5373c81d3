"""Periods: what can be chosen as days, what they can be compared with, and why not."""

import calendar
import datetime as dt
import re
from collections.abc import Set
from dataclasses import dataclass

from dashboard.format import date_range, month_name, plural

OFF, PREVIOUS, MONTH, YEAR, CUSTOM = "off", "previous", "month", "year", "custom"
MODES = (PREVIOUS, MONTH, YEAR, CUSTOM, OFF)
TITLES = {
    OFF: "No comparison",
    PREVIOUS: "Preceding period",
    MONTH: "The month before",
    YEAR: "Same weekdays a year before",
    CUSTOM: "Other days",
}
MONTHS = ("this-month", "last-month")
_LAST = re.compile(r"last-([1-9]\d{0,3})", re.ASCII)
WHOLE_MONTHS = "only for whole months"
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
    def months(self) -> int:
        """Return how many calendar months these are; 0 where one of them is not whole."""
        whole = self.first.day == 1 and self.last.day == calendar.monthrange(self.last.year, self.last.month)[1]
        return 12 * (self.last.year - self.first.year) + self.last.month - self.first.month + 1 if whole else 0

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
    """Return the period that a mode compares with; without days and with the reason where the store holds too few.

    Mode "month" compares whole calendar months with as many before them. `held` are the days with sessions: none is
    too few, and less than half unless a person chose the days, which are `chosen` in mode "custom".
    """
    if mode == OFF:
        return Comparison(OFF, None)
    if mode == CUSTOM and chosen is None:
        return Comparison(CUSTOM, None, "choose its days")
    if mode == MONTH and not shown.months:
        return Comparison(MONTH, None, WHOLE_MONTHS)
    try:
        days = within(chosen, held) if mode == CUSTOM and chosen else _before(mode, shown)
    except (OverflowError, ValueError):
        return Comparison(mode, None, "no earlier data")
    if not any(days.first <= day <= days.last for day in held):
        earliest = min(held, default=None)
        no_earlier = earliest is not None and days.last < earliest
        return Comparison(mode, None, "no earlier data" if no_earlier else f"no data on {days.words}")
    missing = gaps(days, held)
    if mode != CUSTOM and 2 * missing > days.length:
        known = days.length - missing
        return Comparison(mode, None, f"data on only {known} of {days.length} days")
    return Comparison(mode, days)


def within(days: Days, held: Set[dt.date]) -> Days:
    """Return those of some days that lie between the first and the last held one; all of them where none does."""
    first, last = max(days.first, min(held, default=days.first)), min(days.last, max(held, default=days.last))
    return Days(first, last) if first <= last else days


def _before(mode: str, shown: Days) -> Days:
    """Return the days before those shown; raises OverflowError or ValueError where the calendar does not reach."""
    end = shown.first - dt.timedelta(days=1)
    if mode == MONTH:
        year, month = divmod(12 * shown.first.year + shown.first.month - 1 - shown.months, 12)
        return Days(dt.date(year, month + 1, 1), end)
    if mode == YEAR:
        return Days(shown.first - YEAR_BEFORE, shown.last - YEAR_BEFORE)
    return Days(end - dt.timedelta(days=shown.length - 1), end)


def mode_title(mode: str, shown: Days) -> str:
    """Return what the menu calls a way to compare: The month before, or The 3 months before for so many."""
    return f"The {shown.months} months before" if mode == MONTH and shown.months > 1 else TITLES[mode]


def gaps(days: Days, held: Set[dt.date]) -> int:
    """Return how many days of a period the store does not hold."""
    return days.length - sum(days.first <= day <= days.last for day in held)


def missing_words(days: Days, held: Set[dt.date]) -> str:
    """Return what is missing in a period: "1 day missing"; empty when all its days are held."""
    missing = gaps(days, held)
    return f"{plural(missing, 'day')} missing" if missing else ""


def is_relative(name: str) -> bool:
    """Say whether a name stands for days counted back from the store's last one: last-28, this-month, last-month."""
    return name in MONTHS or bool(_LAST.fullmatch(name))


def relative_title(name: str) -> str:
    """Return such a name in words: Last 28 days."""
    found = _LAST.fullmatch(name)
    return f"Last {plural(int(found[1]), 'day')}" if found else name.replace("-", " ").capitalize()


def preset_title(name: str, days: Days) -> str:
    """Return what the menu calls days, a month with its name, for a store may end long ago: This month · Oct 2026."""
    return f"{relative_title(name)} · {month_name(days.first)}" if name in MONTHS else relative_title(name)


def relative_days(name: str, store: Days) -> Days:
    """Return the days that a relative name stands for, within the store's; outside of them, as they are."""
    if found := _LAST.fullmatch(name):
        first, last = store.last - dt.timedelta(days=int(found[1]) - 1), store.last
    else:
        month = store.last.replace(day=1)
        if name == "last-month":
            month = (month - dt.timedelta(days=1)).replace(day=1)
        first, last = month, month.replace(day=calendar.monthrange(month.year, month.month)[1])
    return shown_days(first, last, store)


def presets(store: Days) -> list[tuple[str, Days | None]]:
    """Return the names of the ranges that one click chooses, with their days; "" and None are all days."""
    names = [f"last-{length}" for length in (7, 28, 90, 365) if length < store.length]
    found = [(name, relative_days(name, store)) for name in (*names, *MONTHS)]
    return [("", None), *((name, days) for name, days in found if days.last >= store.first and days != store)]
