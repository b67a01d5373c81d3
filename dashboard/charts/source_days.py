"""Days of each source: small columns, and the days on which a large source vanishes from the export."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace

from dashboard.body import DayBar, Offer
from dashboard.cards import Context
from dashboard.charts.check_words import days_of as check_days
from dashboard.charts.check_words import way_out, when
from dashboard.charts.words import Row, blank_days, blank_word, counted_days, days_of, stretch_label, stretches
from dashboard.format import count, expected, plural
from queries.check import Check

MOST_BARS = 31


def sessions_by_day(rows: Sequence[Row]) -> dict[str, dict[dt.date, int]]:
    """Return the sessions of each source per day."""
    days: dict[str, dict[dt.date, int]] = {}
    for row in rows:
        days.setdefault(row["source"], {})[row["session_date"]] = row["sessions"]
    return days


def breaks_of(checks: Sequence[Check] | None, dimension: str = "source") -> list[Check]:
    """Return the data checks that say a value of the dimension vanished, in order of date.

    One event may be told by several dimensions: the check is that of one of them, the others stand in its `also`.
    """
    vanished = [check for check in checks or () if check.kind == "vanished"]
    found = [check for check in vanished if check.dimension == dimension]
    found += [
        replace(check, dimension=dimension, value=value, taken_by=taken_by)
        for check in vanished
        for name, value, taken_by in check.also
        if name == dimension
    ]
    return sorted(found, key=lambda check: (check.first, check.value))


def vanished_sentence(found: Check) -> str:
    """Return what is missing: google has no session on 5 Jul, where 1,710 were expected."""
    had = plural(found.found, "session") if found.found else "no session"
    days = when(found)
    return f"{found.value} has {had} {days[0].lower()}{days[1:]}, where {expected(found.expected)} were expected"


def way_out_of(breaks: Sequence[Check], context: Context) -> Offer | None:
    """Return the button that leaves out the days of the gravest break; None without one, or where no day would stay."""
    gravest = max(breaks, key=lambda found: found.expected, default=None)
    action = way_out(gravest, counted_days(context)) if gravest else None
    return Offer(label=f"Leave out {check_days(gravest)}", icon="warn", action=action) if gravest and action else None


def day_strip(
    days: Mapping[dt.date, int], context: Context, present: set[dt.date], breaks: Sequence[Check] = (), source: str = ""
) -> list[DayBar]:
    """Return one small column per day (per stretch, beyond 31 days), broken days in amber with their 0 written."""
    blank = blank_days(context, present)
    parts = stretches(days_of(context) or sorted(present), MOST_BARS)
    sums = [sum(days.get(date, 0) for date in part) for part in parts]
    top = max(sums, default=0) or 1
    bars = []
    for part, number in zip(parts, sums, strict=True):
        if blank.issuperset(part):
            bars.append(DayBar(value=None, title=f"{stretch_label(part)}: {blank_word(context, part)}"))
            continue
        bar = DayBar(value=number / top, color="bars", title=f"{stretch_label(part)}: {count(number)} sessions")
        for found in breaks:
            if any(found.first <= date <= found.last for date in part) and source in (found.value, found.taken_by):
                bar["color"] = "warn-bar"
                if found.value == source:
                    bar["title"] += f" where {expected(found.expected)} were expected"
                    if not number:
                        bar["label"] = "0"
        bars.append(bar)
    return bars
