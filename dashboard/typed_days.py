"""Days as a person types them: 2-7 jul, 2026-09, 5 jul 2017, last 14 days, not 5 jul."""

import calendar
import datetime as dt
import re

from dashboard.periods import MONTHS, Days, is_relative, relative_days

MONTHS_A_YEAR = 12
ALL = ("", "all", "all days")
_NAMES = {name.lower(): number for number, name in enumerate(calendar.month_name) if name}
_NAMES |= {name[:3]: number for name, number in _NAMES.items()} | {"sept": 9}
_JOINTS = re.compile(r"\s*(?:\bto\b|\buntil\b|[–—…]|\.\.+|(?<=\s)-(?=\s)|(?<=[a-z\d])-(?=[a-z]))\s*")
_DAYS_OF_MONTH = re.compile(r"(\d{1,2})\s*(?:[-–—]|to)\s*(\d{1,2})(\s+[a-z]+.*)")
_LAST = re.compile(r"(?:last|past)?\s*(\d{1,4})\s*(?:d|days?)")
_ISO = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")
_DOTTED = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
_SLASHED = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_SINCE = re.compile(r"since\s+(.+)")
_LEFT_OUT = re.compile(r"(?:not|without|except|leave out|minus)\s+(.+)")
_WORDS = re.compile(
    r"(?:(?P<day>\d{1,2})\.?\s+)?(?P<month>[a-z]+)\.?(?:\s+(?P<late>\d{1,2}))?(?:,?\s+(?P<year>\d{4}))?"
)


class DaysError(ValueError):
    """Say which text names no days, and what would."""


def read_days(text: str, store: Days) -> Days | str:
    """Return the days that a text names, or the name of a relative period, "" for all days.

    A first day without its year is the last such one before the second; the second the last that the store reaches.
    Raises DaysError.
    """
    given = " ".join(text.lower().replace(",", " ").split()).removeprefix("from ")
    if given in ALL:
        return ""
    name = given.replace(" ", "-")
    if found := _LAST.fullmatch(given):
        name = f"last-{int(found[1])}"
    if name in MONTHS or is_relative(name):
        return name
    if found := _SINCE.fullmatch(given):
        return Days(_part(found[1], text, store.last).first, store.last)
    if found := _DAYS_OF_MONTH.fullmatch(given):
        parts = [found[1] + found[3], found[2] + found[3]]
    elif _ISO.fullmatch(given):
        parts = [given]
    else:
        parts = _JOINTS.split(given)
    if len(parts) > 2:
        raise DaysError(_unread(text))
    last = _part(parts[-1], text, store.last)
    first = _part(parts[0], text, last.last) if len(parts) > 1 else last
    if first.first > last.last:
        first, last = last, first
    return Days(first.first, last.last)


def days_named(text: str, store: Days) -> Days:
    """Return the days that a text names as they are now: a relative period's within the store. Raises DaysError."""
    read = read_days(text, store)
    return read if isinstance(read, Days) else relative_days(read, store) if read else store


def read_left_out(text: str, store: Days) -> Days | None:
    """Return the days that a text asks to leave out, as "not 5 jul"; None for any other text. Raises DaysError."""
    found = _LEFT_OUT.fullmatch(" ".join(text.lower().split()))
    if not found:
        return None
    days = days_named(found[1], store)
    if days == store:
        raise DaysError("all days cannot be left out")
    return days


def _part(text: str, whole: str, end: dt.date) -> Days:
    found = _ISO.fullmatch(text) or _DOTTED.fullmatch(text)
    if slashed := _SLASHED.fullmatch(text):
        one, two, year = (int(number) for number in slashed.groups())
        if one <= MONTHS_A_YEAR and two <= MONTHS_A_YEAR and one != two:
            raise DaysError(_unread(whole))
        month, day = (one, two) if two > MONTHS_A_YEAR else (two, one)
    elif found:
        numbers = [int(number) if number else 0 for number in found.groups()]
        year, month, day = numbers if len(found[1]) == 4 else numbers[::-1]
    elif (found := _WORDS.fullmatch(text)) and found["month"] in _NAMES and not (found["day"] and found["late"]):
        month, day = _NAMES[found["month"]], int(found["day"] or found["late"] or 0)
        year = int(found["year"] or 0) or _year_of(month, day, end)
    else:
        raise DaysError(_unread(whole))
    try:
        first = dt.date(year, month or 1, day or 1)
    except ValueError:
        raise DaysError(f"“{text}” is no day of the calendar") from None
    if day:
        return Days(first, first)
    last_month = month or 12
    return Days(first, dt.date(year, last_month, calendar.monthrange(year, last_month)[1]))


def _year_of(month: int, day: int, end: dt.date) -> int:
    """Return the last year in which this day of the year is not after another day."""
    return end.year if (month, day or 1) <= (end.month, end.day) else end.year - 1


def _unread(text: str) -> str:
    if re.search(r"\d/\d", text):
        return f"“{text}” can be read in two ways: write 5 jul 2017 or 2017-07-05"
    return f"“{text}” names no days: write 2-7 jul, 2026-09, 2017-07-05 to 2017-07-07 or last 14 days"
