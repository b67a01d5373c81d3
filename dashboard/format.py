"""Numbers, dates and ranges as people read them; exact values belong on hover and in the table twin."""

import datetime as dt
import math
from typing import TypeGuard

THIN = "\u202f"
"""The narrow space between a number and its unit: it never breaks over a line."""
MINUS = "\u2212"
DASH = "\u2013"
"""What stands for an undefined value, and between the ends of a range."""

_SCALES = ((1e9, "bn"), (1e6, "M"), (1e3, "k"))


def count(value: float | None) -> str:
    """Return a count: 6,167, and three digits from 100,000 up (124 k, 1.24 M); a dash for None."""
    if not _known(value):
        return DASH
    if abs(value) < 100_000:
        return _signed(value, f"{abs(value):,.0f}")
    return _signed(value, _scaled(abs(value), 3))


def exact(value: float | None) -> str:
    """Return a count or amount with every digit (1,240,113), at most two decimals; a dash for None."""
    if not _known(value):
        return DASH
    whole = float(value).is_integer()
    return _signed(value, f"{abs(value):,.0f}" if whole else f"{abs(value):,.2f}")


def decimal(value: float | None, digits: int = 1) -> str:
    """Return a mean or another plain number with that many decimals (24.4); a dash for None."""
    return _signed(round(value, digits), f"{abs(value):,.{digits}f}") if _known(value) else DASH


def expected(value: float | None) -> str:
    """Return an expected count: an integer from 5 up, else one decimal; a dash for None."""
    if not _known(value):
        return DASH
    return decimal(value, 0 if round(value, 1) >= 5 else 1)


def rate(fraction: float | None) -> str:
    """Return a fraction as percent: 1.28 % under 10 %, 19.5 % above, 0 % and 100 % only when exact, a dash for None."""
    if not _known(fraction):
        return DASH
    percent = abs(fraction) * 100
    if percent in (0, 100):
        return _signed(fraction, f"{percent:.0f}{THIN}%")
    if percent < 0.005:
        return f"<{THIN}0.01{THIN}%" if fraction > 0 else f">{THIN}{MINUS}0.01{THIN}%"
    if 99.95 <= percent < 100:
        return _signed(fraction, f">{THIN}99.9{THIN}%")
    return _signed(fraction, f"{percent:.{_rate_digits(percent)}f}{THIN}%")


def share(fraction: float | None) -> str:
    """Return a fraction as whole percent for sentences: 83 %; one decimal under 1 %; a dash for None."""
    if not _known(fraction):
        return DASH
    percent = abs(fraction) * 100
    if percent < 0.995 and percent != 0:
        return rate(fraction)
    return f"{percent:.0f}{THIN}%" if percent in (0, 100) or 0 < round(percent) < 100 else rate(fraction)


def rate_range(low: float | None, high: float | None, *, sentence: bool = False) -> str:
    """Return the interval of a rate: 0.77-1.15 % with an en dash, or "0.77 to 1.15 %" for sentences."""
    if not (_known(low) and _known(high)):
        return DASH
    digits = _rate_digits(high * 100)
    ends = [f"{end * 100:.{digits}f}" if end else "0" for end in (low, high)]
    return _joined(ends, sentence) + f"{THIN}%"


def points(difference: float | None) -> str:
    """Return a difference of two rates in percentage points, always signed: +0.89 pp; a dash for None."""
    if not _known(difference):
        return DASH
    value = difference * 100
    digits = _rate_digits(abs(value))
    shown = f"{abs(value):.{digits}f}"
    if float(shown) == 0:
        return f"0{THIN}pp"
    return f"{'+' if value > 0 else MINUS}{shown}{THIN}pp"


def change(ratio: float | None) -> str:
    """Return new over old: x3.5 from twice up, +7 % or -39 % below; a dash for None."""
    if not _known(ratio):
        return DASH
    if ratio >= 2:
        return f"×{ratio:.1f}" if ratio < 10 else f"×{ratio:,.0f}"
    percent = round((ratio - 1) * 100)
    return f"{'+' if percent > 0 else MINUS if percent < 0 else ''}{abs(percent)}{THIN}%"


