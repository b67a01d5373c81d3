"""Days of each source: small columns, and the days on which a large source vanishes from the export."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dashboard.body import DayBar
from dashboard.chart import Context
from dashboard.charts.words import Row, days_of, missing_days, stretch_label, stretches
from dashboard.format import count, expected

MOST_BARS = 31
LEAST_EXPECTED = 30
"""A source with no session on a day is remarkable when at least this many were expected: chance does not do that."""

Days = Mapping[str, Mapping[dt.date, int]]


@dataclass(frozen=True, slots=True)
class Break:
    """Hold a day on which a source has no session, how many were expected, and which source took them up, if any."""

    date: dt.date
    source: str
    expected: float
    taken_by: str | None = None
    taken: int = 0


def sessions_by_day(rows: Sequence[Row], name: str = "source") -> dict[str, dict[dt.date, int]]:
    """Return the sessions of each source per day."""
    days: dict[str, dict[dt.date, int]] = {}
    for row in rows:
        days.setdefault(row[name], {})[row["session_date"]] = row["sessions"]
    return days


def breaks_of(sources: Days, totals: Mapping[dt.date, int]) -> list[Break]:
    """Return the days on which a large source falls to 0 while others go on, in order of date.

    What is expected of a source on a day is its share of the other days' sessions times that day's sessions.
    """
    breaks = []
    for date in sorted(totals):
        for source, days in sources.items():
            due = _due(days, totals, date)
            if days.get(date, 0) == 0 and due >= LEAST_EXPECTED:
                breaks.append(_with_taker(Break(date, source, due), sources, totals))
    return breaks


def _due(days: Mapping[dt.date, int], totals: Mapping[dt.date, int], date: dt.date) -> float:
    elsewhere = sum(totals.values()) - totals[date]
    return totals[date] * (sum(days.values()) - days.get(date, 0)) / elsewhere if elsewhere else 0.0


def _with_taker(found: Break, sources: Days, totals: Mapping[dt.date, int]) -> Break:
    surplus = {
        source: days.get(found.date, 0) - _due(days, totals, found.date)
        for source, days in sources.items()
        if days.get(found.date, 0) >= 2 * _due(days, totals, found.date)
    }
    taker = max(surplus, key=lambda source: surplus[source], default=None)
    if taker is None or surplus[taker] < found.expected / 2:
        return found
    return Break(found.date, found.source, found.expected, taker, sources[taker][found.date])


def day_strip(
    days: Mapping[dt.date, int], context: Context, present: set[dt.date], breaks: Sequence[Break] = (), source: str = ""
) -> list[DayBar]:
    """Return one small column per day (per stretch, beyond 31 days), broken days in amber with their 0 written."""
    missing = missing_days(context, present)
    parts = stretches(days_of(context) or sorted(present), MOST_BARS)
    sums = [sum(days.get(date, 0) for date in part) for part in parts]
    top = max(sums, default=0) or 1
    bars = []
    for part, number in zip(parts, sums, strict=True):
        if missing.issuperset(part):
            bars.append(DayBar(value=None, title=f"{stretch_label(part)}: no export"))
            continue
        bar = DayBar(value=number / top, color="bars", title=f"{stretch_label(part)}: {count(number)} sessions")
        for found in breaks:
            if found.date in part and source in (found.source, found.taken_by):
                bar["color"] = "warn"
                if found.source == source:
                    bar["title"] += f" where {expected(found.expected)} were expected"
                    if not number:
                        bar["label"] = "0"
        bars.append(bar)
    return bars
