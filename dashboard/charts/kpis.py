"""The strip of key figures: sessions, converted sessions, conversion rate, revenue, revenue per session."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dashboard.body import KpiCell, Kpis, Tone
from dashboard.cards import Card, CardState, Context, Need, TableTwin
from dashboard.charts.words import (
    FEW_SESSIONS,
    Row,
    blank_days,
    blank_word,
    compared_days,
    days_of,
    empty_sentence,
    missing_days,
    part_of,
    stretch_label,
    stretches,
)
from dashboard.format import (
    DASH,
    MINUS,
    change,
    count,
    decimal,
    exact,
    money,
    plural,
    points,
    rate,
    rate_range,
    share,
)
from queries.changes import difference_interval
from queries.engine import Result
from queries.statistics import wilson_interval

MOST_BARS = 31
DOMINATING_SHARE = 0.1
TOO_FEW = "too few to say"


def needs(settings: Mapping[str, Any]) -> tuple[Need, ...]:
    """Ask for the totals and for the days, shown and compared."""
    return Need("overview"), Need("trend"), Need("overview", compared=True), Need("trend", compared=True)


def update(results: Sequence[Result], context: Context) -> CardState:
    """Return the five cells; dashes in every one of them for an empty selection."""
    totals, days = results[0].rows[0], results[1].rows
    cells = cells_of(totals, days, context)
    before = results[2].rows[0] if len(results) > 2 and results[2].rows else None
    period = compared_days(context)
    if before and period and totals["sessions"]:
        compare(cells, totals, before)
        for cell, measure in zip(cells, _MEASURES, strict=True):
            bars = day_bars([*results[3].rows, *days], context, *measure, before=period)
            cell["bars"], cell["bar_titles"], cell["bars_before"] = bars
    table = TableTwin(
        "Key figures",
        ("Figure", "Value", "Change", "Interval and context"),
        tuple(
            (cell["label"], cell.get("exact", cell["value"]), cell.get("delta", ""), _context(cell)) for cell in cells
        ),
        (False, True, True, False),
    )
    heading = empty_sentence(context) if not totals["sessions"] else "Key figures"
    return CardState(heading, body=Kpis(cells=cells), table=table)


def _context(cell: KpiCell) -> str:
    return "; ".join(text for text in (cell.get("interval", ""), cell.get("detail", "")) if text)


def cells_of(totals: Row, days: Sequence[Row], context: Context) -> list[KpiCell]:
    """Return the cells in order: counts, the rate with its interval, and money with what dominates it."""
    cells = [*count_cells(totals, days, context), *money_cells(totals)]
    for cell, measure in zip(cells, _MEASURES, strict=True):
        cell["bars"], cell["bar_titles"], _ = day_bars(days, context, *measure)
    return cells


def compare(cells: Sequence[KpiCell], totals: Row, before: Row) -> None:
    """Put the change against the compared period into the cells, per day where the periods may differ in length."""
    sessions, converted, rates, revenue, per_session = cells
    clear = _clear(totals, before)
    _per_day(sessions, totals, before, "sessions", "")
    _per_day(converted, totals, before, "conversions", _tone(clear["conversions"]))
    _per_day(revenue, totals, before, "revenue", _tone(clear["conversions"]))
    if dominates := dominating(totals):
        revenue["detail"] = dominates
    low, high = difference_interval(
        (before["sessions"], before["conversions"]), (totals["sessions"], totals["conversions"])
    )
    now, then = totals["conversion_rate"], before["conversion_rate"]
    rates["detail"] = f"{rate(then)} before"
    few = not clear["rate"] and min(before["sessions"], totals["sessions"]) < FEW_SESSIONS
    if now is None or then is None or low is None or high is None:
        rates["interval"] = "nothing to compare"
    elif few:
        rates["interval"] = TOO_FEW
    else:
        rates["delta"], rates["tone"] = points(now - then), _tone(clear["rate"])
        range_ = f"({low * 100:.2f} to {high * 100:.2f})".replace("-", MINUS)
        rates["interval"] = range_ if clear["rate"] else f"{range_}, no clear change"
    spent, earlier = totals["revenue_per_session"], before["revenue_per_session"]
    per_session["detail"] = f"{money(earlier, cents=True)} before"
    per_session["interval"] = "nothing to compare" if not earlier else TOO_FEW if few else ""
    if spent is not None and earlier and not few:
        per_session["delta"], per_session["tone"] = change(spent / earlier), _tone(clear["rate"])


def _per_day(cell: KpiCell, totals: Row, before: Row, name: str, tone: Tone) -> None:
    now, then = totals[name] / totals["days"], before[name] / before["days"] if before["days"] else 0
    shown = money if name == "revenue" else lambda mean: count(mean) if mean >= 100 else decimal(mean)
    cell["detail"] = f"{shown(now)} a day, {shown(then)} before"
    if totals["days"] == before["days"] == 1:
        amounts = [money(row[name]) if name == "revenue" else count(row[name]) for row in (totals, before)]
        cell["detail"] = f"{amounts[0]}, {amounts[1]} before"
    cell["interval"] = "per day" if then else "none before"
    if then:
        cell["delta"], cell["tone"] = change(now / then), tone


def _clear(totals: Row, before: Row) -> dict[str, int]:
    """Say which changes are more than chance: 1 for up, -1 for down, 0 for no clear change.

    Converted sessions per day are compared as two Poisson counts: given their sum, each falls into the shown period
    with the share of its days, and the Wilson interval of the share seen must exclude that.
    """
    found = {"rate": 0, "conversions": 0}
    low, high = difference_interval(
        (before["sessions"], before["conversions"]), (totals["sessions"], totals["conversions"])
    )
    if low is not None and high is not None:
        found["rate"] = 1 if low > 0 else -1 if high < 0 else 0
    days = totals["days"] + before["days"]
    low, high = wilson_interval(totals["conversions"], totals["conversions"] + before["conversions"])
    if low is not None and high is not None and days:
        due = totals["days"] / days
        found["conversions"] = 1 if low > due else -1 if high < due else 0
    return found


def _tone(direction: int) -> Tone:
    return "accent" if direction > 0 else "loss" if direction < 0 else "muted"


def count_cells(totals: Row, days: Sequence[Row], context: Context) -> list[KpiCell]:
    """Return sessions, converted sessions, and the rate between them with its interval."""
    sessions, conversions, empty = totals["sessions"], totals["conversions"], not totals["sessions"]
    interval = rate_range(totals["conversion_rate_low"], totals["conversion_rate_high"])
    return [
        KpiCell(
            label="Sessions",
            value=DASH if empty else count(sessions),
            exact=exact(sessions),
            interval=days_shown(days, context),
            detail="" if empty else a_day(sessions, totals["days"]),
        ),
        KpiCell(
            label="Converted sessions",
            value=DASH if empty else count(conversions),
            exact=exact(conversions),
            interval="" if empty else plural(totals["transactions"], "order"),
            detail="" if empty else a_day(conversions, totals["days"]),
        ),
        KpiCell(
            label="Conversion rate",
            value=rate(totals["conversion_rate"]),
            interval="" if empty else f"95\u202f% interval {interval}",
            detail="" if empty else part_of(conversions, sessions),
            first_on_phone=True,
        ),
    ]


def money_cells(totals: Row) -> list[KpiCell]:
    """Return revenue, with the order that dominates it if one does, and revenue per session."""
    empty, revenue = not totals["sessions"], totals["revenue"]
    return [
        KpiCell(
            label="Revenue",
            value=DASH if empty else money(revenue),
            exact=money(revenue, cents=True),
            interval="" if empty else f"{money(totals['revenue_per_conversion'], cents=True)} a converted session",
            detail=dominating(totals),
        ),
        KpiCell(
            label="Revenue per session",
            value=money(totals["revenue_per_session"], cents=True),
            interval="" if empty else "mean of the sessions shown",
            detail="" if empty else f"carried by {plural(totals['transactions'], 'order')}",
        ),
    ]


def a_day(total: float, days: int) -> str:
    """Return a total per day with sessions: 2,000 a day."""
    mean = total / days if days else 0
    return f"{count(mean) if mean >= 100 else decimal(mean)} a day"


def days_shown(days: Sequence[Row], context: Context) -> str:
    """Return how many days are shown, and of how many of them nothing is: 5 days, 1 missing, 2 left out."""
    if not days:
        return ""
    missing = len(missing_days(context, {row["session_date"] for row in days}))
    asked = len(days_of(context)) or len(days)
    left_out = sum(map(context.filters.leaves_out, days_of(context)))
    return ", ".join([
        plural(asked, "day"),
        *([f"{count(missing)} missing"] if missing else []),
        *([f"{count(left_out)} left out"] if left_out else []),
    ])  # fmt: skip


def dominating(totals: Row) -> str:
    """Return the words for one session that carries the revenue; empty when none does."""
    largest, revenue, conversions = totals["largest_revenue"], totals["revenue"], totals["conversions"]
    if not revenue or not largest or largest / revenue < max(DOMINATING_SHARE, 3 / max(conversions, 1)):
        return ""
    what = "order" if totals["transactions"] == conversions else "buyer"
    return f"one {what} ({money(largest)}) is {share(largest / revenue)} of it"


Measure = tuple[Callable[[Row], float | None], Callable[[float | None], str]]


def _per_session(row: Row) -> float | None:
    return row["revenue"] / row["sessions"] if row["sessions"] else None


_MEASURES: tuple[Measure, ...] = (
    (lambda row: row["sessions"], count),
    (lambda row: row["conversions"], count),
    (lambda row: row["conversions"] / row["sessions"] if row["sessions"] else None, rate),
    (lambda row: row["revenue"], money),
    (_per_session, lambda value: money(value, cents=True)),
)


def day_bars(
    days: Sequence[Row],
    context: Context,
    measure: Callable[[Row], float | None],
    shown: Callable[[float | None], str],
    before: Sequence[dt.date] = (),
) -> tuple[list[float | None], list[str], int]:
    """Return one bar per day as a fraction of the largest, their hover texts, and how many belong to the days before.

    None stands for a day of which nothing is shown. Many days are drawn as stretches of equal length, the last one of a
    period possibly shorter. The days before come first, whenever they were.
    """
    rows = {row["session_date"]: row for row in days}
    blank = blank_days(context, set(rows))
    if before:
        known = rows if context.store_days is None else context.store_days
        blank |= {date for date in before if date not in known or context.filters.leaves_out(date)}
    periods = [
        stretches(period, MOST_BARS // 2 if before else MOST_BARS) for period in (before, days_of(context)) if period
    ]
    parts = [part for period in periods for part in period]
    gaps = [blank.issuperset(part) for part in parts]
    values = [None if gap else measure(_total(rows, part)) for part, gap in zip(parts, gaps, strict=True)]
    top = max((value for value in values if value), default=1)
    bars = [None if gap else (value or 0) / top for value, gap in zip(values, gaps, strict=True)]
    titles = [
        f"{stretch_label(part)}: {blank_word(context, part) if gap else shown(value)}"
        for part, value, gap in zip(parts, values, gaps, strict=True)
    ]
    return bars, titles, len(periods[0]) if before else 0


def _total(rows: Mapping[dt.date, Row], stretch: Sequence[dt.date]) -> dict[str, float]:
    held = [rows[date] for date in stretch if date in rows]
    return {name: sum(row[name] for row in held) for name in ("sessions", "conversions", "revenue")}


CHART = Card("kpis", "Key figures", needs, update, renderer="kpis", height=96)