def money(value: float | None, *, cents: bool = False) -> str:
    """Return exact dollars: $12,368, or with `cents` $142.38; a dash for None."""
    if not _known(value):
        return DASH
    digits = 2 if cents else 0
    return _signed(round(value, digits), f"${abs(value):,.{digits}f}")


def money_short(value: float | None, digits: int = 2) -> str:
    """Return an amount with that many significant digits: $3.4 k, $620; with three $339 k, $1.41 M; a dash for None."""
    if not _known(value):
        return DASH
    rounded = _significant(abs(value), digits)
    if rounded < 1000:
        return _signed(rounded and value, f"${rounded:,.0f}")
    return _signed(value, "$" + _scaled(rounded, digits))


def money_range(low: float | None, high: float | None, digits: int = 2, *, sentence: bool = False) -> str:
    """Return the range of an estimate: $2.5 k - $4.8 k with an en dash, or "$2.5 k to $4.8 k" for sentences."""
    if not (_known(low) and _known(high)):
        return DASH
    return _joined([money_short(low, digits), money_short(high, digits)], sentence, spaced=True)


def seconds(value: float | None) -> str:
    """Return a duration: 45 s, 7 min 14 s, 2 h 5 min; a dash for None."""
    if not _known(value):
        return DASH
    total = round(value)
    if total < 60:
        return f"{total}{THIN}s"
    minutes, rest = divmod(total, 60)
    if minutes < 60:
        return f"{minutes}{THIN}min" + (f" {rest}{THIN}s" if rest else "")
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,}{THIN}h" + (f" {minutes}{THIN}min" if minutes else "")


def day(date: dt.date | None, *, year: bool = False, weekday: bool = False) -> str:
    """Return a day: 5 Jul, Wed 5 Jul, 5 Jul 2017; a dash for None."""
    if date is None:
        return DASH
    text = f"{date.day} {_MONTHS[date.month - 1]}"
    return (f"{_WEEKDAYS[date.weekday()]} " if weekday else "") + text + (f" {date.year}" if year else "")


def month_name(date: dt.date) -> str:
    """Return the month of a day: Oct 2026."""
    return f"{_MONTHS[date.month - 1]} {date.year}"


def date_range(first: dt.date | None, last: dt.date | None, *, sentence: bool = False) -> str:
    """Return a range of days with the year once: 5-7 Jul 2017, 28 Jun - 3 Jul 2017; a dash when an end is unknown."""
    if first is None or last is None:
        return DASH
    if first == last:
        return day(first, year=True)
    end = day(last, year=True)
    if (first.year, first.month) == (last.year, last.month):
        return _joined([str(first.day), end], sentence)
    start = day(first, year=first.year != last.year)
    return _joined([start, end], sentence, spaced=True)


def plural(number: float, singular: str, several: str | None = None) -> str:
    """Return a count with its noun: 1 session, 2,802 sessions."""
    return f"{count(number)} {singular if number == 1 else several or singular + 's'}"


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def _known(value: float | None) -> TypeGuard[float]:
    return value is not None and math.isfinite(value)


def _signed(value: float, magnitude: str) -> str:
    return MINUS + magnitude if value < 0 else magnitude


def _rate_digits(percent: float) -> int:
    return 2 if round(percent, 2) < 10 else 1


def _significant(value: float, digits: int) -> float:
    if value == 0:
        return 0.0
    return round(value, digits - 1 - math.floor(math.log10(value)))


def _scaled(magnitude: float, digits: int) -> str:
    rounded = _significant(magnitude, digits)
    for size, unit in _SCALES:
        if rounded >= size:
            figure = rounded / size
            decimals = max(0, digits - 1 - math.floor(math.log10(figure)))
            return f"{figure:,.{decimals}f}{THIN}{unit}"
    return f"{rounded:,.0f}"


def _joined(ends: list[str], sentence: bool, *, spaced: bool = False) -> str:
    if sentence:
        return " to ".join(ends)
    return (f" {DASH} " if spaced else DASH).join(ends)
